import MartletLoop
import Testing

@Suite("Semaphore")
struct SemaphoreTests {
    @Test("permits that are there are taken without suspending")
    func uncontended() async throws {
        let semaphore = Semaphore(permits: 3)
        try await expectNoSuspension {
            try await semaphore.acquire(2)
            try await semaphore.withPermit { #expect(semaphore.available == 0) }
            semaphore.release(2)
        }
        #expect(semaphore.available == 3)
    }

    @Test("no more tasks than permits are inside at the same time")
    func bounds() async throws {
        let semaphore = BoundedSemaphore(permits: 3)
        var inside = 0
        var most = 0
        let tasks = (0..<20).map { _ in
            Task {
                try await semaphore.withPermit {
                    inside += 1
                    most = max(most, inside)
                    await Task.yield()
                    inside -= 1
                }
            }
        }
        for task in tasks { try await task.value }
        #expect(most == 3)
        #expect(semaphore.available == 3)
    }

    @Test("one that wants many is not overtaken by those behind it that want few")
    func weightsAreFair() async throws {
        let semaphore = Semaphore(permits: 4)
        try await semaphore.acquire(3)
        var order: [Int] = []
        let tasks = [4, 1, 2, 1].enumerated().map { number, weight in
            Task.immediate { try await semaphore.withPermits(weight) { order.append(number) } }
        }
        #expect(semaphore.waiterCount == 4)
        #expect(semaphore.available == 1)
        #expect(!semaphore.tryAcquire())
        semaphore.release(3)
        for task in tasks { try await task.value }
        #expect(order == [0, 1, 2, 3])
        #expect(semaphore.available == 4)
    }

    @Test("when the first in line is cancelled those behind it go on with the permits that are there")
    func cancelledHead() async throws {
        let semaphore = Semaphore(permits: 1)
        let head = Task.immediate { try await semaphore.acquire(5) }
        let follower = Task.immediate { try await semaphore.acquire() }
        #expect(semaphore.waiterCount == 2)
        head.cancel()
        try await follower.value
        await #expect(throws: CancellationError.self) { try await head.value }
        #expect(semaphore.available == 0)
    }

    @Test("a plain semaphore may be given more permits than it began with, and none are asked for without a wait")
    func grows() async throws {
        let semaphore = Semaphore(permits: 0)
        #expect(!semaphore.tryAcquire())
        try await expectNoSuspension { try await semaphore.acquire(0) }
        semaphore.release(3)
        #expect(semaphore.tryAcquire(2))
        #expect(semaphore.available == 1)
    }

    @Test("misuse ends the program and names the place")
    func misuse() async {
        let released = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
            await MainActor.run { BoundedSemaphore(permits: 2).release() }
        }
        expect(released, says: "released 1 of a semaphore's", "2 of at most 2", "SemaphoreTests.swift:\(#line - 3)")
        let wanted = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
            try await BoundedSemaphore(permits: 2).acquire(3)
        }
        expect(wanted, says: "asked for 3 permits", "SemaphoreTests.swift:\(#line - 3)")
        let negative = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
            await MainActor.run { _ = Semaphore(permits: 1).tryAcquire(-1) }
        }
        expect(negative, says: "asked for -1 permits", "SemaphoreTests.swift:\(#line - 3)")
        let empty = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
            await MainActor.run { _ = BoundedSemaphore(permits: 0) }
        }
        expect(empty, says: "a bounded semaphore cannot have 0 permits", "SemaphoreTests.swift:\(#line - 3)")
    }
}
