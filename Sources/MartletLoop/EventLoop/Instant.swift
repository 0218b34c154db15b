import CMartlet

extension EventLoop {
    /// A point on the loop's clock, CLOCK_MONOTONIC (man 2 clock_gettime): it stands still while the machine sleeps and
    /// never jumps.
    public nonisolated struct Instant: InstantProtocol, Hashable, Sendable {
        /// Since an arbitrary point that is the same for all processes until the next boot.
        public let nanoseconds: UInt64

        /// The point that lies `nanoseconds` after the clock's origin.
        public init(nanoseconds: UInt64) {
            self.nanoseconds = nanoseconds
        }

        /// The end of time: later than any deadline.
        public static let distantFuture = Instant(nanoseconds: .max)

        /// Reads the clock (some 25 ns); `EventLoop.now` is free and a tick old at most.
        @inlinable
        public static func readClock() -> Instant {
            Instant(nanoseconds: martlet_monotonic_ns())
        }

        /// Earlier or later by the duration; stops at either end of the clock in place of overflowing.
        public static func + (instant: Instant, duration: Duration) -> Instant {
            let offset = duration.nanosecondsClamped
            if offset >= 0 {
                let (sum, overflow) = instant.nanoseconds.addingReportingOverflow(UInt64(offset))
                return overflow ? .distantFuture : Instant(nanoseconds: sum)
            }
            let back = offset.magnitude
            return Instant(nanoseconds: instant.nanoseconds > back ? instant.nanoseconds - back : 0)
        }

        /// Later by the interval; stops at the end of the clock in place of overflowing.
        @inlinable
        public static func + (instant: Instant, interval: Interval) -> Instant {
            let (sum, overflow) = instant.nanoseconds.addingReportingOverflow(interval.nanoseconds)
            return overflow ? .distantFuture : Instant(nanoseconds: sum)
        }

        /// How much later the left side is than the right; negative when it is earlier.
        public static func - (later: Instant, earlier: Instant) -> Duration {
            later >= earlier
                ? .nanoseconds(Int64(clamping: later.nanoseconds - earlier.nanoseconds))
                : .nanoseconds(-Int64(clamping: earlier.nanoseconds - later.nanoseconds))
        }

        /// How much later `other` is; negative when it is earlier.
        public func duration(to other: Instant) -> Duration { other - self }

        /// Later by the duration; stops at either end of the clock in place of overflowing.
        public func advanced(by duration: Duration) -> Instant { self + duration }

        /// The order of the two points in time.
        @inlinable
        public static func < (earlier: Instant, later: Instant) -> Bool {
            earlier.nanoseconds < later.nanoseconds
        }
    }
}

extension EventLoop {
    /// A span of time that is not negative, in nanoseconds: `Duration` without its 128-bit arithmetic, for times that
    /// are added on the way of every request.
    public nonisolated struct Interval: Hashable, Sendable {
        /// How long it is.
        public let nanoseconds: UInt64

        /// The duration; zero for a negative one, and the longest possible (584 years) for one that does not fit.
        public init(_ duration: Duration) {
            nanoseconds = UInt64(max(0, duration.nanosecondsClamped))
        }
    }
}

extension Duration {
    /// In nanoseconds, or the nearest that fits (±292 years).
    public nonisolated var nanosecondsClamped: Int64 {
        // One hardware division of 128 bits by 64, in place of the library's 128 by 128.
        let magnitude = attoseconds.magnitude
        let high = UInt64(truncatingIfNeeded: magnitude >> 64)
        guard high < 1_000_000_000 else { return attoseconds < 0 ? .min : .max }
        let (nanoseconds, _) = UInt64(1_000_000_000).dividingFullWidth((high, UInt64(truncatingIfNeeded: magnitude)))
        let clamped = Int64(clamping: nanoseconds)
        return attoseconds < 0 ? -clamped : clamped
    }
}
