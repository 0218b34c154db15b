import MartletLoop

/// A job that this process runs.
final class RunningJob {
    let job: ClaimedJob
    /// Until when it is surely this worker's.
    var leaseEnd: EventLoop.Instant
    /// What its handler has said since the last report.
    var news: JobReport?
    /// Why its handler was cancelled, if it was.
    private(set) var end: End?
    private var cancel: (() -> Void)?

    /// Why a handler does not come to its end.
    enum End {
        /// The job is somebody else's.
        case lost
        /// The worker ends.
        case stopped
    }

    init(_ job: ClaimedJob, leaseEnd: EventLoop.Instant) {
        self.job = job
        self.leaseEnd = leaseEnd
    }

    deinit {}

    /// Runs the handler, so that it can be cancelled.
    func run(_ body: @escaping @MainActor () async throws -> Void) async throws {
        if end != nil { throw CancellationError() }
        let task = Task { try await body() }
        cancel = { task.cancel() }
        defer { cancel = nil }
        try await withTaskCancellationHandler {
            try await task.value
        } onCancel: {
            task.cancel()
        }
    }

    func cancel(because end: End) {
        if self.end == nil { self.end = end }
        cancel?()
    }
}
