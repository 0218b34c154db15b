import MartletLoop
import Testing

@Suite("Lock")
struct LockTests {
    @Test("a free lock is acquired without suspending, by a cancelled task as well")
    func uncontended() async throws {
        let lock = Lock()
        try await expectNoSuspension {
            try await lock.acquire()
            lock.release()
            try await lock.withLock {}
        }
        let cancelled = Task {
            try await lock.withLock { Task.isCancelled }
        }
        cancelled.cancel()
        #expect(try await cancelled.value)
        #expect(!lock.isLocked)
    }

    @Test("it goes to tasks in the order in which they came, and nobody comes between")
    func fair() async throws {
        let lock = Lock()
        try await lock.acquire()
        var order: [Int] = []
        let tasks = (0..<5).map { number in
            Task.immediate { try await lock.withLock { order.append(number) } }
        }
        #expect(lock.waiterCount == 5)
        lock.release()
        #expect(lock.isLocked)
        #expect(!lock.tryAcquire())
        for task in tasks { try await task.value }
        #expect(order == [0, 1, 2, 3, 4])
        #expect(!lock.isLocked)
    }

    @Test("only one task is in the section at a time")
    func exclusive() async throws {
        let lock = Lock()
        var inside = 0
        var turns = 0
        let tasks = (0..<10).map { _ in
            Task {
                for _ in 0..<10 {
                    try await lock.withLock {
                        inside += 1
                        #expect(inside == 1)
                        await Task.yield()
                        inside -= 1
                        turns += 1
                    }
                }
            }
        }
        for task in tasks { try await task.value }
        #expect(turns == 100)
    }

    @Test("a section that throws releases it")
    func releasesOnError() async {
        struct Failure: Error {}
        let lock = Lock()
        await #expect(throws: Failure.self) { try await lock.withLock { throw Failure() } }
        #expect(!lock.isLocked)
    }

    @Test("it may be used from tasks that are not on the main actor")
    func fromElsewhere() async throws {
        let lock = Lock()
        try await elsewhere(lock)
        #expect(!lock.isLocked)
    }

    @concurrent
    private nonisolated func elsewhere(_ lock: Lock) async throws {
        try await lock.withLock { await Task.yield() }
        try await lock.acquire()
        await lock.release()
    }

    @Test("releasing a lock that nobody holds ends the program and names the place")
    func releasedTooOften() async {
        let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
            await MainActor.run { Lock().release() }
        }
        expect(result, says: "released a lock that nobody holds", "LockTests.swift:\(#line - 3)")
    }
}

/// Runs `body`, which must not wait: nothing else may run on the loop meanwhile.
func expectNoSuspension(_ body: () async throws -> Void, at place: SourceLocation = #_sourceLocation) async throws {
    var hasLoopTurned = false
    EventLoop.main.callSoon { hasLoopTurned = true }
    try await body()
    #expect(!hasLoopTurned, "it suspended", sourceLocation: place)
}

/// Expects of a process that its last words contain each of these.
func expect(_ result: ExitTest.Result?, says words: String..., at place: SourceLocation = #_sourceLocation) {
    let text = String(decoding: result?.standardErrorContent ?? [], as: UTF8.self)
    for word in words { #expect(text.contains(word), "\(word) is not in: \(text)", sourceLocation: place) }
}
