/// A timer of the loop: armed for one instant at a time, cancelled or re-armed in constant time.
public class LoopTimer {
    /// The wheel's view: neighbours in the slot's list, which slot that is, and the tick at which it is due.
    final var previous: Unmanaged<LoopTimer>?
    final var next: Unmanaged<LoopTimer>?
    final var dueTick: UInt64 = 0
    final var position: Int32 = LoopTimer.unarmed

    /// The virtual clock that it is armed on; `nil` for the real one.
    final var clock: VirtualClock?

    static let unarmed: Int32 = -1

    private let action: () -> Void

    /// A timer that calls `action` whenever it expires, and is not armed yet.
    public init(action: @escaping () -> Void) {
        self.action = action
    }

    /// Whether it will fire.
    public final var isArmed: Bool { position != Self.unarmed }

    /// Fires once at `instant` in place of when it was armed for, if it was. The loop keeps an armed timer alive.
    public final func arm(at instant: EventLoop.Instant) {
        if isArmed { EventLoop.main.remove(self) }
        EventLoop.main.insert(self, at: instant)
    }

    /// Does not fire any more. Nothing happens when it has fired or was never armed.
    public func cancel() {
        if isArmed { EventLoop.main.remove(self) }
    }

    func fire() {
        action()
    }

    deinit {}
}
