/// The deadline of one `withTimeout` or `withDeadline`, for its body to look at and to move.
///
/// ```
///         reschedule
///           ┌───┐      its time comes
///   pending ┴───┴──────────────────────▶ expired: the body is cancelled
///      │                                    │
///      └── the body ends ──▶ over ◀─────────┘
/// ```
///
/// Of deadlines that lie inside each other, the one that comes first counts; of two that come at the same time, the
/// outer one: whichever timer fires first, the body goes on only after both, and finds its caller cancelled.
public final class Timeout {
    private enum State: Equatable {
        case pending
        case expired
        case over(hasExpired: Bool)
    }

    /// When the body is cancelled, as far as this deadline is concerned.
    public private(set) var instant: EventLoop.Instant

    private let start = EventLoop.main.time()
    private let outer = CurrentTimeout.innermost
    private var state = State.pending
    private var body: Task<Void, Never>?
    private var timer: LoopTimer?

    init(instant: EventLoop.Instant) {
        self.instant = instant
    }

    /// Whether it has cancelled its body.
    public var hasExpired: Bool { state == .expired || state == .over(hasExpired: true) }

    /// How long the body was given.
    var limit: Duration { max(.zero, instant - start) }

    /// The earliest of this and those around it; `nil` when all of them are over, which a task may see that was started
    /// inside of them and stayed behind.
    var effectiveInstant: EventLoop.Instant? {
        let around = outer?.effectiveInstant
        if case .over = state { return around }
        return around.map { min($0, instant) } ?? instant
    }

    /// Moves it to another time: earlier, later, or the past.
    ///
    /// - Returns: whether it did; `false` when it has expired, or its body has ended.
    @discardableResult
    public func reschedule(to instant: EventLoop.Instant) -> Bool {
        guard state == .pending else { return false }
        self.instant = instant
        arm()
        return true
    }

    /// Moves it to so long from now; as soon as possible for zero or less.
    ///
    /// - Returns: whether it did; `false` when it has expired, or its body has ended.
    @discardableResult
    public func reschedule(in duration: Duration) -> Bool {
        reschedule(to: EventLoop.main.time() + duration)
    }

    /// Waits for the body, which runs until it is suspended first; cancels it when the time comes or the caller is
    /// cancelled.
    func wait(for body: Task<Void, Never>) async {
        self.body = body
        arm()
        await withTaskCancellationHandler {
            await body.value
        } onCancel: {
            body.cancel()
        }
        end()
    }

    /// The body has ended.
    func end() {
        timer?.cancel()
        timer = nil
        body = nil
        state = .over(hasExpired: state == .expired)
    }

    private func arm() {
        // A body that has not been suspended yet may reschedule; `wait` arms then.
        guard body != nil else { return }
        if instant <= EventLoop.main.time() {
            timer?.cancel()
            expire()
        } else {
            arm(at: instant)
        }
    }

    private func arm(at instant: EventLoop.Instant) {
        guard instant < .distantFuture else {
            timer?.cancel()
            return
        }
        let timer = timer ?? LoopTimer { [unowned self] in expire() }
        self.timer = timer
        timer.arm(at: instant)
    }

    private func expire() {
        guard state == .pending, let body, !body.isCancelled else { return }
        // A timer reaches 69 years, a deadline further.
        guard instant <= EventLoop.main.time() else { return arm(at: instant) }
        state = .expired
        body.cancel()
    }
}

/// The innermost deadline of each task.
nonisolated enum CurrentTimeout {
    @TaskLocal static var innermost: Timeout?

    /// Calls `body` outside of all deadlines. Binds nothing where there are none: a task with task-local values pays
    /// for them when it queues callbacks.
    static func withNone<Value>(_ body: () -> Value) -> Value {
        innermost == nil ? body() : $innermost.withValue(nil, operation: body)
    }
}
