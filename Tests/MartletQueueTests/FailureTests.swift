import MartletLoop
import Testing

@testable import MartletQueue

@Suite struct FailureTests {
    @Test("a job that fails is tried again until it succeeds", arguments: Store.allCases) func retries(store: Store)
        async throws
    {
        try await QueueCase.run(store) { place async throws in
            let queue = try await place.open()
            var attempts: [Int] = []
            queue.handle("flaky") { context in
                attempts.append(context.attempt)
                if context.attempt < 3 { throw Broken("not yet") }
            }
            let backoff = JobBackoff.exponential(from: .milliseconds(20), to: .milliseconds(40))
            let job = try await queue.enqueue("flaky", [], JobOptions(backoff: backoff))
            try await queue.processing {
                let done = try await queue.wait(job.id, until: .done)
                #expect(done.attempts == 3 && done.error == nil)
            }
            #expect(attempts == [1, 2, 3])
        }
    }

    @Test("a job that fails too often is a dead letter with its last error", arguments: Store.allCases)
    func deadLetters(store: Store) async throws {
        try await QueueCase.run(store) { place async throws in
            let queue = try await place.open()
            var isMended = false
            queue.handle("broken") { context in
                if !isMended { throw Broken("attempt \(context.attempt) failed") }
            }
            let options = JobOptions(attempts: 2, backoff: .none)
            let jobs = try await queue.enqueue(contentsOf: (0..<3).map { _ in NewJob("broken", [1, 2], options) })
            try await queue.processing {
                for job in jobs {
                    let dead = try await queue.wait(job.id, until: .dead)
                    #expect(dead.attempts == 2 && dead.error == "attempt 2 failed" && dead.finished != nil)
                }
                #expect(try await queue.statuses(.dead).map(\.id) == jobs.map(\.id))
                #expect(try await queue.statuses(.dead, after: jobs[0].id, limit: 1).map(\.id) == [jobs[1].id])
                #expect(try await queue.payload(of: jobs[0].id) == [1, 2])
                isMended = true
                try await queue.retry(jobs[0].id)
                #expect(try await queue.wait(jobs[0].id, until: .done).attempts == 1)
                let error = await refusal { try await queue.retry(jobs[0].id) }
                #expect(error?.code == .wrongState)
                #expect(try await queue.retryDead() == 2)
                for job in jobs { try await queue.wait(job.id, until: .done) }
            }
            #expect(try await queue.counts().dead == 0)
            #expect(try await queue.purge(.done) == 3)
            #expect(try await queue.counts() == QueueCounts())
            let error = await refusal { try await queue.delete(jobs[0].id) }
            #expect(error?.code == .notFound)
            let missing = await refusal { try await queue.retry(12_345) }
            #expect(missing?.code == .notFound)
        }
    }

    nonisolated struct Busy: RetryHint {
        var retryAfter: Duration? { .seconds(3000) }
    }

    @Test("errors say whether and when to try again", arguments: Store.allCases) func hints(store: Store) async throws {
        try await QueueCase.run(store) { place async throws in
            let queue = try await place.open()
            queue.handle("hopeless") { _ in throw PermanentJobFailure("there is no such account") }
            queue.handle("busy") { _ in throw Busy() }
            queue.handle("number") { _ = try $0.decode(Int.self) }
            let hopeless = try await queue.enqueue("hopeless")
            let busy = try await queue.enqueue("busy", [], JobOptions(backoff: .none))
            let number = try await queue.enqueue("number", Array("\"x\"".utf8))
            let unknown = try await queue.enqueue("unknown", [], JobOptions(attempts: 1))
            try await queue.processing {
                #expect(try await queue.wait(hopeless.id, until: .dead).error == "there is no such account")
                let later = try await queue.wait(busy.id, until: .scheduled)
                #expect(later.due - (later.started ?? 0) >= 3_000_000)
                #expect(try await queue.wait(number.id, until: .dead).error?.contains("Int") == true)
                #expect(try await queue.wait(unknown.id, until: .dead).error?.contains("no handler") == true)
            }
        }
    }

    @Test("an attempt that takes too long is cancelled and counts as a failure", arguments: Store.allCases)
    func timeouts(store: Store) async throws {
        try await QueueCase.run(store) { place async throws in
            let queue = try await place.open()
            queue.handle("slow") { _ in try await Event().wait() }
            let job = try await queue.enqueue("slow", [], JobOptions(attempts: 1, timeout: .milliseconds(30)))
            try await queue.processing {
                let dead = try await queue.wait(job.id, until: .dead)
                #expect(dead.error?.contains("job") == true, "\(dead)")
            }
        }
    }

    @Test(
        "a job whose worker is not heard of goes to another one, and the first has nothing more to say of it",
        arguments: Store.allCases)
    func leases(store: Store) async throws {
        try await QueueCase.run(store) { place async throws in
            var settings = QueueSettings()
            let patient = try await place.open("leases", settings)
            settings.visibilityTimeout = .milliseconds(200)
            let queue = try await place.open("leases", settings)
            let job = try await queue.enqueue("x", [9], JobOptions(key: "k"))
            let first = try #require(try await patient.backEnd.claim(3, by: "one").jobs.first)
            #expect(first.payload == [9] && first.attempt == 1)
            #expect(try await patient.backEnd.claim(3, by: "two").jobs.isEmpty)
            // In SQLite the one who claims says how long a lease is, in Redis the one who takes over.
            if store == .sqlite { _ = try await queue.backEnd.renew([JobReport(lease: first.lease)]) }
            let second = try await eventually("the lease is over") {
                try await queue.backEnd.claim(3, by: "two").jobs.first
            }
            #expect(second.lease.job == job.id && second.attempt == 2 && second.lease != first.lease)
            #expect(try await queue.backEnd.renew([JobReport(lease: first.lease, progress: 0.9)]) == [first.lease])
            #expect(try await queue.backEnd.finish(first.lease, .succeeded, note: nil) == false)
            #expect(try await queue.backEnd.finish(first.lease, .dead(error: "no"), note: nil) == false)
            #expect(try await queue.status(of: job.id)?.progress == 0)
            #expect(try await queue.backEnd.renew([JobReport(lease: second.lease, progress: 0.5, note: "half")]) == [])
            let status = try #require(try await queue.status(of: job.id))
            #expect(status.progress == 0.5 && status.note == "half" && status.worker == "two")
            #expect(try await queue.backEnd.finish(second.lease, .succeeded, note: nil))
            #expect(try await queue.backEnd.finish(second.lease, .succeeded, note: nil) == false)
        }
    }

    @Test("a job that takes its worker with it again and again ends as a dead letter", arguments: Store.allCases)
    func poison(store: Store) async throws {
        try await QueueCase.run(store) { place async throws in
            var settings = QueueSettings()
            settings.visibilityTimeout = .milliseconds(100)
            let queue = try await place.open("poison", settings)
            let job = try await queue.enqueue("poison", [], JobOptions(key: "k", attempts: 3))
            let next = try await queue.enqueue("fine", [], JobOptions(start: .after(.milliseconds(1)), key: "k"))
            var victims = 0
            let survivor = try await eventually("the other one's turn") { () async throws -> ClaimedJob? in
                for claimed in try await queue.backEnd.claim(1, by: "victim").jobs {
                    if claimed.lease.job == next.id { return claimed }
                    victims += 1
                }
                return nil
            }
            #expect(victims == 3 && survivor.lease.job == next.id)
            let dead = try #require(try await queue.status(of: job.id))
            #expect(dead.state == .dead && dead.attempts == 3)
            #expect(dead.error?.contains("victim was lost") == true && dead.error?.contains("3 of 3") == true)
        }
    }

    @Test("a worker that lives keeps its jobs, however long they take", arguments: Store.allCases)
    func heartbeat(store: Store) async throws {
        try await QueueCase.run(store) { place async throws in
            var settings = QueueSettings()
            settings.visibilityTimeout = .seconds(3)
            let (queue, other) = (try await place.open("long", settings), try await place.open("long", settings))
            var attempts = 0
            let gate = Event()
            for each in [queue, other] {
                each.handle("long") { _ in
                    attempts += 1
                    try await gate.wait()
                }
            }
            let job = try await queue.enqueue("long")
            try await queue.processing {
                let running = try await queue.wait(job.id, until: .running)
                try await other.processing {
                    let started = try #require(running.started)
                    try await eventually("two visibility timeouts have passed") {
                        QueueClock.system.wall() > started + 6000 ? true : nil
                    }
                    #expect(try await other.status(of: job.id)?.attempts == 1)
                    gate.set()
                    #expect(try await queue.wait(job.id, until: .done).attempts == 1)
                }
            }
            #expect(attempts == 1)
        }
    }

    @Test("a job that is deleted while it runs is cancelled, and others of its key go on", arguments: Store.allCases)
    func deletion(store: Store) async throws {
        try await QueueCase.run(store) { place async throws in
            var settings = QueueSettings()
            settings.visibilityTimeout = .milliseconds(600)
            let queue = try await place.open("deleted", settings)
            var cancelled = 0
            queue.handle("stuck") { _ in
                do { try await Event().wait() } catch {
                    cancelled += 1
                    throw error
                }
            }
            queue.handle("fine") { _ in }
            let stuck = try await queue.enqueue("stuck", [], JobOptions(key: "k"))
            try await queue.processing {
                try await queue.wait(stuck.id, until: .running)
                let fine = try await queue.enqueue("fine", [], JobOptions(key: "k"))
                try await queue.wait(fine.id, until: .held)
                try await queue.delete(stuck.id)
                try await queue.wait(fine.id, until: .done)
                try await eventually("it is cancelled") { cancelled == 1 ? true : nil }
            }
            #expect(try await queue.status(of: stuck.id) == nil)
            #expect(try await queue.counts().running == 0)
        }
    }

    @Test("a job that is deleted where it runs is cancelled without a word of the queue", arguments: Store.allCases)
    func deletionAtHome(store: Store) async throws {
        try await QueueCase.run(store) { place async throws in
            var settings = QueueSettings()
            settings.visibilityTimeout = .seconds(3600)
            let queue = try await place.open("deleted", settings)
            let cancelled = Event()
            queue.handle("stuck") { _ in
                defer { cancelled.set() }
                try await Event().wait()
            }
            let stuck = try await queue.enqueue("stuck")
            try await queue.processing {
                try await queue.wait(stuck.id, until: .running)
                try await queue.delete(stuck.id)
                try await cancelled.wait()
            }
            #expect(try await queue.status(of: stuck.id) == nil)
        }
    }

    @Test("whoever is idle elsewhere is told of a job when it can be seen, and does not look by itself")
    func told() async throws {
        try await QueueCase.run(.sqlite) { place async throws in
            var settings = QueueSettings()
            settings.patrol = .seconds(3600)
            let queue = try await place.open("told", settings, isDurable: true)
            let other = try await place.open("told", settings, isDurable: true)
            other.handle("work") { _ in }
            try await other.processing {
                for _ in 0..<10 {
                    let job = try await queue.enqueue("work")
                    try await other.wait(job.id, until: .done)
                }
            }
        }
    }

    @Test(
        "a worker that ends waits for its jobs; those that take too long go back, and the attempt does not count",
        arguments: Store.allCases)
    func draining(store: Store) async throws {
        try await QueueCase.run(store) { place async throws in
            let queue = try await place.open()
            let (gate, begun) = (Event(), Event())
            queue.handle("quick") { _ in
                begun.set()
                try await gate.wait()
            }
            queue.handle("endless") { _ in try await Event().wait() }
            let quick = try await queue.enqueue("quick")
            let work = Task { await queue.process(grace: .seconds(60)) }
            try await begun.wait()
            work.cancel()
            gate.set()
            await work.value
            #expect(try await queue.status(of: quick.id)?.state == .done)

            let endless = try await queue.enqueue("endless")
            try await queue.processing(grace: .zero) { try await queue.wait(endless.id, until: .running) }
            let returned = try #require(try await queue.status(of: endless.id))
            #expect(returned.state == .waiting && returned.attempts == 0)
        }
    }

    @Test("jobs of a worker that is known to be gone are free at once", arguments: Store.allCases)
    func release(store: Store) async throws {
        try await QueueCase.run(store) { place async throws in
            let queue = try await place.open()
            let options = JobOptions(key: "k", attempts: 2)
            let jobs = try await queue.enqueue(contentsOf: [NewJob("a", [], options), NewJob("b"), NewJob("c")])
            #expect(try await queue.backEnd.claim(2, by: "gone").jobs.count == 2)
            #expect(try await queue.backEnd.claim(1, by: "alive").jobs.map(\.kind) == ["c"])
            #expect(try await queue.backEnd.release(all: "gone") == 2)
            #expect(try await queue.status(of: jobs[2].id)?.state == .running)
            #expect(try await Set(queue.backEnd.claim(5, by: "heir").jobs.map(\.attempt)) == [2])
            #expect(try await queue.backEnd.release(all: "heir") == 2)
            #expect(try await queue.status(of: jobs[0].id)?.state == .dead)
        }
    }
}
