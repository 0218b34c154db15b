import MartletLoop

/// A job that this process runs.
final class RunningJob {
    let job: ClaimedJob
    /// Until when it is surely this worker's. After that its handler must not go on, even if nobody answers who could say
    /// whether it may: another worker may have begun the job by then.
    var leaseEnd: EventLoop.Instant {
        didSet { if cancel != nil { expiry.arm(at: leaseEnd) } }
    }
    /// What its handler has said since the last report.
    var news: JobReport?
    /// Why its handler was cancelled, if it was.
    private(set) var end: End?
    private var cancel: (() -> Void)?
    private lazy var expiry = LoopTimer { [weak self] in self?.cancel(because: .lost) }

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
        expiry.arm(at: leaseEnd)
        defer {
            expiry.cancel()
            cancel = nil
        }
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
