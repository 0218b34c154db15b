import MartletLoop
import Testing

nonisolated extension CancellationScenario {
    static var synchronization: [CancellationScenario] {
        locks + conditions + semaphores + [
            CancellationScenario("an event") { trial in
                let event = trial.tracked(Event())
                trial.step { event.set() }
                trial.check("nobody waits") { event.waiterCount == 0 }
                return { try await event.wait() }
            },
            CancellationScenario("a barrier whose last party comes late") { trial in
                let barrier = trial.tracked(Barrier(parties: 3))
                var indices: [Int] = []
                trial.helper { indices.append(try await barrier.wait()) }
                trial.step { trial.helper { indices.append(try await barrier.wait()) } }
                // Stands in for the task under test when that has left.
                trial.step { if barrier.waiterCount == 2 { trial.helper { indices.append(try await barrier.wait()) } } }
                trial.check("three got through, each with a number of its own") { indices.sorted() == [0, 1, 2] }
                trial.check("nobody waits") { barrier.waiterCount == 0 }
                return { indices.append(try await barrier.wait()) }
            },
        ]
    }

    private static var locks: [CancellationScenario] {
        [
            CancellationScenario("a lock that somebody holds, and another waits for") { trial in
                let lock = trial.tracked(Lock())
                _ = lock.tryAcquire()
                var othersTurns = 0
                trial.step { trial.helper { try await lock.withLock { othersTurns += 1 } } }
                trial.step { lock.release() }
                trial.check("the lock is free and nobody waits") { !lock.isLocked && lock.waiterCount == 0 }
                trial.check("the other had it") { othersTurns == 1 }
                return {
                    try await lock.withLock {
                        await Task.yield()
                        await Task.yield()
                    }
                }
            },
            CancellationScenario("a lock that is acquired and released by hand") { trial in
                let lock = trial.tracked(Lock())
                _ = lock.tryAcquire()
                trial.step { lock.release() }
                trial.check("the lock is free and nobody waits") { !lock.isLocked && lock.waiterCount == 0 }
                return {
                    try await lock.acquire()
                    lock.release()
                }
            },
        ]
    }

    private static var conditions: [CancellationScenario] {
        [
            CancellationScenario("a condition, with the lock taken by others meanwhile") { trial in
                let condition = trial.tracked(Condition())
                var isReady = false
                var inside = 0
                trial.step {
                    trial.helper {
                        try await condition.withLock {
                            await Task.yield()
                            await Task.yield()
                            isReady = true
                            condition.notify()
                            await Task.yield()
                        }
                    }
                }
                trial.check("the lock is free and nobody waits") {
                    !condition.lock.isLocked && condition.lock.waiterCount == 0 && condition.waiterCount == 0
                }
                trial.check("nobody is inside") { inside == 0 }
                return {
                    try await condition.withLock {
                        inside += 1
                        defer {
                            inside -= 1
                            #expect(condition.lock.isLocked)
                        }
                        try await condition.wait(until: { isReady })
                    }
                }
            },
            CancellationScenario("a condition that another waits for as well, and one notification") { trial in
                let condition = trial.tracked(Condition())
                var through = 0
                trial.step {
                    trial.helper {
                        try await condition.withLock {
                            try await condition.wait()
                            through += 1
                        }
                    }
                }
                trial.step { try await condition.withLock { condition.notify() } }
                // For the helper, when the task under test had the first one.
                trial.step { if trial.isFinished { try await condition.withLock { condition.notify() } } }
                trial.check("no notification was lost") { through == (trial.isFinished ? 2 : 1) }
                trial.check("the lock is free and nobody waits") {
                    !condition.lock.isLocked && condition.waiterCount == 0
                }
                return {
                    try await condition.withLock {
                        try await condition.wait()
                        through += 1
                    }
                }
            },
        ]
    }

    private static var semaphores: [CancellationScenario] {
        [
            CancellationScenario("a semaphore, asked for more than there is before one that wants less") { trial in
                let semaphore = trial.tracked(Semaphore(permits: 2))
                _ = semaphore.tryAcquire(1)
                var othersTurns = 0
                trial.step { trial.helper { try await semaphore.withPermit { othersTurns += 1 } } }
                trial.step {
                    if trial.isCancelled { #expect(semaphore.waiterCount == 0, "the one behind is still held up") }
                    semaphore.release()
                }
                trial.check("all permits are back and nobody waits") {
                    semaphore.available == 2 && semaphore.waiterCount == 0
                }
                trial.check("the one behind had its permit") { othersTurns == 1 }
                return { try await semaphore.withPermits(2) { await Task.yield() } }
            },
            CancellationScenario("a semaphore, cancelled in the middle of the line") { trial in
                let semaphore = trial.tracked(BoundedSemaphore(permits: 3))
                _ = semaphore.tryAcquire(3)
                trial.helper { try await semaphore.withPermits(2) { await Task.yield() } }
                trial.step { trial.helper { try await semaphore.withPermits(3) { await Task.yield() } } }
                for _ in 0..<3 { trial.step { semaphore.release() } }
                trial.check("all permits are back and nobody waits") {
                    semaphore.available == 3 && semaphore.waiterCount == 0
                }
                return { try await semaphore.withPermits(2) { await Task.yield() } }
            },
            CancellationScenario("a semaphore whose permit comes free twice") { trial in
                let semaphore = trial.tracked(Semaphore(permits: 0))
                trial.step { semaphore.release() }
                trial.step { semaphore.release() }
                trial.check("two permits are there, or with the task that got them") {
                    semaphore.available == (trial.isFinished ? 0 : 2)
                }
                return {
                    var taken = 0
                    do {
                        for _ in 0..<2 {
                            try await semaphore.acquire()
                            taken += 1
                        }
                    } catch {
                        semaphore.release(taken)
                        throw error
                    }
                }
            },
        ]
    }
}
