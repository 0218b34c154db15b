extension EventLoop {
    /// The loop's clock for the standard library's `Task.sleep(until:clock:)` and whatever else takes a `Clock`: real,
    /// or virtual inside `withVirtualClock`.
    public nonisolated struct Clock: _Concurrency.Clock {
        /// A clock; all of them tell the same time.
        public init() {}

        /// The time. On the loop only.
        public var now: Instant {
            MainActor.assumeIsolated { EventLoop.main.time() }
        }

        /// What timers are rounded up to.
        public var minimumResolution: Duration { .milliseconds(1) }

        /// Sleeps until `deadline`, and at most a millisecond and a tick longer; throws when the task is cancelled, and
        /// unlike `ContinuousClock` leaves no timer behind then.
        public func sleep(until deadline: Instant, tolerance: Duration?) async throws {
            try await EventLoop.sleep(until: deadline)
        }
    }
}

extension Clock where Self == EventLoop.Clock {
    /// The loop's clock.
    public static nonisolated var eventLoop: EventLoop.Clock { EventLoop.Clock() }
}
