import MartletLoop
import RedisFixture
import Testing

@testable import MartletQueue

@Suite struct FailoverTests {
    @Test("a queue whose URL names sentinels goes on with the next master")
    func failover() async throws {
        try await RedisSentinelFixture.with { group in
            let hosts = group.sentinels.map { "127.0.0.1:\($0.port)" }.joined(separator: ",")
            var settings = QueueSettings()
            settings.logger.logLevel = .critical
            let queue = try await WorkQueue.open("redis+sentinel://\(hosts)/mymaster?timeout=60", settings: settings)
            var ran: Set<Int> = []
            queue.handle("work") { context in ran.insert(context.id) }
            try await queue.processing {
                let before = try await queue.enqueue("work")
                try await queue.wait(before.id, until: .done)
                try await eventually("both replicas have it") { () async throws -> Bool? in
                    for replica in group.servers[1...] {
                        guard try await replica.ask("ZCARD {martlet:queue:default}:in:done") == "1" else { return nil }
                    }
                    return true
                }
                try await group.servers[0].kill()
                // What was under way when the master died may be there or not.
                let after = try await eventually("jobs are taken again") { try? await queue.enqueue("work") }
                try await queue.wait(after.id, until: .done)
                #expect(ran.isSuperset(of: [before.id, after.id]))
                #expect(try await queue.status(of: before.id)?.state == .done)
            }
            await queue.close()
        }
    }
}
