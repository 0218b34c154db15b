/// How the waits between attempts are spread, so that many who failed together do not all come back together
/// (Marc Brooker, "Exponential Backoff And Jitter", AWS, 2015).
public nonisolated struct Jitter: Hashable, Sendable {
    private enum Kind {
        case none
        case full
        case equal
        case decorrelated
    }

    private let kind: Kind

    /// Not at all: the wait is what it is.
    public static let none = Jitter(kind: .none)
    /// Anywhere from nothing to the whole wait: the least load on whoever is being retried.
    public static let full = Jitter(kind: .full)
    /// Anywhere from half of the wait to the whole.
    public static let equal = Jitter(kind: .equal)
    /// Anywhere from the first wait to three times the one before, whatever the factor.
    public static let decorrelated = Jitter(kind: .decorrelated)

    /// - Parameters:
    ///   - wait: the wait in nanoseconds as it would be without jitter.
    ///   - previous: the wait before, with jitter; the first wait when there was none.
    ///   - first: the first wait without jitter.
    ///   - longest: what no wait exceeds.
    func spread(
        _ wait: Double, previous: Double, first: Double, longest: Double,
        using generator: inout some RandomNumberGenerator
    ) -> Double {
        switch kind {
        case .none: wait
        case .full: Double.random(in: 0...wait, using: &generator)
        case .equal: Double.random(in: wait / 2...wait, using: &generator)
        case .decorrelated: min(longest, Double.random(in: first...max(first, previous * 3), using: &generator))
        }
    }
}
