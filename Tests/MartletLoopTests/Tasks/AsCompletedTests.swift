import MartletLoop
import Testing

@Suite("asCompleted")
struct AsCompletedTests {
    private let activity = Activity()

    private func sleep(_ seconds: Int) async throws -> Int {
        try await activity.track {
            try await Task.sleep(for: .seconds(seconds), clock: .eventLoop)
            return seconds
        }
    }

    @Test("values come in the order in which the bodies end")
    func completionOrder() async throws {
        try await withVirtualClock { clock in
            let start = clock.now
            var seen: [Int] = []
            for try await seconds in asCompleted([3, 1, 2], sleep) {
                #expect(clock.now - start == .seconds(seconds))
                seen.append(seconds)
            }
            #expect(seen == [1, 2, 3])
        }
    }

    @Test("no more run, or wait to be taken, than the limit")
    func limit() async throws {
        var taken = 0
        for try await _ in asCompleted(0..<20, limit: 3, { _ in await activity.track { await Task.yield() } }) {
            taken += 1
            for _ in 0..<10 { await Task.yield() }
            #expect(activity.started <= taken + 3)
        }
        #expect(taken == 20 && activity.most == 3)
    }

    @Test("a failure comes after what ended before it, when all the others have ended, and ends the sequence")
    func failure() async throws {
        try await withVirtualClock { clock in
            let values = asCompleted([1, 2, 9]) { seconds in
                if seconds == 9 { try await activity.untilCancelled(cleanUp: .seconds(5)) }
                try await Task.sleep(for: .seconds(seconds), clock: .eventLoop)
                if seconds == 2 { throw Failure(2) }
                return seconds
            }
            let start = clock.now
            let iterator = values.makeAsyncIterator()
            let first = try await iterator.next()
            #expect(first == 1)
            await #expect(throws: Failure(2)) { try await iterator.next() }
            #expect(activity.running == 0 && clock.now - start == .seconds(7))
            let none = try await iterator.next()
            #expect(none == nil)
        }
    }

    @Test("a failure cancels the others also while nobody asks for it")
    func failureWhileBusy() async throws {
        let iterator = asCompleted(1...2) { number in
            if number == 1 { try await activity.untilCancelled() }
            throw Failure(number)
        }.makeAsyncIterator()
        for _ in 0..<10 { await Task.yield() }
        #expect(activity.running == 0 && activity.cancelled == 1)
        await #expect(throws: Failure(2)) { try await iterator.next() }
    }

    @Test("leaving the loop early cancels the rest")
    func leavingCancels() async throws {
        for try await number in asCompleted(
            1...3,
            { number in
                if number > 1 { try await activity.untilCancelled() }
                return number
            })
        {
            #expect(number == 1)
            break
        }
        for _ in 0..<10 where activity.running > 0 { await Task.yield() }
        #expect(activity.running == 0 && activity.cancelled == 2)
    }

    @Test("leaving the scope early cancels the rest, and waits for it")
    func leavingScopeWaits() async throws {
        try await withVirtualClock { clock in
            let start = clock.now
            let first = try await asCompleted(1...3) { number in
                if number > 1 { try await activity.untilCancelled(cleanUp: .seconds(number)) }
                return number
            } consume: { values in
                for try await value in values { return value }
                return 0
            }
            #expect(first == 1)
            #expect(activity.running == 0 && clock.now - start == .seconds(3))
            await #expect(throws: Failure(4)) {
                try await asCompleted(1...3) { _ in
                    try await activity.untilCancelled(cleanUp: .seconds(1))
                } consume: { _ in
                    throw Failure(4)
                }
            }
            #expect(activity.running == 0 && clock.now - start == .seconds(4))
        }
    }

    @Test("a second loop in the scope goes on with what is left")
    func scopeGoesOn() async throws {
        let all = try await asCompleted(1...5) {
            $0
        } consume: { values in
            var seen: [Int] = []
            for try await value in values {
                seen.append(value)
                if value == 2 { break }
            }
            for try await value in values { seen.append(value) }
            return seen
        }
        #expect(all == [1, 2, 3, 4, 5])
    }

    @Test("cancelling the caller cancels the bodies, waits for them, and throws")
    func cancelled() async throws {
        await withVirtualClock { clock in
            let task = Task {
                for try await _ in asCompleted(1...3, { _ in try await activity.untilCancelled(cleanUp: .seconds(2)) })
                {}
            }
            await clock.settle()
            #expect(activity.running == 3)
            task.cancel()
            await #expect(throws: CancellationError.self) { try await task.value }
            #expect(activity.running == 0 && activity.cancelled == 3)
        }
    }

    @Test("each loop runs the bodies once more, and nothing runs before a loop")
    func repeatable() async throws {
        let values = asCompleted(1...2) { number in await activity.track { number } }
        #expect(activity.started == 0)
        for _ in 0..<2 {
            var sum = 0
            for try await value in values { sum += value }
            #expect(sum == 3)
        }
        #expect(activity.started == 4)
    }
}
