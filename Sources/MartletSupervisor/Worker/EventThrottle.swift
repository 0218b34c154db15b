import MartletLoop

/// Lets a few events through in a second, and counts the rest: a client must not be able to fill the supervisor's list
/// of errors, nor its socket.
nonisolated struct EventThrottle: Hashable, Sendable {
    static let perSecond = 5

    private var second: UInt64 = 0
    private var passed = 0
    private var held = 0

    /// Whether an event may pass, and how many have been held back since the last one that did.
    mutating func admit(at instant: EventLoop.Instant) -> (isAdmitted: Bool, held: Int) {
        let present = instant.nanoseconds / 1_000_000_000
        if present != second {
            second = present
            passed = 0
        }
        guard passed < Self.perSecond else {
            held += 1
            return (false, 0)
        }
        passed += 1
        defer { held = 0 }
        return (true, held)
    }
}
