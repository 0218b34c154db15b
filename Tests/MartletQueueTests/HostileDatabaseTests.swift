import MartletLoop
import MartletSQLite
import Synchronization
import Testing

@testable import MartletQueue

/// What somebody, or something, has written into the database behind the queue's back.
@Suite struct HostileDatabaseTests {
    @Test(
        "a row that cannot be run is set aside, and those behind it run",
        arguments: [
            "attempts = 9223372036854775807, claims = 9223372036854775807", "claims = -9223372036854775808",
            "attempts = -9223372036854775808", "priority = 9223372036854775807", "priority = -5",
            "backoff_first = -1, backoff_longest = -9223372036854775808, backoff_factor = -1e308",
            "backoff_factor = 9e999", "timeout = -5", "due = -9223372036854775808", "maximum = -1",
            "kind = ''", "kind = char(0, 7, 27)", "key = ''", "payload = zeroblob(1000000)",
            "lease = 9223372036854775807",
            "created = 9223372036854775807", "progress = -9e999", "kind = CAST(x'fffe' AS TEXT)",
        ])
    func rows(change: String) async throws {
        try await QueueCase.run(.sqlite) { place async throws in
            let queue = try await place.open()
            var runs = 0
            queue.handle("work") { _ in runs += 1 }
            let bad = try await queue.enqueue("work", [1], JobOptions(attempts: 1))
            let good = try await queue.enqueue("work", [2])
            try Self.change(place, "UPDATE jobs SET \(change) WHERE id = \(bad.id)")
            try await queue.processing {
                try await queue.wait(good.id, until: .done)
                try await eventually("the other is over, one way or the other") {
                    try await queue.status(of: bad.id)?.state.isFinished == true ? true : nil
                }
            }
            #expect(runs >= 1)
            _ = try await queue.statuses(.dead)
        }
    }

    @Test(
        "a job that is said to run, but does not, is taken over",
        arguments: ["lease = 9223372036854775807", "lease = 0", "lease = -9223372036854775808"])
    func leases(change: String) async throws {
        try await QueueCase.run(.sqlite) { place async throws in
            let queue = try await place.open()
            queue.handle("work") { _ in }
            let job = try await queue.enqueue("work", [], JobOptions(key: "k"))
            try Self.change(place, "UPDATE jobs SET state = 'running', worker = 'nobody', \(change)")
            try await queue.processing { try await queue.wait(job.id, until: .done) }
        }
    }

    @Test("leases of another boot of the machine are over") func boots() async throws {
        try await QueueCase.run(.sqlite) { place async throws in
            let time = SetClock()
            let backEnd = try await Self.backEnd(place, time.clock)
            let job = try await backEnd.enqueue([NewJob("work")])[0]
            #expect(try await backEnd.claim(1, by: "before the boot").jobs.count == 1)
            #expect(try await backEnd.claim(1, by: "another").jobs.isEmpty)
            time.steady.withLock { $0 = 1_000 }
            #expect(try await backEnd.claim(1, by: "after it").jobs.map(\.lease.job) == [job.id])
            await backEnd.close()
        }
    }

    @Test("a file of the first version is brought up to date with its jobs") func migrated() async throws {
        try await QueueCase.run(.sqlite) { place async throws in
            let connection = try SQLiteConnection(place.path)
            try connection.migrate([JobSchema.migrations[0]])
            try connection.script(
                """
                INSERT INTO jobs (queue, kind, payload, state, priority, due, maximum, backoff_first, backoff_longest,
                    backoff_factor, created, lease) VALUES ('default', 'work', x'01', 'running', 1, 5, 3, 1, 1, 1, 5, 7)
                """)
            let queue = try await place.open()
            queue.handle("work") { _ in }
            try await queue.processing { try await queue.wait(1, until: .done) }
        }
    }

    @Test("another program's database is refused, and stays as it is") func foreign() async throws {
        try await QueueCase.run(.sqlite) { place async throws in
            for version in 0...1 {
                try Self.change(
                    place, "CREATE TABLE IF NOT EXISTS accounts (id INTEGER); PRAGMA user_version = \(version)")
                let error = await refusal { _ = try await place.open() }
                #expect(error?.code == .unavailable && error?.description.contains("something else") == true)
            }
            let connection = try SQLiteConnection(place.path)
            #expect(try connection.query("SELECT name FROM sqlite_schema").count == 1)
        }
        try await QueueCase.run(.sqlite) { place async throws in
            try await File.write("", to: place.path)
            var settings = QueueSettings()
            settings.createsDatabase = false
            let error = await refusal { _ = try await place.open("q", settings) }
            #expect(error?.code == .unavailable && error?.description.contains("no queues") == true)
            _ = try await place.open()
        }
    }

    @Test("the table takes no values of the wrong kind")
    func wrongKinds() async throws {
        try await QueueCase.run(.sqlite) { place async throws in
            let queue = try await place.open()
            queue.handle("work") { _ in }
            let jobs = try await queue.enqueue(contentsOf: (0..<4).map { _ in NewJob("work") })
            // STRICT tables refuse these: then nothing has to be set aside.
            for (job, change) in zip(jobs, ["payload = 'text'", "attempts = 'x'", "kind = x'00'", "due = 1.5"]) {
                #expect(throws: SQLiteError.self) {
                    try Self.change(place, "UPDATE jobs SET \(change) WHERE id = \(job.id)")
                }
            }
            try await queue.processing { try await queue.wait(jobs[3].id, until: .done) }
        }
    }

    @Test("a file that is no database, or of a newer program, is an error that says so") func files() async throws {
        try await QueueCase.run(.sqlite) { place async throws in
            try await File.write("this is no database, and never was one", to: place.path)
            let error = await refusal { _ = try await place.open() }
            #expect(error?.code == .unavailable && error?.description.contains("not a database") == true)
        }
        try await QueueCase.run(.sqlite) { place async throws in
            _ = try await place.open()
            try Self.change(place, "PRAGMA user_version = 99")
            let error = await refusal { _ = try await place.open() }
            #expect(error?.description.contains("newer") == true)
        }
    }

    @Test("a table that was damaged while the queue is open is an error for callers, and no crash") func damaged()
        async throws
    {
        try await QueueCase.run(.sqlite) { place async throws in
            let queue = try await place.open()
            queue.handle("work") { _ in }
            try Self.change(place, "ALTER TABLE counts RENAME TO gone")
            try await queue.processing {
                let error = await refusal { try await queue.enqueue("work") }
                #expect(error?.code == .unavailable)
                try Self.change(place, "ALTER TABLE gone RENAME TO counts")
                let job = try await queue.enqueue("work")
                try await queue.wait(job.id, until: .done)
            }
        }
    }

    // MARK: Clocks

    /// A clock that can be set.
    private final class SetClock: Sendable {
        let wall = Mutex(1_800_000_000_000)
        let steady = Mutex(1_000_000)

        var clock: QueueClock {
            QueueClock(wall: { [self] in wall.withLock { $0 } }, steady: { [self] in steady.withLock { $0 } })
        }

        deinit {}
    }

    private static func backEnd(_ place: QueueCase, _ clock: QueueClock) async throws -> SQLiteBackEnd {
        var settings = QueueSettings()
        settings.isDurable = false
        return try await SQLiteBackEnd.open(place.path, queue: "clock", settings: settings, clock: clock)
    }

    @Test("when the clock of the wall is set, leases are as long as before, and nothing traps")
    func jumps() async throws {
        try await QueueCase.run(.sqlite) { place async throws in
            let time = SetClock()
            let backEnd = try await Self.backEnd(place, time.clock)
            let jobs = try await backEnd.enqueue([
                NewJob("a", [], JobOptions(key: "k")), NewJob("b", [], JobOptions(start: .after(.seconds(60)))),
            ])
            let first = try #require(try await backEnd.claim(9, by: "one").jobs.first)
            #expect(first.lease.job == jobs[0].id)
            for wall in [1_900_000_000_000, 0, -5, Int.max, Int.min, 1_800_000_000_000] {
                time.wall.withLock { $0 = wall }
                #expect(try await backEnd.renew([JobReport(lease: first.lease)]) == [])
                let claimed = try await backEnd.claim(9, by: "two").jobs
                #expect(!claimed.contains { $0.lease.job == jobs[0].id }, "at \(wall)")
                for job in claimed {
                    #expect(try await backEnd.finish(job.lease, .retry(error: "", after: .seconds(60)), note: nil))
                }
                _ = try await backEnd.enqueue([NewJob("c", [], JobOptions(start: .after(.seconds(1 << 40))))])
                _ = try await backEnd.enqueue(NewJob("d"), for: "schedule", at: wall)
            }
            time.steady.withLock { $0 += 30_001 }
            let next = try await backEnd.claim(9, by: "two").jobs
            #expect(next.contains { $0.lease.job == jobs[0].id && $0.attempt == 2 })
            await backEnd.close()
        }
    }

    private static func change(_ place: QueueCase, _ sql: String) throws {
        let connection = try SQLiteConnection(place.path)
        try connection.script(sql)
    }
}
