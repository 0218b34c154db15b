import MartletLoop
import Testing

@Suite("Condition")
struct ConditionTests {
    @Test(
        "a notification lets on as many as it says, those first that have waited longest", arguments: [0, 1, 2, 5, 9])
    func notifies(count: Int) async throws {
        let condition = Condition()
        var order: [Int] = []
        let tasks = (0..<5).map { number in
            Task.immediate {
                try await condition.withLock {
                    try await condition.wait()
                    #expect(condition.lock.isLocked)
                    order.append(number)
                }
            }
        }
        #expect(condition.waiterCount == 5)
        try await condition.withLock { condition.notify(count) }
        // Those that were let on queue for the lock, and this after them.
        await Task.yield()
        try await condition.withLock {}
        #expect(order == Array(0..<min(5, count)))
        try await condition.withLock { condition.notifyAll() }
        for task in tasks { try await task.value }
        #expect(order == [0, 1, 2, 3, 4])
    }

    @Test("a wait for a predicate asks it again after each notification, and not when it holds")
    func predicate() async throws {
        let condition = Condition()
        var level = 0
        let task = Task.immediate {
            try await condition.withLock {
                try await condition.wait(until: { level >= 3 })
                return level
            }
        }
        for _ in 0..<3 {
            #expect(condition.waiterCount == 1)
            try await condition.withLock {
                level += 1
                condition.notify()
            }
            await Task.yield()
            try await condition.withLock {}
        }
        #expect(try await task.value == 3)
        try await expectNoSuspension {
            try await condition.withLock { try await condition.wait(until: { level >= 3 }) }
        }
    }

    @Test("a wait that is cancelled throws only when it holds the lock again")
    func cancelled() async throws {
        let condition = Condition()
        let task = Task.immediate {
            try await condition.lock.acquire()
            defer { condition.lock.release() }
            do {
                try await condition.wait()
            } catch {
                #expect(condition.lock.isLocked)
                #expect(Task.isCancelled)
                throw error
            }
        }
        try await condition.lock.acquire()
        task.cancel()
        await Task.yield()
        #expect(condition.lock.waiterCount == 1)
        #expect(condition.waiterCount == 0)
        condition.lock.release()
        await #expect(throws: CancellationError.self) { try await task.value }
        #expect(!condition.lock.isLocked)
    }

    @Test("waiting and notifying without the lock ends the program and names the place")
    func withoutLock() async {
        let waited = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
            try await ConditionTests.waitWithoutLock()
        }
        expect(waited, says: "waited on a condition whose lock nobody holds", "ConditionTests.swift:")
        let notified = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
            await MainActor.run { Condition().notifyAll() }
        }
        expect(notified, says: "notified a condition", "ConditionTests.swift:\(#line - 3)")
    }

    private static func waitWithoutLock() async throws {
        try await Condition().wait(until: { false })
    }
}
