import MartletLoop
import Testing

@testable import MartletQueue

/// Jobs of one key, of which those that wait for another one must not be forgotten.
@Suite struct KeyTests {
    private static func jobs(_ count: Int, _ key: String = "k") -> [NewJob] {
        (0..<count).map { _ in NewJob("work", [], JobOptions(key: key)) }
    }

    /// Runs the first of some jobs, so that the second one is let go, and the others are held.
    private static func begin(_ queue: WorkQueue) async throws -> [Int] {
        let ids = try await queue.enqueue(contentsOf: jobs(4)).map(\.id)
        let first = try #require(try await queue.backEnd.claim(9, by: "w").jobs.first)
        #expect(try await queue.counts().held == 3)
        #expect(try await queue.backEnd.finish(first.lease, .succeeded, note: nil))
        return ids
    }

    @Test("when the job that was let go is deleted, the next one of its key goes on", arguments: Store.allCases)
    func deleted(store: Store) async throws {
        try await QueueCase.run(store) { place async throws in
            let queue = try await place.open()
            let ids = try await Self.begin(queue)
            try await queue.delete(ids[1])
            #expect(try await queue.backEnd.claim(9, by: "w").jobs.map(\.lease.job) == [ids[2]])
        }
    }

    @Test("when those that wait are purged, the next one of their key goes on", arguments: Store.allCases)
    func purged(store: Store) async throws {
        try await QueueCase.run(store) { place async throws in
            let queue = try await place.open()
            let ids = try await Self.begin(queue)
            #expect(try await queue.backEnd.delete(all: .waiting, limit: 1) == 1)
            #expect(try await queue.backEnd.claim(9, by: "w").jobs.map(\.lease.job) == [ids[2]])
        }
    }

    @Test(
        "a job that is deleted while it runs keeps its key until its worker has left it, or is lost",
        arguments: Store.allCases)
    func deletedRunning(store: Store) async throws {
        try await QueueCase.run(store) { place async throws in
            for end in ["leave", "finish", "release", "lease"] {
                var settings = QueueSettings()
                if end == "lease" { settings.visibilityTimeout = .milliseconds(100) }
                let queue = try await place.open("deleted-\(end)", settings)
                let ids = try await queue.enqueue(contentsOf: Self.jobs(2, "k")).map(\.id)
                let lease = try #require(try await queue.backEnd.claim(1, by: "one").jobs.first?.lease)
                #expect(try await queue.backEnd.delete(ids[0]))
                // Nobody sees it any more, but for its worker.
                #expect(try await queue.backEnd.delete(ids[0]) == false)
                #expect(try await queue.status(of: ids[0]) == nil)
                #expect(try await queue.payload(of: ids[0]) == nil)
                #expect(try await queue.statuses(.running).isEmpty)
                #expect(try await queue.counts().running == 0)
                if end != "lease" {
                    #expect(try await queue.backEnd.claim(5, by: "two").jobs.isEmpty)
                    #expect(try await queue.backEnd.renew([JobReport(lease: lease)]) == [lease])
                    #expect(try await queue.backEnd.claim(5, by: "two").jobs.isEmpty)
                }
                switch end {
                case "leave": try await queue.backEnd.leave(lease)
                case "finish": #expect(try await queue.backEnd.finish(lease, .succeeded, note: nil) == false)
                case "release": #expect(try await queue.backEnd.release(all: "one") == 1)
                default: break
                }
                let next = try await eventually("the next one of the key is claimed") {
                    try await queue.backEnd.claim(5, by: "two").jobs.first
                }
                #expect(next.lease.job == ids[1])
                #expect(try await queue.backEnd.finish(next.lease, .succeeded, note: nil) || end == "lease")
                #expect(try await queue.counts().dead == 0)
            }
        }
    }

    @Test(
        "jobs of a key never run side by side, though those that run are deleted elsewhere", arguments: Store.allCases)
    func deletedElsewhere(store: Store) async throws {
        try await QueueCase.run(store) { place async throws in
            var settings = QueueSettings()
            settings.visibilityTimeout = .seconds(3)
            let queue = try await place.open("elsewhere", settings)
            let other = try await place.open("elsewhere", settings)
            var (running, most, begun) = (0, 0, 0)
            queue.handle("work") { _ in
                running += 1
                most = max(most, running)
                begun += 1
                defer { running -= 1 }
                try await Event().wait()
            }
            let jobs = try await queue.enqueue(contentsOf: Self.jobs(3, "k"))
            try await queue.processing {
                for (index, job) in jobs.enumerated() {
                    try await eventually("it runs") { begun == index + 1 ? true : nil }
                    try await other.delete(job.id)
                }
                try await eventually("the last one is cancelled") { running == 0 ? true : nil }
            }
            #expect(most == 1)
        }
    }

    @Test("a job that is deleted while another one of its key runs lets nothing go", arguments: Store.allCases)
    func running(store: Store) async throws {
        try await QueueCase.run(store) { place async throws in
            let queue = try await place.open()
            _ = try await queue.enqueue(contentsOf: Self.jobs(2))
            #expect(try await queue.backEnd.claim(9, by: "w").jobs.count == 1)
            let third = try await queue.enqueue(contentsOf: Self.jobs(1))
            try await queue.delete(third[0].id)
            #expect(try await queue.counts().held == 1)
            #expect(try await queue.backEnd.claim(9, by: "w").jobs.isEmpty)
        }
    }

    @Test("whatever is done to the jobs of two keys, none is held for ever", arguments: Store.allCases)
    func random(store: Store) async throws {
        try await QueueCase.run(store) { place async throws in
            let queue = try await place.open()
            for seed in 1...4 as ClosedRange<UInt64> { try await Self.play(queue.backEnd, seed) }
            #expect(try await queue.counts().held == 0)
            #expect(try await queue.counts().waiting == 0)
        }
    }

    private static func play(_ backEnd: any QueueBackEnd, _ seed: UInt64) async throws {
        var generator = Numbers(state: seed)
        var (known, leases): ([Int], [JobLease]) = ([], [])
        for step in 0..<80 {
            switch Int.random(in: 0..<10, using: &generator) {
            case 0..<4:
                let key = Bool.random(using: &generator) ? "a" : "b"
                known += try await backEnd.enqueue(jobs(1, key)).map(\.id)
            case 4, 5: leases += try await backEnd.claim(1, by: "w").jobs.map(\.lease)
            case 6, 7:
                guard let lease = leases.popLast() else { continue }
                let outcome: JobOutcome = step % 3 == 0 ? .dead(error: "no") : step % 3 == 1 ? .returned : .succeeded
                _ = try await backEnd.finish(lease, outcome, note: nil)
            case 8:
                guard let id = known.randomElement(using: &generator) else { continue }
                _ = try await backEnd.delete(id)
            default: _ = try await backEnd.delete(all: step % 2 == 0 ? .waiting : .running, limit: 1)
            }
        }
        for lease in leases { _ = try await backEnd.finish(lease, .succeeded, note: nil) }
        while true {
            let claimed = try await backEnd.claim(9, by: "w")
            for job in claimed.jobs { _ = try await backEnd.finish(job.lease, .succeeded, note: nil) }
            if claimed.jobs.isEmpty, !claimed.hasMore { return }
        }
    }

    /// The same numbers each time.
    private struct Numbers: RandomNumberGenerator {
        var state: UInt64

        mutating func next() -> UInt64 {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return state ^ (state >> 29)
        }
    }
}
