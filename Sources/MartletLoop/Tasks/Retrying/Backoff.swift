/// How long to wait between attempts.
///
/// A backoff is the rule; `waits()` counts along it.
public nonisolated struct Backoff: Hashable, Sendable {
    private let first: Double
    private let longest: Double
    private let factor: Double
    private let jitter: Jitter

    private init(first: Duration, longest: Duration, factor: Double, jitter: Jitter) {
        self.first = Double(max(0, first.nanosecondsClamped))
        self.longest = max(self.first, Double(longest.nanosecondsClamped))
        // Finite, because nothing times infinity is not a number.
        self.factor = factor >= 1 ? min(factor, .greatestFiniteMagnitude) : 1
        self.jitter = jitter
    }

    /// No wait at all.
    public static let none = constant(.zero)

    /// The same wait every time.
    public static func constant(_ wait: Duration, jitter: Jitter = .none) -> Backoff {
        Backoff(first: wait, longest: wait, factor: 1, jitter: jitter)
    }

    /// Waits that grow by a factor each time, up to a longest.
    ///
    /// - Parameters:
    ///   - first: the first wait; a negative one counts as zero.
    ///   - longest: what no wait exceeds; at least the first.
    ///   - factor: how much longer each is than the one before; at least 1.
    ///   - jitter: how the waits are spread.
    public static func exponential(
        from first: Duration = .milliseconds(100), to longest: Duration = .seconds(30), factor: Double = 2,
        jitter: Jitter = .full
    ) -> Backoff {
        Backoff(first: first, longest: longest, factor: factor, jitter: jitter)
    }

    /// The waits, from the first. There is no end to them, and no overflow.
    public func waits() -> Waits { Waits(backoff: self) }

    /// The waits of a backoff, one after the other.
    public struct Waits: Sequence, IteratorProtocol, Sendable {
        private let backoff: Backoff
        private var wait: Double
        private var previous: Double

        fileprivate init(backoff: Backoff) {
            self.backoff = backoff
            wait = backoff.first
            previous = backoff.first
        }

        /// How long to wait next; never `nil`.
        public mutating func next() -> Duration? {
            var generator = SystemRandomNumberGenerator()
            return next(using: &generator)
        }

        /// How long to wait next, with a source of chance of one's own.
        public mutating func next(using generator: inout some RandomNumberGenerator) -> Duration {
            previous = backoff.jitter.spread(
                wait, previous: previous, first: backoff.first, longest: backoff.longest, using: &generator)
            wait = Swift.min(wait * backoff.factor, backoff.longest)
            // At most `longest`, which came from an Int64.
            return .nanoseconds(Int64(exactly: previous.rounded(.down)) ?? .max)
        }
    }
}
