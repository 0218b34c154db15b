import MartletLoop

/// How long a client may still be waited for in the course of one body: a fixed time, and more for each byte that it has
/// moved. One that moves a byte now and then is cut off as well as one that moves none (as Apache's
/// `RequestReadTimeout … MinRate` does).
struct Patience {
    /// Nanoseconds.
    private let timeout: Int64
    /// Bytes a second; 0: whoever moves something can go on for ever.
    private let rate: Int
    private var waited: Int64 = 0
    private var earned: Int64 = 0

    /// Some seventy years in nanoseconds: the sum of two of them fits.
    private static let most: Int64 = 1 << 61

    init(_ timeout: EventLoop.Interval, rate: Int) {
        self.timeout = Int64(min(timeout.nanoseconds, UInt64(Self.most)))
        self.rate = rate
    }

    /// A new body begins.
    mutating func reset() {
        waited = 0
        earned = 0
    }

    /// The client has moved so many bytes.
    mutating func moved(_ count: Int) {
        guard rate > 0 else { return }
        let (seconds, rest) = count.quotientAndRemainder(dividingBy: rate)
        earned += Int64(min(seconds, 1 << 30)) * 1_000_000_000 + Int64(rest) * 1_000_000_000 / Int64(rate)
        earned = min(earned, Self.most)
    }

    /// The client has been waited for since `start`.
    mutating func waited(since start: EventLoop.Instant) {
        let now = EventLoop.Instant.readClock()
        guard now > start else { return }
        waited = min(waited + Int64(min(now.nanoseconds - start.nanoseconds, UInt64(Self.most))), Self.most)
    }

    /// When a wait that begins now has to end.
    func deadline(from now: EventLoop.Instant) -> EventLoop.Instant {
        let left = rate > 0 ? min(timeout, max(0, timeout + earned - waited)) : timeout
        return EventLoop.Instant(nanoseconds: now.nanoseconds &+ UInt64(left))
    }

    /// Whether nothing is left, however the last wait has ended.
    var isExhausted: Bool { rate > 0 && waited > timeout + earned }
}
