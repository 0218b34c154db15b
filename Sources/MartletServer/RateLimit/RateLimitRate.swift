import MartletLoop

/// How many requests may come in a time: the parameters of the generic cell rate algorithm (ITU-T I.371).
///
/// Requests are allowed at even intervals, and up to `burst` of them at once after a pause. In any time t, at most
/// `burst` + t ÷ `interval` get through.
public nonisolated struct RateLimitRate: Hashable, Sendable {
    /// Requests that get through in `per`, in the long run.
    public let count: Int
    /// The time that `count` is for.
    public let per: Duration
    /// Requests that get through at once.
    public let burst: Int
    /// Nanoseconds from one request to the next, rounded up so that `count` is never exceeded.
    public let interval: UInt64
    /// Nanoseconds that a client may be ahead of its rate: `burst` intervals.
    public let tolerance: UInt64

    /// A hundred years, in nanoseconds: sums with any clock stay far from overflow.
    private static let longest: UInt64 = 3_155_760_000_000_000_000

    /// - Precondition: `count` and `burst` are at least 1, `per` is at least 1 ns, and `burst` requests take at most a
    ///   hundred years.
    init(count: Int, per: Duration, burst: Int) {
        let nanoseconds = UInt64(max(0, per.nanosecondsClamped))
        precondition(
            count > 0 && burst > 0 && nanoseconds > 0, "a rate limit needs a count, a time and a burst above 0")
        self.count = count
        self.per = per
        self.burst = burst
        interval = (nanoseconds - 1) / UInt64(count) + 1
        let (tolerance, overflow) = interval.multipliedReportingOverflow(by: UInt64(burst))
        precondition(!overflow && tolerance <= Self.longest, "a rate limit cannot reach over a hundred years")
        self.tolerance = tolerance
    }

    // MARK: Decisions

    /// Whether a client that is so many nanoseconds ahead of its rate may send one more.
    public func allows(ahead: UInt64) -> Bool { ahead <= tolerance &- interval }

    /// The decision on a request that is allowed, after which its client is so far ahead.
    public func allowance(ahead: UInt64) -> RateLimitDecision {
        let remaining = (tolerance &- ahead) / interval
        return RateLimitDecision(
            isAllowed: true, remaining: Int(remaining), wait: remaining > 0 ? 0 : ahead &- (tolerance &- interval),
            reset: ahead)
    }

    /// The decision on a request that is not allowed, because its client is so far ahead.
    public func refusal(ahead: UInt64) -> RateLimitDecision {
        RateLimitDecision(isAllowed: false, remaining: 0, wait: ahead &- (tolerance &- interval), reset: ahead)
    }
}

/// What became of one request under a limit.
public nonisolated struct RateLimitDecision: Hashable, Sendable {
    /// Whether it may be answered.
    public let isAllowed: Bool
    /// How many more get through at once from here on.
    public let remaining: Int
    /// Nanoseconds until one more gets through; 0 while `remaining` is above 0.
    public let wait: UInt64
    /// Nanoseconds until a whole burst gets through again.
    public let reset: UInt64
}
