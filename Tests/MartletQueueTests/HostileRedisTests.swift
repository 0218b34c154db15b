import MartletLoop
import MartletRedis
import RedisFixture
import Testing

@testable import MartletQueue

/// What somebody, or something, has written into Redis behind the queue's back; and servers that come and go.
@Suite struct HostileRedisTests {
    private static let prefix = "{martlet:queue:default}"

    nonisolated static let changes: [[String]] = [
        ["DEL", "job"], ["SET", "job", "a string"], ["HDEL", "job", "kind"], ["HDEL", "job", "payload"],
        ["HSET", "job", "attempts", "99999999999999999999999"], ["HSET", "job", "attempts", "nan"],
        ["HSET", "job", "claims", "-inf"], ["HSET", "job", "priority", "1e300"], ["HSET", "job", "maximum", ""],
        ["HSET", "job", "backoff", "x"], ["HSET", "job", "timeout", "-1"], ["HSET", "job", "state", "nonsense"],
        ["HSET", "job", "created", "99999999999999999999"], ["HSET", "job", "entry", "1-1"],
    ]

    @Test("a job that cannot be run is set aside, and those behind it run", arguments: changes)
    func jobs(change: [String]) async throws {
        try await QueueCase.run(.redis) { place async throws in
            let queue = try await place.open()
            queue.handle("work") { _ in }
            let bad = try await queue.enqueue("work", [1], JobOptions(attempts: 1))
            let good = try await queue.enqueue("work", [2])
            let client = RedisClient(try RedisSettings(url: place.url))
            var command = RedisCommand(change[0])
            command.append("\(Self.prefix):job:\(bad.id)")
            command.append(contentsOf: change.dropFirst(2))
            _ = try await client.send(command)
            _ = try await client.send(
                RedisCommand("XADD", key: "\(Self.prefix):ready:1", "*", "nonsense", "1", "id", "2"))
            _ = try await client.send(RedisCommand("XADD", key: "\(Self.prefix):ready:3", "*", "id", "1e5"))
            try await queue.processing {
                try await queue.wait(good.id, until: .done)
                // It runs, or it does not: in any case the queue goes on.
                let last = try await queue.enqueue("work")
                try await queue.wait(last.id, until: .done)
            }
            _ = try await queue.statuses(.dead)
            _ = try await queue.counts()
            client.close()
        }
    }

    @Test("streams that somebody else has made, or something in their place, keep no queue from being opened")
    func streams() async throws {
        try await QueueCase.run(.redis) { place async throws in
            let client = RedisClient(try RedisSettings(url: place.url))
            _ = try await client.send(RedisCommand("XADD", key: "\(Self.prefix):ready:0", "*", "a", "b"))
            _ = try await client.send(RedisCommand("XADD", key: "\(Self.prefix):ready:1", "*", "a", "b"))
            _ = try await client.send(RedisCommand("SET", key: "\(Self.prefix):ready:2", "a string"))
            let queue = try await place.open()
            queue.handle("work") { _ in }
            for _ in 0..<2 {
                let job = try await queue.enqueue("work")
                try await queue.processing { try await queue.wait(job.id, until: .done) }
                _ = try await client.send(RedisCommand("SET", key: "\(Self.prefix):ready:1", "a string"))
                #expect(try await queue.backEnd.release(all: "somebody") == 0)
            }
            client.close()
        }
    }

    @Test("a job that runs stays with its worker when somebody trims the stream", arguments: [false, true])
    func trimmed(isRenewed: Bool) async throws {
        try await QueueCase.run(.redis) { place async throws in
            let queue = try await place.open()
            let job = try await queue.enqueue("work", [], JobOptions(key: "k"))
            let lease = try #require(try await queue.backEnd.claim(1, by: "one").jobs.first?.lease)
            let client = RedisClient(try RedisSettings(url: place.url))
            _ = try await client.send(RedisCommand("XTRIM", key: "\(Self.prefix):ready:1", "MAXLEN", 0))
            // Either its worker notices, or whoever opens the queue.
            if isRenewed { #expect(try await queue.backEnd.renew([JobReport(lease: lease)]) == []) }
            let other = try await place.open()
            for _ in 0..<2 { #expect(try await other.backEnd.claim(5, by: "two").jobs.isEmpty) }
            #expect(try await other.status(of: job.id)?.state == .running)
            #expect(try await queue.backEnd.renew([JobReport(lease: lease)]) == [])
            let pending = try await client.xpending(
                "\(Self.prefix):ready:1", group: "workers", from: .first, through: .last, count: 10)
            #expect(pending.map(\.consumer) == ["one"])
            // When its lease is over, it is lost as any other.
            var claim = RedisCommand("XCLAIM", key: "\(Self.prefix):ready:1", "workers", "one", 0, pending[0].id)
            claim.append(contentsOf: ["IDLE", "99999999", "JUSTID"])
            _ = try await client.send(claim)
            #expect(try await other.backEnd.claim(5, by: "two").jobs.map(\.attempt) == [2])
            #expect(try await queue.backEnd.renew([JobReport(lease: lease)]) == [lease])
            client.close()
        }
    }

    @Test("a job that runs stays with its worker when somebody makes the group anew") func group() async throws {
        try await QueueCase.run(.redis) { place async throws in
            let queue = try await place.open()
            try await queue.enqueue("work")
            let lease = try #require(try await queue.backEnd.claim(1, by: "one").jobs.first?.lease)
            let client = RedisClient(try RedisSettings(url: place.url))
            try await client.xgroupDestroy("\(Self.prefix):ready:1", group: "workers")
            let other = try await place.open()
            for _ in 0..<2 { #expect(try await other.backEnd.claim(5, by: "two").jobs.isEmpty) }
            #expect(try await queue.backEnd.renew([JobReport(lease: lease)]) == [])
            #expect(try await queue.backEnd.finish(lease, .succeeded, note: nil))
            client.close()
        }
    }

    @Test("a worker that has no room left wakes another one for what is soon due") func passedOn() async throws {
        try await QueueCase.run(.redis) { place async throws in
            let queue = try await place.open()
            let other = try await place.open()
            for delay in [Duration.milliseconds(20), .seconds(4)] {
                try await queue.enqueue("work", [], JobOptions(start: .after(delay)))
            }
            // The first one to be due woke somebody, who is busy by then.
            try await queue.backEnd.change(within: .seconds(60))
            try await withTimeout(.seconds(30), for: "the other one is woken") {
                let idle = Task { try await other.backEnd.change(within: .seconds(3600)) }
                try await eventually("the job is due") {
                    try await queue.backEnd.claim(1, by: "one").jobs.isEmpty ? nil : true
                }
                try await idle.value
            }
            let next = try #require(try await other.backEnd.claim(1, by: "two").next)
            #expect(next <= .seconds(5))
        }
    }

    @Test("a unique job is added when the one that is said to wait is gone") func unique() async throws {
        try await QueueCase.run(.redis) { place async throws in
            let queue = try await place.open()
            let options = JobOptions(key: "k", isUnique: true)
            let gone = try await queue.enqueue("work", [], options)
            let client = RedisClient(try RedisSettings(url: place.url))
            _ = try await client.send(RedisCommand("DEL", key: "\(Self.prefix):job:\(gone.id)"))
            let next = try await queue.enqueue("work", [], options)
            #expect(!next.isDuplicate && next.id != gone.id)
            #expect(try await queue.enqueue("work", [], options) == EnqueuedJob(id: next.id, isDuplicate: true))
            client.close()
        }
    }

    @Test("a job of a key goes on when what is in the place of the one that ran is no job") func holder() async throws {
        try await QueueCase.run(.redis) { place async throws in
            let queue = try await place.open()
            let options = JobOptions(key: "k")
            let jobs = try await queue.enqueue(contentsOf: (0..<3).map { _ in NewJob("work", [], options) })
            #expect(try await queue.backEnd.claim(2, by: "one").jobs.count == 1)
            let client = RedisClient(try RedisSettings(url: place.url))
            _ = try await client.send(RedisCommand("SET", key: "\(Self.prefix):job:\(jobs[0].id)", "a string"))
            // The others are held for it, until somebody opens the queue.
            let next = try await place.open()
            next.handle("work") { _ in }
            try await next.processing { for job in jobs[1...] { try await next.wait(job.id, until: .done) } }
            client.close()
        }
    }

    @Test("a job whose state is none is shown, and so are the others") func odd() async throws {
        try await QueueCase.run(.redis) { place async throws in
            let queue = try await place.open()
            let jobs = try await queue.enqueue(contentsOf: [NewJob("odd"), NewJob("fine")])
            let client = RedisClient(try RedisSettings(url: place.url))
            _ = try await client.send(
                RedisCommand("HSET", key: "\(Self.prefix):job:\(jobs[0].id)", "state", "nonsense"))
            #expect(try await queue.statuses(.waiting).map(\.state) == [.dead, .waiting])
            // Said to be dead, which it is not: it is not looked at for ever.
            _ = try await client.send(RedisCommand("ZADD", key: "\(Self.prefix):in:dead", 1, "\(jobs[0].id)"))
            #expect(try await queue.backEnd.retryDead(limit: 5) == 1)
            #expect(try await queue.backEnd.retryDead(limit: 5) == 0)
            client.close()
        }
    }

    @Test("a worker goes on when the server comes back, and after it has forgotten everything") func restart()
        async throws
    {
        try await RedisServer.with { server in
            var settings = QueueSettings()
            settings.logger.logLevel = .critical
            settings.patrol = .milliseconds(200)
            let queue = try await WorkQueue.open(server.url, settings: settings)
            queue.handle("work") { _ in }
            let job = try await queue.enqueue("work")
            try await queue.processing {
                try await queue.wait(job.id, until: .done)
                await server.kill()
                let error = await refusal { try await queue.enqueue("work") }
                #expect(error?.code == .unavailable && error?.description.contains("127.0.0.1") == true)
                try await server.start()
                let next = try await eventually("it takes jobs again") { try? await queue.enqueue("work") }
                try await queue.wait(next.id, until: .done)
            }
            await queue.close()
        }
    }

    @Test("a server that is not there is an error with its address") func missing() async throws {
        let error = await refusal { _ = try await WorkQueue.open("redis://127.0.0.1:1") }
        #expect(error?.code == .unavailable && error?.description.contains("127.0.0.1:1") == true)
    }
}
