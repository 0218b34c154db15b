import Glibc

/// What time it is: on the clock of the wall, for schedules, and on one that nobody sets, for leases.
nonisolated struct QueueClock: Sendable {
    /// Milliseconds since 1970.
    var wall: @Sendable () -> Int
    /// Milliseconds since the machine was started, times asleep included.
    var steady: @Sendable () -> Int

    static let system = QueueClock(wall: { read(CLOCK_REALTIME) }, steady: { read(CLOCK_BOOTTIME) })

    private static func read(_ clock: clockid_t) -> Int {
        var time = timespec()
        clock_gettime(clock, &time)
        return time.tv_sec * 1000 + time.tv_nsec / 1_000_000
    }

    /// A time after another one, both in milliseconds; at the end of time rather than beyond.
    static func sum(_ time: Int, _ duration: Duration) -> Int {
        let (sum, overflow) = time.addingReportingOverflow(duration.milliseconds)
        return overflow ? .max : sum
    }
}

extension Duration {
    /// In milliseconds, rounded up; the nearest that fits.
    nonisolated var milliseconds: Int {
        let (seconds, attoseconds) = components
        let (product, overflow) = seconds.multipliedReportingOverflow(by: 1000)
        guard !overflow else { return seconds < 0 ? .min : .max }
        let rest = attoseconds / 1_000_000_000_000_000
        let up: Int64 = attoseconds > rest * 1_000_000_000_000_000 ? 1 : 0
        let (sum, isTooFar) = product.addingReportingOverflow(rest + up)
        return Int(isTooFar ? (seconds < 0 ? .min : .max) : sum)
    }
}
