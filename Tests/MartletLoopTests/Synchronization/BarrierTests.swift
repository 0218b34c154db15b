import MartletLoop
import Testing

@Suite("Barrier")
struct BarrierTests {
    @Test("lets all go on when the last has come, again and again, each with a number of its own")
    func rounds() async throws {
        let barrier = Barrier(parties: 3)
        var arrived = [0, 0, 0]
        var numbers: [[Int]] = [[], [], []]
        let tasks = (0..<3).map { party in
            Task {
                for round in 0..<3 {
                    arrived[round] += 1
                    for _ in 0..<party { await Task.yield() }
                    let number = try await barrier.wait()
                    #expect(arrived[round] == 3)
                    numbers[round].append(number)
                }
            }
        }
        for task in tasks { try await task.value }
        for round in numbers { #expect(round.sorted() == [0, 1, 2]) }
        #expect(barrier.waiterCount == 0)
    }

    @Test("numbers are given in the order of arrival, and the last does not suspend")
    func numbers() async throws {
        let barrier = Barrier(parties: 3)
        let first = Task.immediate { try await barrier.wait() }
        let second = Task.immediate { try await barrier.wait() }
        try await expectNoSuspension {
            let number = try await barrier.wait()
            #expect(number == 2)
        }
        #expect(try await first.value == 0)
        #expect(try await second.value == 1)
    }

    @Test("a party that is cancelled leaves, and another may come in its place")
    func cancelled() async throws {
        let barrier = Barrier(parties: 2)
        let leaving = Task.immediate { try await barrier.wait() }
        leaving.cancel()
        await #expect(throws: CancellationError.self) { try await leaving.value }
        #expect(!barrier.isBroken)
        let first = Task.immediate { try await barrier.wait() }
        #expect(barrier.waiterCount == 1)
        #expect(try await barrier.wait() == 1)
        #expect(try await first.value == 0)
    }

    @Test("aborted, nobody gets through until it is reset")
    func aborted() async throws {
        let barrier = Barrier(parties: 2)
        let waiting = Task.immediate { try await barrier.wait() }
        barrier.abort()
        #expect(barrier.isBroken)
        await #expect { try await waiting.value } throws: { ($0 as? BarrierError)?.code == .aborted }
        await #expect { try await barrier.wait() } throws: { ($0 as? BarrierError)?.code == .aborted }
        barrier.reset()
        #expect(!barrier.isBroken)
        let again = Task.immediate { try await barrier.wait() }
        #expect(try await barrier.wait() == 1)
        #expect(try await again.value == 0)
    }

    @Test("reset while some wait, those get an error and the next round is whole")
    func reset() async throws {
        let barrier = Barrier(parties: 2)
        let waiting = Task.immediate { try await barrier.wait() }
        barrier.reset()
        await #expect { try await waiting.value } throws: { ($0 as? BarrierError)?.code == .reset }
        #expect(barrier.waiterCount == 0)
        #expect(!barrier.isBroken)
    }

    @Test("for one party it holds nobody back; for none it ends the program and names the place")
    func extremes() async throws {
        let single = Barrier(parties: 1)
        try await expectNoSuspension {
            let number = try await single.wait()
            #expect(number == 0)
        }
        let none = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
            await MainActor.run { _ = Barrier(parties: 0) }
        }
        expect(none, says: "a barrier cannot be for 0 parties", "BarrierTests.swift:\(#line - 3)")
    }
}
