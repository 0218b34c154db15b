import MartletJSON
import MartletLoop
import MartletServer

/// A queue of jobs that outlive requests, processes and, with Redis, machines.
///
/// ```swift
/// static func start(_ worker: Worker) async throws {
///     let queue = try await WorkQueue.open("sqlite:/var/lib/app/jobs.db")
///     queue.handle(SendMail.self)
///     queue.handle("resize") { context in try await resize(context.decode(Picture.self)) }
///     queue.schedule("digest", try .cron("0 6 * * mon-fri"), NewJob("send-digest"))
///     queue.process(on: worker, concurrency: 8)
///     worker.provide(queue)
/// }
///
/// router.post("/signup") { request in
///     …
///     try await request.worker[WorkQueue.self].enqueue(SendMail(to: address))
///     return Response(status: .accepted)
/// }
/// ```
///
/// At least once: a job that was enqueued runs until it has succeeded, or has failed as often as it may. When its worker is
/// lost in the middle, another one begins it anew after the visibility timeout.
public final class WorkQueue {
    /// Its name: several queues may share a database or a server.
    public let name: String
    /// Where it is, without a password.
    public var location: String { backEnd.location }

    let settings: QueueSettings
    let backEnd: any QueueBackEnd
    let clock: QueueClock
    let metrics: QueueMetrics
    private(set) var handlers: [String: JobHandler] = [:]
    private(set) var schedules: [String: RecurringJob] = [:]
    var runner: QueueRunner?

    /// What the handler of a kind does.
    typealias JobHandler = (JobContext) async throws -> Void

    init(name: String, settings: QueueSettings, backEnd: any QueueBackEnd, clock: QueueClock = .system) {
        self.name = name
        self.settings = settings
        self.backEnd = backEnd
        self.clock = clock
        metrics = QueueMetrics(queue: name)
    }

    deinit {}

    /// Opens a queue, which is made if it is not there.
    ///
    /// - Parameters:
    ///   - url: `sqlite:/path` of a database that all processes of this machine share, or `redis://…` (`rediss://…`,
    ///     `unix://…`, `redis+sentinel://…`) of a server that several machines share.
    ///   - name: 1 to 64 letters, digits, and `-`, `_` and `.`.
    ///   - settings: how it is used.
    /// - Throws: ``WorkQueueError``
    public static func open(
        _ url: String, name: String = "default", settings: QueueSettings = QueueSettings()
    ) async throws -> WorkQueue {
        guard isName(name) else {
            throw WorkQueueError(
                .invalid, queue: String(name.prefix(64)), "its name is not 1 to 64 letters, digits, and - _ .")
        }
        if let fault = settings.fault { throw WorkQueueError(.invalid, queue: name, fault) }
        let backEnd: any QueueBackEnd =
            switch try QueueLocation(url, queue: name) {
            case .sqlite(let path): try await SQLiteBackEnd.open(path, queue: name, settings: settings)
            case .redis(let url): try await RedisBackEnd.open(url, queue: name, settings: settings)
            }
        return WorkQueue(name: name, settings: settings, backEnd: backEnd)
    }

    private static func isName(_ name: String) -> Bool {
        (1...64).contains(name.utf8.count)
            && name.utf8.allSatisfy { byte in
                (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte)
                    || byte == 0x2D || byte == 0x2E || byte == 0x5F
            }
    }

    /// Closes it. Whoever processes jobs has to have ended before.
    public func close() async {
        await backEnd.close()
    }

    // MARK: Handlers

    /// Says what is done with jobs of a kind. A second handler of the same kind takes the place of the first. All
    /// processes that process a queue need all handlers: a job that one has no handler for fails there.
    public func handle(_ kind: String, _ handler: @escaping @MainActor (JobContext) async throws -> Void) {
        handlers[kind] = handler
    }

    /// Says that jobs of a type are done in this process.
    public func handle<Work: Job>(_ type: Work.Type) {
        handle(Work.kind) { context in try await context.decode(Work.self).run(context) }
    }

    /// Adds a job again and again, once for each time, however many processes say the same.
    ///
    /// Times at which no process runs that says so are not made up for. The processes' clocks may differ by a minute at
    /// most.
    ///
    /// - Parameters:
    ///   - schedule: what this is called. One that is given anew takes the place of the one before.
    ///   - times: when.
    ///   - job: what is added. With a key, and `isUnique`, one that takes longer than until the next time does not pile
    ///     up.
    public func schedule(_ schedule: String, _ times: JobSchedule, _ job: NewJob) {
        schedules[schedule] = RecurringJob(name: schedule, times: times, job: job)
    }

    /// Adds a job of a type again and again: see ``schedule(_:_:_:)``.
    ///
    /// - Throws: `EncodingError` when the job is none that JSON can hold.
    public func schedule<Work: Job>(
        _ schedule: String, _ times: JobSchedule, _ job: Work, _ options: JobOptions? = nil
    ) throws {
        self.schedule(schedule, times, try NewJob(job, options))
    }

    // MARK: Jobs come

    /// Adds a job, and returns when it is safe.
    ///
    /// - Parameters:
    ///   - kind: what kind of job it is: which handler gets it.
    ///   - payload: what its handler gets.
    ///   - options: how it is run.
    /// - Throws: ``WorkQueueError`` when it is refused, or the back end cannot be reached: then it may be there or not.
    @discardableResult
    public func enqueue(
        _ kind: String, _ payload: [UInt8] = [], _ options: JobOptions = JobOptions()
    ) async throws -> EnqueuedJob {
        try await enqueue(contentsOf: [NewJob(kind, payload, options)])[0]
    }

    /// Adds a job whose payload is JSON: see ``enqueue(_:_:_:)``.
    @discardableResult
    public func enqueue(
        _ kind: String, json value: some Encodable, _ options: JobOptions = JobOptions()
    ) async throws -> EnqueuedJob {
        try await enqueue(kind, try JSONWriter().write(value), options)
    }

    /// Adds a job of a type: see ``enqueue(_:_:_:)``.
    ///
    /// - Parameters:
    ///   - job: the job.
    ///   - options: how it is run; as its type says unless given.
    @discardableResult
    public func enqueue<Work: Job>(_ job: Work, _ options: JobOptions? = nil) async throws -> EnqueuedJob {
        try await enqueue(contentsOf: [try NewJob(job, options)])[0]
    }

    /// Adds jobs: all of them, or none.
    ///
    /// - Returns: what has become of each, in their order.
    @discardableResult
    public func enqueue(contentsOf jobs: [NewJob]) async throws -> [EnqueuedJob] {
        for job in jobs {
            if let fault = job.fault(settings) { throw WorkQueueError(.invalidJob, queue: name, fault) }
        }
        guard !jobs.isEmpty else { return [] }
        let enqueued = try await backEnd.enqueue(jobs)
        metrics.enqueued.increment(by: enqueued.count { !$0.isDuplicate })
        return enqueued
    }
}

extension NewJob {
    /// A job of a type.
    ///
    /// - Throws: `EncodingError` when it is none that JSON can hold.
    public nonisolated init<Work: Job>(_ job: Work, _ options: JobOptions? = nil) throws {
        self.init(Work.kind, try JSONWriter().write(job), options ?? Work.options)
    }
}
