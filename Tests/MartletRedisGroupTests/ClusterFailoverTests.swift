import MartletLoop
import MartletRESP
import MartletRedis
import RedisFixture
import Testing

extension RedisGroups {
    @Suite("Failover of a cluster")
    struct ClusterFailover {
        /// Writers, each with a key of its own, on all three masters, count up. What Redis documents: a write may be lost
        /// that was answered before it was replicated; one that WAIT has confirmed for the only replica is on the server
        /// that takes the master's place. So of every key the last confirmed number has to be there, or a higher one that
        /// was sent; and every answer has to be the one to its own command.
        @Test("a master that is killed under load costs no confirmed write, and no answer goes astray")
        func kill() async throws {
            try await RedisClusterFixture.with { cluster in
                let client = RedisGroups.client(of: cluster) { $0.node.timeouts.command = .seconds(90) }
                defer { client.close() }
                let load = WriteLoad(keys: (0..<24).map { "load:\($0)" }, replicas: 1) { commands in
                    try await client.send(commands)
                }
                load.start()
                try await load.awaitConfirmations(5)
                let victim = cluster.nodes[0]
                try await victim.kill()
                let before = load.answered
                // All keys go on, those of the master that is gone as well.
                try await load.awaitAnswers(5, beyond: before)
                try await load.stop()
                #expect(client.slotMap.shards.allSatisfy { $0.master.port != victim.port })
                try await load.check { key in try await client.text("GET", key: key) }
                // The old master comes back as a replica, and nothing of it is taken for new.
                try victim.start()
                try await RedisGroups.eventually("the old master is a replica") {
                    (try? await victim.ask("INFO replication"))?.contains("role:slave") == true
                }
                try await load.check { key in try await client.text("GET", key: key) }
            }
        }

        @Test("a master that hangs is left for its replica")
        func hang() async throws {
            try await RedisClusterFixture.with { cluster in
                let client = RedisGroups.client(of: cluster) {
                    $0.node.timeouts.silence = .seconds(1)
                    $0.node.retries.repeatsIdempotent = true
                }
                defer { client.close() }
                let key = "foo"
                #expect(try await client.text("SET", key: key, "1") == "OK")
                let slot = RedisSlot(of: key)
                let port = try #require(client.slotMap.shard(of: slot)).master.port
                let victim = try #require(cluster.node(at: port))
                try victim.signal(19)
                try await RedisGroups.eventually("somebody else serves the slot") {
                    let answer = try? await client.text("SET", key: key, "2", traits: .idempotent)
                    return answer == "OK" && client.slotMap.shard(of: slot)?.master.port != victim.port
                }
                #expect(try await client.text("GET", key: key) == "2")
                try victim.signal(18)
            }
        }
    }

    @Suite("Failover by sentinels")
    struct SentinelFailover {
        /// As for the cluster; WAIT asks for both replicas, of which either may become the master.
        @Test("a master that is killed under load costs no confirmed write, and subscriptions go on")
        func kill() async throws {
            try await RedisSentinelFixture.with { group in
                let client = RedisGroups.client(of: group) { $0.server.timeouts.command = .seconds(90) }
                defer { client.close() }
                let subscription = try await client.subscribe(to: "news")
                let load = WriteLoad(keys: (0..<12).map { "load:\($0)" }, replicas: 2) { commands in
                    try await client.send(commands)
                }
                load.start()
                try await load.awaitConfirmations(5)
                #expect(client.masterAddress?.port == group.servers[0].port)
                try await group.servers[0].kill()
                // After that only one replica is left, so that nothing more is found safe.
                let before = load.answered
                try await load.awaitAnswers(5, beyond: before)
                try await load.stop()
                #expect(client.masterAddress?.port != group.servers[0].port)
                #expect(client.failovers == 1)
                try await load.check { key in try await client.text("GET", key: key) }
                #expect(try await subscription.next() == .gap(.reconnected))
                _ = try await client.send(RedisCommand("PUBLISH", "news", "still here"))
                #expect(try await subscription.next()?.message?.text == "still here")
                // The old master takes itself for the master until a sentinel tells it otherwise: it is given nothing.
                try group.servers[0].start()
                try await RedisGroups.eventually("the old master is a replica") {
                    (try? await group.servers[0].ask("INFO replication"))?.contains("role:slave") == true
                }
                try await load.check { key in try await client.text("GET", key: key) }
            }
        }

        @Test("the ordinary client follows the master whose sentinels its URL names, and so do its subscriptions")
        func url() async throws {
            try await RedisSentinelFixture.with { group in
                let hosts = group.sentinels.map { "127.0.0.1:\($0.port)" }.joined(separator: ",")
                let client = try RedisClient(url: "redis+sentinel://\(hosts)/mymaster?timeout=60")
                defer { client.close() }
                let subscription = try await client.subscribe(to: "news")
                for index in 0..<20 { #expect(try await client.text("SET", key: "k\(index)", "v") == "OK") }
                let copies = try await client.withConnection { connection in
                    #expect(connection.host == "127.0.0.1:\(group.servers[0].port)")
                    return try await connection.send([
                        RedisCommand("SET", key: "last", "v"), RedisCommand("WAIT", 2, 60_000),
                    ])
                }
                #expect(copies.last == .integer(2))
                try await group.servers[0].kill()
                // No command fails of those that are sent when it is gone: they wait for the next master.
                try await RedisGroups.eventually("the loss is known") { client.statistics.openConnections == 0 }
                #expect(try await client.text("SET", key: "after", "x") == "OK")
                for index in 0..<20 { #expect(try await client.text("GET", key: "k\(index)") == "v") }
                var pipeline = RedisPipeline()
                let number = pipeline.add(.incr("n"))
                #expect(try await client.transaction(pipeline)[number] == 1)
                #expect(try await subscription.next() == .gap(.reconnected))
                _ = try await client.send(RedisCommand("PUBLISH", "news", "still here"))
                #expect(try await subscription.next()?.message?.text == "still here")
            }
        }

        @Test("the ordinary client leaves a server that refuses to write because it is not the master any more")
        func demoted() async throws {
            try await RedisSentinelFixture.with { group in
                let hosts = group.sentinels.map { "127.0.0.1:\($0.port)" }.joined(separator: ",")
                let client = try RedisClient(url: "redis+sentinel://\(hosts)/mymaster?timeout=60")
                defer { client.close() }
                #expect(try await client.text("SET", key: "a", "1") == "OK")
                try await group.sentinels[0].ask("SENTINEL FAILOVER mymaster")
                try await RedisGroups.eventually("another server is written to") {
                    _ = try? await client.text("SET", key: "during", "x")
                    return try await client.withConnection { $0.host } != "127.0.0.1:\(group.servers[0].port)"
                }
                #expect(try await client.text("SET", key: "after", "x") == "OK")
            }
        }

        @Test("a failover that is asked for refuses writes for a moment, and none is lost")
        func switchOver() async throws {
            try await RedisSentinelFixture.with { group in
                let client = RedisGroups.client(of: group) { $0.reads = .replicas }
                defer { client.close() }
                for index in 0..<20 { #expect(try await client.text("SET", key: "k\(index)", "v") == "OK") }
                // What is not replicated yet a failover may lose, as Redis documents.
                let copies = try await client.send([
                    RedisCommand("SET", key: "last", "v"), RedisCommand("WAIT", 2, 60_000),
                ])
                #expect(copies[1] == .integer(2))
                try await RedisGroups.eventually("both replicas are read from") {
                    #expect(try await client.text("GET", key: "k1", traits: .readOnly) == "v")
                    var readers = 0
                    for replica in group.servers[1...] {
                        if try await replica.ask("INFO commandstats").contains("cmdstat_get:") { readers += 1 }
                    }
                    return readers == 2
                }
                try await group.sentinels[0].ask("SENTINEL FAILOVER mymaster")
                try await RedisGroups.eventually("another server is the master") {
                    // Written again and again: what the old master refuses (READONLY) is sent to the new one.
                    _ = try? await client.text("SET", key: "during", "x", traits: .idempotent)
                    return client.masterAddress?.port != group.servers[0].port
                }
                #expect(try await client.text("SET", key: "after", "x") == "OK")
                for index in 0..<20 { #expect(try await client.text("GET", key: "k\(index)") == "v") }
            }
        }

        @Test("sentinels that know nothing, or are gone, are passed over, and the error names them all")
        func sentinels() async throws {
            try await RedisSentinelFixture.with { group in
                try await group.sentinels[0].kill()
                let client = RedisGroups.client(of: group)
                #expect(try await client.text("SET", key: "a", "1") == "OK")
                client.close()
                let lost = RedisGroups.client(of: group) {
                    $0.masterName = "nobody"
                    $0.server.timeouts.command = .seconds(3)
                }
                let error = await #expect(throws: RedisError.self) { try await lost.text("GET", key: "a") }
                #expect(error?.code == .connection)
                #expect(error?.isUnsent == true)
                for sentinel in group.sentinels { #expect("\(error!)".contains("\(sentinel.port)")) }
                lost.close()
            }
        }
    }
}
