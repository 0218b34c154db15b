import MartletLoop
import MartletSQLite
import Testing

@testable import MartletQueue

/// What a claim finds among many, and says of what it has not found.
@Suite struct ClaimTests {
    @Test("whoever has room for little does not spin while many jobs run elsewhere", arguments: Store.allCases)
    func running(store: Store) async throws {
        try await QueueCase.run(store) { place async throws in
            let queue = try await place.open()
            _ = try await queue.enqueue(contentsOf: (0..<30).map { _ in NewJob("work") })
            #expect(try await queue.backEnd.claim(30, by: "one").jobs.count == 30)
            let claimed = try await queue.backEnd.claim(1, by: "two")
            #expect(claimed.jobs.isEmpty && !claimed.hasMore)
        }
    }

    @Test("a lost job is found behind many whose workers live", arguments: Store.allCases)
    func lost(store: Store) async throws {
        try await QueueCase.run(store) { place async throws in
            var settings = QueueSettings()
            settings.visibilityTimeout = .seconds(3)
            let queue = try await place.open("lost", settings)
            let ids = try await queue.enqueue(contentsOf: (0..<16).map { _ in NewJob("work") }).map(\.id)
            let jobs = try await queue.backEnd.claim(16, by: "one").jobs
            let alive = jobs.filter { $0.lease.job != ids[15] }.map { JobReport(lease: $0.lease) }
            let next = try await eventually("its lease is over") { () async throws -> ClaimedJob? in
                #expect(try await queue.backEnd.renew(alive) == [])
                return try await queue.backEnd.claim(1, by: "two").jobs.first
            }
            #expect(next.lease.job == ids[15] && next.attempt == 2)
        }
    }

    @Test("a job is found behind more of a key that runs than are looked at at once", arguments: Store.allCases)
    func held(store: Store) async throws {
        try await QueueCase.run(store) { place async throws in
            let queue = try await place.open()
            let of = JobOptions(key: "k")
            _ = try await queue.enqueue(contentsOf: (0..<1500).map { _ in NewJob("work", [], of) })
            let free = try await queue.enqueue("free")
            #expect(try await queue.backEnd.claim(1, by: "one").jobs.map(\.key) == ["k"])
            for _ in 0..<10 {
                let claimed = try await queue.backEnd.claim(1, by: "one")
                if let job = claimed.jobs.first {
                    #expect(job.lease.job == free.id)
                    return
                }
                #expect(claimed.hasMore)
            }
            Issue.record("it is never found")
        }
    }

    @Test("what a queue keeps of jobs that have ended is trimmed without being sorted") func plans() async throws {
        let connection = try SQLiteConnection(":memory:")
        try connection.migrate(JobSchema.migrations)
        let old = try connection.query("EXPLAIN QUERY PLAN " + JobTable.trimOld, "q", 5, 16)
        let surplus = try connection.query("EXPLAIN QUERY PLAN " + JobTable.trimSurplus, "q", "dead", 16)
        for plan in [old, surplus] {
            let steps = try plan.map { try $0.text("detail") }
            #expect(
                steps.contains { $0.contains("jobs_finished") } && !steps.contains { $0.contains("B-TREE") }, "\(steps)"
            )
        }
    }

    @Test("more calls than a queue lets wait are refused as what passes") func burst() async throws {
        try await QueueCase.run(.sqlite) { place async throws in
            let queue = try await place.open()
            let other = try SQLiteConnection(place.path)
            try other.execute("BEGIN IMMEDIATE")
            var (refused, others) = (0, 0)
            let calls = (0..<11_500).map { _ in
                Task {
                    do { _ = try await queue.backEnd.renew([]) } catch let error as WorkQueueError
                        where error.code == .unavailable
                    { refused += 1 } catch { others += 1 }
                }
            }
            try await eventually("some are refused") { refused > 0 ? true : nil }
            try other.execute("ROLLBACK")
            for call in calls { await call.value }
            #expect(others == 0)
            #expect(try await queue.backEnd.renew([]) == [])
        }
    }

    @Test("only a process of this machine that is not there is gone") func gone() async throws {
        let parts = WorkerName.make().split(separator: "/")
        let (host, own) = (parts[0], parts[1])
        #expect(try await WorkerName.isGone("\(host)/2147483646/x"))
        for name in ["\(host)/\(own)/x", "other-than-\(host)/2147483646/x", "\(host)/-1/x", "\(host)/0/x", "x", ""] {
            #expect(try await !WorkerName.isGone(name, within: .zero), "\(name)")
        }
    }

    // MARK: Ends

    /// What a client that throws errors of its own makes of a cancellation.
    nonisolated struct Interrupted: CancellationReporting {
        var isCancellation: Bool { true }
    }

    @Test("a handler that was stopped has not failed, whichever error says so", arguments: Store.allCases)
    func interrupted(store: Store) async throws {
        try await QueueCase.run(store) { place async throws in
            let queue = try await place.open()
            queue.handle("work") { _ in
                do { try await Event().wait() } catch { throw Interrupted() }
            }
            let job = try await queue.enqueue("work", [], JobOptions(attempts: 1))
            try await queue.processing(grace: .zero) { try await queue.wait(job.id, until: .running) }
            let status = try #require(try await queue.status(of: job.id))
            #expect(status.state == .waiting && status.attempts == 0)
        }
    }

    @Test("a handler is cancelled when its lease ends, though nobody says that it is lost") func expiry() async throws {
        try await QueueCase.run(.sqlite) { place async throws in
            let queue = try await place.open()
            _ = try await queue.enqueue("work")
            let job = try #require(try await queue.backEnd.claim(1, by: "w").jobs.first)
            let running = RunningJob(job, leaseEnd: .readClock() + .seconds(3600))
            let begun = Event()
            let work = Task {
                try await running.run {
                    begun.set()
                    try await Event().wait()
                }
            }
            try await begun.wait()
            running.leaseEnd = .readClock() + .milliseconds(10)
            await #expect(throws: CancellationError.self) { try await work.value }
            #expect(running.end == .lost)
        }
    }

    @Test("a job that is given back before it has begun has not failed, even where nobody handles it")
    func unhandled() async throws {
        try await QueueCase.run(.sqlite) { place async throws in
            let queue = try await place.open()
            _ = try await queue.enqueue("unknown", [], JobOptions(attempts: 1))
            let job = try #require(try await queue.backEnd.claim(1, by: "w").jobs.first)
            let running = RunningJob(job, leaseEnd: .readClock() + .seconds(3600))
            running.cancel(because: .stopped)
            guard case .returned = await JobExecution(running: running, queue: queue).run(onReport: { _, _ in }) else {
                Issue.record("it counts as something else")
                return
            }
        }
    }

    @Test("a watch that nobody has any more harms nobody") func watch() async throws {
        try await QueueCase.run(.sqlite) { place async throws in
            let queue = try await place.open()
            var isTold = false
            var forgotten: DatabaseWatch? = DatabaseWatch(place.path) {}
            #expect(forgotten?.isTold == true)
            let watch = DatabaseWatch(place.path) { isTold = true }
            forgotten = nil
            _ = try await queue.enqueue("work")
            try await eventually("the other one is told") { isTold ? true : nil }
            watch.cancel()
        }
    }
}
