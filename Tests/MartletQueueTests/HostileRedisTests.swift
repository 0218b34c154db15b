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
