import MartletLoop

/// How long a slot rests before it starts another worker.
///
/// The first failure costs nothing: one crash must be unnoticeable. From then on the pause doubles, up to 30 seconds,
/// until a worker has been ready for a whole minute.
nonisolated struct BackOff: Hashable, Sendable {
    static let shortest: Duration = .milliseconds(100)
    static let longest: Duration = .seconds(30)
    static let healthy: Duration = .seconds(60)

    /// Failures in a row.
    private(set) var failures = 0

    /// Notes that a worker ended unasked or did not become ready; returns how long to wait before the next one.
    ///
    /// - Parameter readyFor: how long it was ready; `nil` if it never was.
    mutating func workerFailed(readyFor: Duration?) -> Duration {
        if let readyFor, readyFor >= Self.healthy { failures = 0 }
        failures += 1
        guard failures > 1 else { return .zero }
        // 2¹⁰ times the shortest is longer than the longest: the shift cannot overflow.
        return min(Self.longest, Self.shortest * (1 << min(failures - 1, 10)))
    }

    /// Forgets all failures.
    mutating func reset() {
        failures = 0
    }
}
