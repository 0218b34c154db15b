import MartletLoop
import Testing

@testable import MartletQueue

@Suite struct ScheduleTests {
    @Test("a tick is served once, however many processes ask at the same time", arguments: Store.allCases)
    func once(store: Store) async throws {
        try await QueueCase.run(store) { place async throws in
            let queues = [try await place.open(), try await place.open()]
            let tick = QueueClock.system.wall()
            let ids = try await gather(0..<20) { number in
                try await queues[number % 2].backEnd.enqueue(NewJob("tick"), for: "s", at: tick)?.id
            }
            #expect(ids.compactMap { $0 }.count == 1)
            let backEnd = queues[0].backEnd
            #expect(try await backEnd.enqueue(NewJob("tick"), for: "s", at: tick - 1000) == nil)
            #expect(try await backEnd.enqueue(NewJob("tick"), for: "s", at: tick + 1000) != nil)
            #expect(try await backEnd.enqueue(NewJob("tick"), for: "other", at: tick) != nil)
            #expect(try await queues[1].counts().waiting == 3)
        }
    }

    @Test(
        "a tick far ahead, served before the clock was corrected, does not keep later ones from being served",
        arguments: Store.allCases)
    func corrected(store: Store) async throws {
        try await QueueCase.run(store) { place async throws in
            let backEnd = try await place.open().backEnd
            let now = QueueClock.system.wall()
            let ahead = now + 86_400_000
            #expect(try await backEnd.enqueue(NewJob("tick"), for: "s", at: ahead) != nil)
            #expect(try await backEnd.enqueue(NewJob("tick"), for: "s", at: now) != nil)
            #expect(try await backEnd.enqueue(NewJob("tick"), for: "s", at: now) == nil)
        }
    }

    @Test("a recurring job comes once for each time, from all processes together", arguments: Store.allCases)
    func recurring(store: Store) async throws {
        try await QueueCase.run(store) { place async throws in
            let queues = [try await place.open(), try await place.open()]
            var runs = 0
            let began = QueueClock.system.wall()
            for queue in queues {
                queue.handle("tick") { _ in runs += 1 }
                queue.schedule("every second", .every(.seconds(1)), NewJob("tick"))
            }
            try await queues[0].processing {
                try await queues[1].processing {
                    try await eventually("three ticks") { try await queues[0].counts().done >= 3 ? true : nil }
                }
            }
            let jobs = try await queues[0].statuses(.done)
            #expect(jobs.count == runs)
            // After a whole second each, and no two for the same one.
            let seconds = (jobs.map(\.created).max() ?? began) / 1000 - began / 1000
            #expect(jobs.count <= seconds, "\(began): \(jobs.map(\.created))")
        }
    }

    @Test("a recurring job that is none is not enqueued, and is no crash") func bad() async throws {
        try await QueueCase.run(.sqlite) { place async throws in
            let queue = try await place.open()
            queue.schedule("bad", .every(.seconds(1)), NewJob(""))
            queue.schedule("good", .every(.seconds(1)), NewJob("tick"))
            queue.handle("tick") { _ in }
            try await queue.processing {
                try await eventually("the good one") { try await queue.counts().done >= 1 ? true : nil }
            }
            #expect(try await queue.statuses(.done).allSatisfy { $0.kind == "tick" })
        }
    }
}
