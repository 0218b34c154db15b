import HTTPTypes
import MartletLoop

/// Lets a number of handlers run at the same time; some more wait for their turn, in order, and the rest gets 503.
///
/// For what a machine has little of: processors, connections of a pool. One that is used in several groups counts for
/// all of them together. Refusals are counted as ``HTTPCounter/requestsRefused``.
public final class ConcurrencyLimit: Middleware {
    private let limit: Int
    private let waitingLimit: Int
    private let patience: EventLoop.Interval
    private let retryAfter: Duration
    /// Each with the time until which it waits. All wait equally long, so the first one is the first to give up.
    private let waiters = WaitQueue<EventLoop.Instant, Bool>()
    private var timer: LoopTimer?
    /// Handlers that run now.
    public private(set) var running = 0

    /// A middleware that lets `limit` handlers run at the same time.
    ///
    /// - Parameters:
    ///   - limit: how many; at least one.
    ///   - waiting: how many more may wait for their turn.
    ///   - patience: how long each of these may wait at most.
    ///   - retryAfter: when clients that are refused are told to try again (`Retry-After`), in whole seconds.
    public init(
        _ limit: Int, waiting: Int = 0, for patience: Duration = .seconds(10), retryAfter: Duration = .seconds(1)
    ) {
        guard limit > 0, waiting >= 0 else {
            fatalError("a concurrency limit of \(limit) with \(waiting) waiting: at least 1 has to run, and 0 to wait")
        }
        self.limit = limit
        waitingLimit = waiting
        self.patience = EventLoop.Interval(patience)
        self.retryAfter = retryAfter
    }

    deinit {}

    /// Requests that wait for their turn.
    public var waiting: Int { waiters.count }

    /// Waits for a turn, or throws ``HTTPError`` 503.
    public func respond(to request: Request, next: Responder) async throws -> Response {
        guard try await enter() else {
            request.exchange.server.counters.add(.requestsRefused)
            throw HTTPError(
                .serviceUnavailable, "there are too many requests; try again",
                fields: [.retryAfter: "\(max(1, retryAfter.components.seconds))"])
        }
        defer { leave() }
        return try await next(request)
    }

    /// Whether it is one's turn; `false` when it will not be in time.
    private func enter() async throws(CancellationError) -> Bool {
        if running < limit {
            running += 1
            return true
        }
        guard waiters.count < waitingLimit else { return false }
        let deadline = EventLoop.main.now + patience
        if waiters.isEmpty { arm(at: deadline) }
        return try await waiters.wait(deadline)
    }

    private func leave() {
        // The next one runs in this one's place.
        if !waiters.answerFirst(true) { running -= 1 }
    }

    private func arm(at deadline: EventLoop.Instant) {
        let timer = timer ?? LoopTimer { [unowned self] in refuseLate() }
        self.timer = timer
        timer.arm(at: deadline)
    }

    private func refuseLate() {
        let now = EventLoop.Instant.readClock()
        while let waiter = waiters.first {
            guard waiter.request <= now else { return arm(at: waiter.request) }
            waiters.answer(waiter, false)
        }
    }
}
