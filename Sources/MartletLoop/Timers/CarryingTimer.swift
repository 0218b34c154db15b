/// A timer that calls with the task-local values of the task that made it: a suspended task keeps them.
final class CarryingTimer: LoopTimer {
    private static var parked: UnsafeContinuation<Bool, Never>?

    private let call: Call
    private var continuation: UnsafeContinuation<Bool, Never>?

    /// What the task calls, unless the timer was cancelled when its turn comes.
    private final class Call {
        var action: (() -> Void)?
        init(_ action: @escaping () -> Void) { self.action = action }
    }

    override init(action: @escaping () -> Void) {
        let call = Call(action)
        self.call = call
        // Runs at once and until it is suspended, so its continuation is there when this line is done.
        Task.immediate {
            if await withUnsafeContinuation({ Self.parked = $0 }) { call.action?() }
        }
        continuation = Self.parked
        Self.parked = nil
        super.init {}
    }

    override func cancel() {
        super.cancel()
        call.action = nil
    }

    override func fire() {
        continuation?.resume(returning: true)
        continuation = nil
    }

    deinit {
        continuation?.resume(returning: false)
    }
}
