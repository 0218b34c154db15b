import MartletLoop
import Testing

@Suite("retry and back-off")
struct RetryTests {
    private struct Busy: RetryHint {
        let retryAfter: Duration?
    }

    private let backoff = Backoff.exponential(from: .seconds(1), to: .seconds(5), jitter: .none)

    @Test("attempts are numbered from one, and the waits between them are those of the back-off")
    func waits() async throws {
        try await withVirtualClock { clock in
            let start = clock.now
            var times: [Duration] = []
            let value = try await retry(attempts: 6, backoff: backoff) { attempt in
                times.append(clock.now - start)
                if attempt < 6 { throw Failure(attempt) }
                return attempt
            }
            #expect(value == 6)
            #expect(times == [0, 1, 3, 7, 12, 17].map { .seconds($0) })
        }
    }

    @Test("when the attempts are used up the last error is thrown", arguments: [(-1, 1), (0, 1), (1, 1), (3, 3)])
    func givesUp(attempts: Int, made: Int) async {
        await withVirtualClock { clock in
            _ = await #expect(throws: Failure(made)) {
                try await retry(attempts: attempts, backoff: backoff) { attempt in throw Failure(attempt) }
            }
            #expect(clock.armedTimers == 0)
        }
    }

    @Test("an error that is not worthwhile, and a cancellation, end it at once")
    func notWorthwhile() async {
        await #expect(throws: Failure(1)) {
            try await retry(when: { ($0 as? Failure)?.number != 1 }) { attempt in throw Failure(attempt) }
        }
        var attempts = 0
        await #expect(throws: CancellationError.self) {
            try await retry { attempt in
                attempts = attempt
                throw CancellationError()
            }
        }
        #expect(attempts == 1)
    }

    @Test("it does not wait for what would begin at the deadline or later, its own or one around it")
    func deadline() async throws {
        await withVirtualClock { clock in
            let start = clock.now
            await #expect(throws: Failure(3)) {
                try await retry(attempts: .max, until: start + .seconds(7), backoff: backoff) { throw Failure($0) }
            }
            #expect(clock.now - start == .seconds(3))
            await #expect(throws: Failure(2)) {
                try await withTimeout(.seconds(3)) {
                    try await retry(attempts: .max, backoff: backoff) { throw Failure($0) }
                }
            }
            #expect(clock.now - start == .seconds(4))
        }
    }

    @Test("an error that knows better makes the wait longer, never shorter")
    func hint() async throws {
        try await withVirtualClock { clock in
            let start = clock.now
            var times: [Duration] = []
            try await retry(backoff: backoff) { attempt in
                times.append(clock.now - start)
                if attempt == 1 { throw Busy(retryAfter: .seconds(60)) }
                if attempt == 2 { throw Busy(retryAfter: .milliseconds(1)) }
                if attempt == 3 { throw Busy(retryAfter: nil) }
            }
            #expect(times == [0, 60, 62, 66].map { .seconds($0) })
        }
        await #expect(throws: Busy.self) {
            try await withTimeout(.seconds(3600)) {
                try await retry(backoff: .none) { _ in throw Busy(retryAfter: .seconds(Int64.max)) }
            }
        }
    }

    @Test("cancelling the caller ends the wait, and leaves no timer")
    func cancelledWhileWaiting() async {
        await withVirtualClock { clock in
            let start = clock.now
            let task = Task { try await retry(backoff: .constant(.seconds(60))) { throw Failure($0) } }
            await clock.settle()
            #expect(clock.armedTimers == 1)
            task.cancel()
            await #expect(throws: CancellationError.self) { try await task.value }
            #expect(clock.armedTimers == 0 && clock.now == start)
        }
    }

    @Test(
        "the jitter stays within its bounds, and uses them",
        arguments: [
            (Jitter.none, 1000.0, 1000.0), (.full, 0, 1000), (.equal, 500, 1000), (.decorrelated, 1000, 3000),
        ])
    func jitter(jitter: Jitter, low: Double, high: Double) {
        var generator = SeededGenerator(state: 1)
        let backoff = Backoff.exponential(from: .milliseconds(1000), to: .seconds(60), jitter: jitter)
        let firsts = (0..<1000).map { _ in
            var waits = backoff.waits()
            return Double(waits.next(using: &generator).nanosecondsClamped) / 1e6
        }
        let least = firsts.min() ?? 0
        let most = firsts.max() ?? 0
        #expect(least >= low - 0.001 && most <= high + 0.001)
        #expect(least <= low + (high - low) * 0.05 && most >= high - (high - low) * 0.05)
    }

    @Test(
        "no back-off overflows, shrinks below zero or exceeds its longest wait",
        arguments: [
            Backoff.none, .constant(.seconds(-5)), .constant(.seconds(Int64.max), jitter: .full),
            .exponential(from: .seconds(Int64.min), to: .seconds(Int64.max), factor: .infinity),
            .exponential(from: .seconds(1), to: .seconds(Int64.max), factor: 1e300, jitter: .none),
            .exponential(from: .nanoseconds(1), to: .seconds(Int64.max), factor: 10, jitter: .decorrelated),
            .exponential(from: .seconds(10), to: .seconds(1), factor: -3, jitter: .equal),
            .exponential(from: .seconds(1), to: .seconds(2), factor: .nan, jitter: .none),
        ])
    func extremes(backoff: Backoff) {
        var generator = SeededGenerator(state: 2)
        var waits = backoff.waits()
        for _ in 0..<5000 {
            let wait = waits.next(using: &generator)
            #expect(wait >= .zero && wait <= .nanoseconds(Int64.max))
        }
    }

    @Test("a factor below one, and a longest wait below the first, count as one and as the first")
    func sanitised() {
        let backoff = Backoff.exponential(from: .seconds(10), to: .seconds(1), factor: 0.5, jitter: .none)
        #expect(Array(backoff.waits().prefix(3)) == [.seconds(10), .seconds(10), .seconds(10)])
    }
}
