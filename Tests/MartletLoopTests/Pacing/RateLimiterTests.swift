import MartletLoop
import Testing

@Suite("Rate limiter")
struct RateLimiterTests {
    @Test("the burst goes through at once, and then one after the other at the rate")
    func paces() async throws {
        try await withVirtualClock { clock in
            let limiter = RateLimiter(rate: 10, per: .seconds(1), burst: 3)
            let start = clock.now
            var times: [Duration] = []
            for _ in 0..<6 {
                try await limiter.acquire()
                times.append(clock.now - start)
            }
            #expect(times == [0, 0, 0, 100, 200, 300].map { .milliseconds($0) })
        }
    }

    @Test(
        "a rate that does not divide its period does not drift",
        arguments: [
            (3, Duration.seconds(1)), (7, .seconds(1)), (1000, .milliseconds(999)), (7, .nanoseconds(1_000_003)),
        ])
    func doesNotDrift(rate: Int, period: Duration) async throws {
        try await withVirtualClock { clock in
            let limiter = RateLimiter(rate: rate, per: period, burst: 1)
            let start = clock.now
            try await limiter.acquire()
            for _ in 0..<50 { try await limiter.acquire(rate) }
            try await limiter.acquire()
            let elapsed = clock.now - start
            // 50 times the rate and the last one, less what the bucket held; at most a tick late.
            let exact = (period.nanosecondsClamped * 50 * Int64(rate) + period.nanosecondsClamped) / Int64(rate)
            #expect(elapsed >= .nanoseconds(exact))
            #expect(elapsed <= .nanoseconds(exact) + .milliseconds(1))
        }
    }

    @Test("tasks are served in the order in which they asked, also those that want many")
    func fair() async throws {
        try await withVirtualClock { clock in
            let limiter = RateLimiter(rate: 1, per: .seconds(1), burst: 5)
            #expect(limiter.tryAcquire(5))
            let start = clock.now
            var served: [(Int, Duration)] = []
            let tasks = [4, 1, 2].map { count in
                Task.immediate {
                    try await limiter.acquire(count)
                    served.append((count, clock.now - start))
                }
            }
            #expect(limiter.waiterCount == 3)
            for task in tasks { try await task.value }
            #expect(served.map(\.0) == [4, 1, 2])
            #expect(served.map(\.1) == [.seconds(4), .seconds(5), .seconds(7)])
        }
    }

    @Test("nobody overtakes one that waits, though there are tokens for less")
    func nobodyOvertakes() async {
        await withVirtualClock(advancesItself: false) { clock in
            let limiter = RateLimiter(rate: 1, per: .seconds(1), burst: 5)
            #expect(limiter.tryAcquire(5))
            let waiting = Task.immediate { try await limiter.acquire(4) }
            await clock.advance(by: .seconds(3))
            #expect(limiter.available == 3)
            #expect(!limiter.tryAcquire())
            waiting.cancel()
            _ = await waiting.result
            #expect(limiter.tryAcquire())
        }
    }

    @Test("more than the burst is let through when the bucket is full, and paid for by those after it")
    func moreThanTheBurst() async throws {
        try await withVirtualClock { clock in
            let limiter = RateLimiter(rate: 1, per: .seconds(1), burst: 2)
            let start = clock.now
            try await expectNoSuspension { try await limiter.acquire(10) }
            #expect(limiter.available == 0)
            try await limiter.acquire()
            #expect(clock.now - start == .seconds(9))
        }
    }

    @Test("what flows in while nobody asks is kept up to the burst, however long that is")
    func idle() async {
        await withVirtualClock(advancesItself: false) { clock in
            let limiter = RateLimiter(rate: 100, per: .seconds(1), burst: 5)
            #expect(limiter.tryAcquire(5))
            #expect(!limiter.tryAcquire())
            await clock.advance(by: .milliseconds(10))
            #expect(limiter.available == 1)
            await clock.advance(by: .seconds(1_000_000))
            #expect(limiter.available == 5)
            #expect(limiter.tryAcquire(5))
            #expect(!limiter.tryAcquire())
        }
    }

    @Test("one that is cancelled takes nothing, and those behind it move up")
    func cancelled() async throws {
        try await withVirtualClock { clock in
            let limiter = RateLimiter(rate: 1, per: .seconds(1), burst: 10)
            #expect(limiter.tryAcquire(10))
            let start = clock.now
            let first = Task.immediate { try await limiter.acquire(9) }
            let second = Task.immediate { try await limiter.acquire(1) }
            first.cancel()
            try await second.value
            #expect(clock.now - start == .seconds(1))
            await #expect(throws: CancellationError.self) { try await first.value }
            #expect(clock.armedTimers == 0)
        }
    }

    @Test("extreme numbers neither overflow nor let too much through")
    func extremes() async {
        await withVirtualClock(advancesItself: false) { clock in
            let wide = RateLimiter(rate: .max, per: .seconds(Int64.max), burst: .max)
            #expect(wide.tryAcquire(.max))
            #expect(wide.tryAcquire(0))
            await clock.advance(by: .seconds(1_000_000))
            #expect(wide.available >= 0)
            let slow = RateLimiter(rate: 1, per: .seconds(Int64.max), burst: 1)
            #expect(slow.tryAcquire(.max))
            #expect(!slow.tryAcquire())
            let waiting = Task.immediate { try await slow.acquire(.max) }
            #expect(slow.waiterCount == 1)
            waiting.cancel()
            await #expect(throws: CancellationError.self) { try await waiting.value }
        }
    }

    @Test("misuse ends the program and names the place")
    func misuse() async {
        let stopped = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
            await MainActor.run { _ = RateLimiter(rate: 0, per: .seconds(1), burst: 1) }
        }
        expect(stopped, says: "a rate limiter cannot be of 0 per 1.0 seconds", "RateLimiterTests.swift:\(#line - 3)")
        let negative = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
            await MainActor.run { _ = RateLimiter(rate: 1, per: .seconds(1), burst: 1).tryAcquire(-1) }
        }
        expect(negative, says: "asked a rate limiter for -1 tokens", "RateLimiterTests.swift:\(#line - 3)")
    }
}
