/// A timer of the loop: armed for one instant at a time, cancelled or re-armed in constant time.
public final class LoopTimer {
    /// The wheel's view: neighbours in the slot's list, which slot that is, and the tick at which it is due.
    var previous: Unmanaged<LoopTimer>?
    var next: Unmanaged<LoopTimer>?
    var dueTick: UInt64 = 0
    var position: Int32 = LoopTimer.unarmed

    static let unarmed: Int32 = -1

    private let action: () -> Void

    /// A timer that calls `action` whenever it expires, and is not armed yet.
    public init(action: @escaping () -> Void) {
        self.action = action
    }

    /// Whether it will fire.
    public var isArmed: Bool { position != Self.unarmed }

    /// Fires once at `instant` in place of when it was armed for, if it was. The loop keeps an armed timer alive.
    public func arm(at instant: EventLoop.Instant) {
        cancel()
        EventLoop.main.insert(self, at: instant)
    }

    /// Does not fire any more. Nothing happens when it has fired or was never armed.
    public func cancel() {
        if isArmed { EventLoop.main.remove(self) }
    }

    func fire() {
        action()
    }
}
