import MartletLoop
import Testing

@Suite("Event")
struct EventTests {
    @Test("an event that is set lets on all that wait, in their order, and later ones at once")
    func setWakesAll() async throws {
        let event = Event()
        var order: [Int] = []
        let tasks = (0..<3).map { number in
            Task.immediate {
                try await event.wait()
                order.append(number)
            }
        }
        #expect(event.waiterCount == 3)
        #expect(!event.isSet)
        event.set()
        for task in tasks { try await task.value }
        #expect(order == [0, 1, 2])
        #expect(event.isSet)
        try await expectNoSuspension { try await event.wait() }
    }

    @Test("an event that is cleared right after it was set has happened for those who waited")
    func setAndCleared() async throws {
        let event = Event()
        let task = Task.immediate { try await event.wait() }
        event.set()
        event.clear()
        try await task.value
        #expect(!event.isSet)
        let next = Task.immediate { try await event.wait() }
        #expect(event.waiterCount == 1)
        event.set()
        event.set()
        try await next.value
    }
}
