import MartletLoop

/// How long a job that has failed waits until it is tried again: kept with the job, so that any worker knows.
///
/// The waits grow by a factor from the first to the longest, and each is spread between its half and its whole, so that
/// jobs that failed together do not all come back together.
public nonisolated struct JobBackoff: Codable, Hashable, Sendable {
    /// The wait after the first attempt.
    public let first: Duration
    /// What no wait exceeds.
    public let longest: Duration
    /// How much longer each is than the one before.
    public let factor: Double

    /// The longest wait that is kept: a year.
    static let limit: Duration = .seconds(366 * 86_400)

    /// Waits that grow.
    ///
    /// - Parameters:
    ///   - first: the first one: from nothing to a year.
    ///   - longest: what no wait exceeds, at least `first`, at most a year.
    ///   - factor: how much longer each is than the one before, from 1 to 1000.
    public static func exponential(
        from first: Duration = .seconds(1), to longest: Duration = .seconds(3600), factor: Double = 2
    ) -> JobBackoff {
        JobBackoff(first: first, longest: longest, factor: factor)
    }

    /// The same wait each time.
    public static func constant(_ wait: Duration) -> JobBackoff {
        JobBackoff(first: wait, longest: wait, factor: 1)
    }

    /// Again at once.
    public static let none = constant(.zero)

    /// Whatever is out of range, from wherever it comes, is brought into it.
    init(first: Duration, longest: Duration, factor: Double) {
        self.first = min(max(first, .zero), Self.limit)
        self.longest = min(max(longest, self.first), Self.limit)
        self.factor = factor >= 1 ? min(factor, 1000) : 1
    }

    init(firstMilliseconds: Int, longestMilliseconds: Int, factor: Double) {
        self.init(first: .milliseconds(firstMilliseconds), longest: .milliseconds(longestMilliseconds), factor: factor)
    }

    /// How long to wait after an attempt that failed.
    ///
    /// - Parameter attempt: which one it was, from 1.
    func wait(after attempt: Int, using generator: inout some RandomNumberGenerator) -> Duration {
        var waits = Backoff.exponential(from: first, to: longest, factor: factor, jitter: .equal).waits()
        var wait = waits.next(using: &generator)
        // With a factor above 1 the longest is reached long before; with 1 all are alike.
        for _ in 1..<min(max(attempt, 1), 1000) { wait = waits.next(using: &generator) }
        return wait
    }
}
