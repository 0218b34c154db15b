import MartletLoop
import Testing

@Suite("gather")
struct GatherTests {
    private let activity = Activity()

    @Test("values come in the order given, whatever the order in which the bodies end")
    func keepsOrder() async throws {
        try await withVirtualClock { clock in
            let start = clock.now
            let values = try await gather([30, 10, 20]) { milliseconds in
                try await Task.sleep(for: .milliseconds(milliseconds), clock: .eventLoop)
                return milliseconds
            }
            #expect(values == [30, 10, 20])
            #expect(clock.now - start == .milliseconds(30))
        }
    }

    @Test("bodies of different types give a tuple")
    func tuples() async throws {
        let (a, b) = try await gather(
            { 1 },
            {
                await Task.yield(); return "two"
            })
        let (c, d, e) = try await gather({ a }, { b }, { 3.0 })
        let (f, _, _, g) = try await gather({ 1 }, { 2 }, {}, { "four" })
        let (h, i, j, k, l) = try await gather({ 1 }, { 2 }, { 3 }, { 4 }, { 5 })
        let six = try await gather({ 1 }, { 2 }, { 3 }, { 4 }, { 5 }, { "six" })
        #expect(a == 1 && b == "two" && c == 1 && d == "two" && e == 3.0 && f == 1 && g == "four")
        #expect([h, i, j, k, l] == [1, 2, 3, 4, 5] && six.5 == "six")
    }

    @Test("bodies run side by side, at once, before gather is first suspended")
    func startsAtOnce() async throws {
        let journal = Journal<String>()
        EventLoop.main.callSoon { journal.note("loop") }
        _ = try await gather(1...3) { number in
            journal.note("body \(number)")
            await Task.yield()
        }
        #expect(journal.entries == ["body 1", "body 2", "body 3", "loop"])
    }

    @Test("nothing to run gives nothing")
    func empty() async throws {
        #expect(try await gather([Int]()) { $0 } == [])
        #expect(try await gatherResults([Int]()) { $0 }.isEmpty)
    }

    @Test("no more run at a time than the limit", arguments: [-1, 0, 1, 2, 7, 100])
    func limit(limit: Int) async throws {
        let values = try await gather(0..<20, limit: limit) { number in
            await activity.track {
                for _ in 0...number % 4 { await Task.yield() }
                return number
            }
        }
        #expect(values == Array(0..<20))
        #expect(activity.most == min(20, max(1, limit)))
    }

    @Test("a limit keeps the rest of a lazy sequence from being made")
    func takesLazily() async throws {
        let journal = Journal<Int>()
        let lazily = (0..<1000).lazy.map { number in
            journal.note(number)
            return number
        }
        await #expect(throws: Failure.self) {
            try await gather(lazily, limit: 2) { number in
                await Task.yield()
                if number == 4 { throw Failure() }
            }
        }
        #expect(journal.entries.count < 10)
    }

    @Test("the first failure cancels the others, waits for them, and is thrown")
    func failureCancels() async {
        await withVirtualClock { clock in
            let start = clock.now
            await #expect(throws: Failure(2)) {
                try await gather(1...3) { number in
                    if number != 2 { try await activity.untilCancelled(cleanUp: .seconds(number)) }
                    try await Task.sleep(for: .seconds(1), clock: .eventLoop)
                    throw Failure(number)
                }
            }
            #expect(activity.running == 0 && activity.cancelled == 2)
            #expect(clock.now - start == .seconds(4))
        }
    }

    @Test("a body that fails before it is suspended keeps those after it from starting")
    func synchronousFailure() async {
        await #expect(throws: Failure(3)) {
            try await gather(1...10) { number in
                try await activity.track { if number == 3 { throw Failure(number) } }
            }
        }
        #expect(activity.started == 3)
    }

    @Test("a failure in a tuple cancels the others, and waits for them")
    func tupleFailure() async {
        await #expect(throws: Failure(1)) {
            _ = try await gather(
                { try await activity.untilCancelled() },
                {
                    await Task.yield(); throw Failure(1)
                } as @MainActor () async throws -> Int,
                { try await activity.untilCancelled() })
        }
        #expect(activity.running == 0 && activity.cancelled == 2)
    }

    @Test("results hold each value and each error, and a failure leaves the others alone")
    func results() async throws {
        let results = try await gatherResults(1...3, limit: 2) { number in
            await Task.yield()
            if number == 2 { throw Failure(2) }
            return number
        }
        #expect(results.map { try? $0.get() } == [1, nil, 3])
        #expect(throws: Failure(2)) { try results[1].get() }
        let (first, second) = try await gatherResults({ 1 }, { throw Failure(2) } as @MainActor () async throws -> Int)
        #expect(try first.get() == 1)
        #expect(throws: Failure(2)) { try second.get() }
    }

    @Test("a caller that was cancelled before starts nothing")
    func cancelledBefore() async {
        let task = Task {
            withUnsafeCurrentTask { $0?.cancel() }
            await #expect(throws: CancellationError.self) { try await gather(1...3) { _ in await activity.track {} } }
            await #expect(throws: CancellationError.self) {
                try await gatherResults(1...3) { _ in await activity.track {} }
            }
            await #expect(throws: CancellationError.self) {
                _ = try await gather({ await activity.track {} }, { await activity.track {} })
            }
            await #expect(throws: CancellationError.self) {
                _ = try await gatherResults({ await activity.track {} }, { await activity.track {} })
            }
        }
        await task.value
        #expect(activity.started == 0)
    }

    @Test(
        "a caller that is cancelled when all have started gets the values that they return in spite of that",
        arguments: [2, 3])
    func valuesInSpiteOfCancellation(limit: Int) async throws {
        let gate = Promise<Int>()
        let task = Task {
            try await gather(1...2, limit: limit) { number in
                let work = Task { try await gate.future.value }
                return try await work.value + number
            }
        }
        await Task.yield()
        task.cancel()
        gate.succeed(10)
        #expect(try await task.value == [11, 12])
    }

    @Test("a caller of gatherResults that is cancelled meanwhile gets no results, when all bodies have ended")
    func resultsCancelled() async {
        let task = Task { try await gatherResults(1...3) { _ in try await activity.untilCancelled() } }
        await Task.yield()
        task.cancel()
        await #expect(throws: CancellationError.self) { try await task.value }
        #expect(activity.running == 0 && activity.cancelled == 3)
    }

    @Test("any number of bodies that never wait is run without nesting", arguments: [1, 1000, .max])
    func manyAtOnce(limit: Int) async throws {
        let values = try await gather(0..<20_000, limit: limit) { $0 }
        #expect(values.count == 20_000 && values.last == 19_999)
    }

    @Test("a body that cancels the caller stops the start, and is waited for")
    func bodyCancelsCaller() async {
        var caller: Task<Void, Never>?
        caller = Task {
            await Task.yield()
            await #expect(throws: CancellationError.self) {
                try await gather(1...5) { number in
                    if number == 2 { caller?.cancel() }
                    try await activity.untilCancelled()
                }
            }
        }
        await caller?.value
        #expect(activity.started == 2 && activity.running == 0)
    }

    @Test("a cancellation from another thread reaches the bodies")
    func cancelledFromAnotherThread() async {
        let task = Task { try await gather(1...3) { _ in try await activity.untilCancelled() } }
        await Task.yield()
        #expect(activity.running == 3)
        onAnotherThread { task.cancel() }
        _ = await task.result
        #expect(activity.running == 0)
    }

    @Test("task-local values reach the bodies, those that start late too")
    func taskLocals() async throws {
        let seen = try await Locals.$number.withValue(7) {
            try await gather(1...4, limit: 1) { _ in
                await Task.yield()
                return Locals.number
            }
        }
        #expect(seen == [7, 7, 7, 7])
    }
}

nonisolated enum Locals {
    @TaskLocal static var number = 0
}
