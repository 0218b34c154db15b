import MartletJSON
import MartletLoop

/// What a handler knows of the job that it runs, and what it may say.
///
/// The handler's task is cancelled when the lease is lost (another worker has the job, or it was deleted), when its
/// timeout has passed, and when its worker has to end before it is done.
public final class JobContext {
    /// The job's number.
    public let id: Int
    /// What kind of job it is.
    public let kind: String
    /// What was enqueued.
    public let payload: [UInt8]
    /// Of those with the same key, this one alone runs.
    public let key: String?
    /// Which attempt this is, from 1.
    public let attempt: Int
    /// How many there are at most.
    public let maximumAttempts: Int
    /// When the job was enqueued, in milliseconds since 1970.
    public let created: Int
    /// The queue that it comes from, to add others to.
    public let queue: WorkQueue

    private let onReport: (Double, String?) -> Void

    init(_ job: ClaimedJob, queue: WorkQueue, onReport: @escaping (Double, String?) -> Void) {
        id = job.lease.job
        kind = job.kind
        payload = job.payload
        key = job.key
        attempt = job.attempt
        maximumAttempts = job.maximumAttempts
        created = job.created
        self.queue = queue
        self.onReport = onReport
    }

    deinit {}

    /// The payload as a value.
    ///
    /// - Throws: ``PermanentJobFailure`` when it is none of that type: it will not be one the next time either.
    public func decode<Value: Decodable>(_ type: Value.Type = Value.self) throws -> Value {
        do {
            return try JSONReader().read(type, from: payload)
        } catch let error as DecodingError {
            throw PermanentJobFailure("the payload is no \(type): \(JSONReader.explanation(of: error))")
        }
    }

    /// Says how far the job is, for others to see: see ``WorkQueue/changes(of:every:)``. Cheap: it is written down a few
    /// times in a second, whatever was said last.
    ///
    /// - Parameters:
    ///   - progress: from 0 to 1.
    ///   - note: what is being done, in at most 512 bytes; what was said before stays unless given.
    public func report(_ progress: Double, _ note: String? = nil) {
        onReport(JobProgress.clamped(progress), note.map { JobLimits.text($0, JobLimits.note) })
    }
}
