import MartletLoop
import Testing

@testable import class MartletLoop.CompletionWatch
@testable import class MartletLoop.WaitTally

@Suite("wait")
struct WaitTests {
    private func sleeper(_ seconds: Int, failing: Bool = false) -> Task<Int, any Error> {
        Task.immediate {
            try await Task.sleep(for: .seconds(seconds), clock: .eventLoop)
            if failing { throw Failure(seconds) }
            return seconds
        }
    }

    @Test(
        "waits as long as the condition says",
        arguments: [
            (WaitCondition.firstCompleted, 1, 1), (.firstFailure, 2, 2), (.allCompleted, 3, 3),
        ])
    func conditions(condition: WaitCondition, seconds: Int, done: Int) async throws {
        try await withVirtualClock { clock in
            let start = clock.now
            let tasks = [sleeper(3), sleeper(2, failing: true), sleeper(1)]
            let result = try await wait(for: tasks, until: condition)
            #expect(clock.now - start == .seconds(seconds))
            #expect(result.done == tasks.suffix(done))
            #expect(result.pending == tasks.dropLast(done))
            #expect(result.pending.allSatisfy { !$0.isCancelled })
            for task in tasks { _ = await task.result }
            let all = try await wait(for: tasks)
            #expect(all.done == tasks)
            #expect(clock.now - start == .seconds(3))
        }
    }

    @Test("without a failure, the first failure is when all have ended")
    func noFailure() async throws {
        try await withVirtualClock { _ in
            let (done, _) = try await wait(for: [sleeper(1), sleeper(2)], until: .firstFailure)
            #expect(done.count == 2)
        }
    }

    @Test("nothing to wait for is no wait")
    func empty() async throws {
        for condition in [WaitCondition.firstCompleted, .firstFailure, .allCompleted] {
            let result = try await wait(for: [Task<Int, Never>](), until: condition)
            #expect(result.done.isEmpty && result.pending.isEmpty)
        }
    }

    @Test("a timeout ends the wait and nothing else", arguments: [Duration.seconds(2), .zero, .seconds(-1)])
    func timeout(limit: Duration) async throws {
        try await withVirtualClock { clock in
            let start = clock.now
            let tasks = [sleeper(1), sleeper(5)]
            let result = try await wait(for: tasks, timeout: limit)
            #expect(result.done.count == (limit > .zero ? 1 : 0))
            #expect(clock.now - start <= max(.milliseconds(1), limit))
            let value = try await tasks[1].value
            #expect(value == 5)
        }
    }

    @Test("a task given twice is waited for once, and is there twice")
    func duplicates() async throws {
        try await withVirtualClock { _ in
            let task = sleeper(1)
            let (done, _) = try await wait(for: [task, task])
            #expect(done == [task, task])
        }
    }

    @Test("waiting again and again for a task that goes on leaves one watch, and several may wait at a time")
    func repeatedWaits() async throws {
        try await withVirtualClock { clock in
            let long = sleeper(1000)
            for _ in 0..<10 {
                let (_, pending) = try await wait(for: [long, sleeper(1)], until: .firstCompleted)
                #expect(pending == [long])
            }
            let results = try await gather(1...3) { _ in try await wait(for: [long]).done.count }
            #expect(results == [1, 1, 1])
        }
    }

    @Test("all who wait for a task share its watch, and one that has stopped waiting is not held by it")
    func sharedWatch() async throws {
        try await withVirtualClock { _ in
            let task = sleeper(1000)
            let watch = CompletionWatch.over(task)
            #expect(CompletionWatch.over(task) === watch)
            weak var left: WaitTally?
            do {
                let tally = WaitTally([watch], until: .allCompleted)
                left = tally
                try await tally.wait(atMost: .seconds(1))
            }
            #expect(left == nil && watch.hasFailed == nil)
            _ = await task.result
            let (done, _) = try await wait(for: [task])
            #expect(done == [task] && watch.hasFailed == false)
        }
    }

    @Test("cancelling the caller ends its wait, and the tasks go on")
    func cancelled() async throws {
        try await withVirtualClock { clock in
            let task = sleeper(5)
            let waiter = Task { try await wait(for: [task], timeout: .seconds(3)) }
            await clock.settle()
            waiter.cancel()
            await #expect(throws: CancellationError.self) { try await waiter.value }
            #expect(!task.isCancelled)
            #expect(clock.armedTimers == 1)
            let value = try await task.value
            #expect(value == 5)
        }
    }

    @Test("futures are waited for like tasks, and waiting leaves nothing behind in them")
    func futures() async throws {
        let promises = (0..<3).map { _ in Promise<Int>() }
        let futures = promises.map(\.future)
        let none = try await wait(for: futures, timeout: .zero)
        #expect(none.done.isEmpty && none.pending.count == 3)
        promises[1].fail(Failure())
        let failed = try await wait(for: futures, until: .firstFailure)
        #expect(failed.done.count == 1 && failed.done.first === futures[1])
        EventLoop.main.callSoon {
            promises[0].succeed(1)
            futures[2].cancel()
        }
        let all = try await wait(for: futures)
        #expect(all.done.count == 3)
    }
}
