import MartletLoop
import MartletRESP
import MartletRedis
import RedisFixture
import Testing

extension RedisGroups {
    @Suite("Client-side caching in front of a cluster")
    struct ClusterCaching {
        /// Six nodes, a client, a cache in front of it, and somebody else's client.
        private func withCluster(
            _ body: @MainActor (RedisClusterFixture, RedisCachingClusterClient, RedisClusterClient) async throws -> Void
        ) async throws {
            try await RedisClusterFixture.with { cluster in
                let client = RedisGroups.client(of: cluster) { $0.node.timeouts.command = .seconds(90) }
                let other = RedisGroups.client(of: cluster) { $0.node.timeouts.command = .seconds(90) }
                let cached = RedisCachingClusterClient(
                    client, settings: RedisCacheSettings(heartbeat: .milliseconds(500)))
                defer {
                    cached.close()
                    client.close()
                    other.close()
                }
                try await body(cluster, cached, other)
            }
        }

        private func get(_ commands: some RedisCommands, _ key: String) async throws -> String? {
            try await commands.text("GET", key: key, traits: .readOnly)
        }

        @Test("answers of all masters are kept until their own master says that they have changed")
        func invalidation() async throws {
            try await withCluster { cluster, cached, other in
                let keys = (0..<60).map { "key:\($0)" }
                for key in keys { _ = try await other.text("SET", key: key, "old") }
                for _ in 0..<3 {
                    for key in keys { #expect(try await get(cached, key) == "old") }
                }
                #expect(cached.statistics.hits == 120 && cached.statistics.count == 60)
                // Of several nodes, each part with its own node's cache.
                var mget = RedisCommand("MGET", traits: .readOnly)
                mget.append(keys: keys.prefix(10))
                for _ in 0..<2 {
                    let values = try await cached.send(mget).elements?.compactMap(\.text)
                    #expect(values == Array(repeating: "old", count: 10))
                }
                #expect(cached.statistics.hits > 120)
                // What others write is told of by the master that has it, what oneself writes is known.
                for key in keys { _ = try await other.text("SET", key: key, "new") }
                for key in keys {
                    try await RedisGroups.eventually("the change of \(key) is told of") {
                        try await get(cached, key) == "new"
                    }
                }
                for key in keys {
                    _ = try await cached.text("SET", key: key, "own")
                    #expect(try await get(cached, key) == "own")
                }
                _ = try await cached.send(RedisCommand("FLUSHALL"))
                for key in keys { #expect(try await get(cached, key) == nil) }
                #expect(cached.statistics.invalidations >= 60)
            }
        }

        @Test("what was answered about a slot is forgotten when it goes to another master, also what was not there")
        func moved() async throws {
            try await withCluster { cluster, cached, other in
                for key in ["{move}there", "{move}gone"] { _ = try await other.text("SET", key: key, "old") }
                for key in ["{move}there", "{move}gone", "{move}missing"] { _ = try await get(cached, key) }
                let slot = RedisSlot(of: "{move}")
                let from = try #require(other.slotMap.shard(of: slot)).master.port
                let to = try #require(other.slotMap.shards.first { $0.master.port != from }).master.port
                let (source, target) = (try #require(cluster.node(at: from)), try #require(cluster.node(at: to)))
                let (sourceID, targetID) = (try await source.ask("CLUSTER MYID"), try await target.ask("CLUSTER MYID"))
                try await target.ask("CLUSTER SETSLOT \(slot) IMPORTING \(sourceID)")
                try await source.ask("CLUSTER SETSLOT \(slot) MIGRATING \(targetID)")
                for key in ["{move}there", "{move}gone"] {
                    try await source.ask("MIGRATE 127.0.0.1 \(target.port) \(key) 0 5000")
                    // While it is on its way the key is asked for where it is.
                    try await RedisGroups.eventually("\(key) is found") { try await get(cached, key) == "old" }
                }
                for node in [target, source] { try await node.ask("CLUSTER SETSLOT \(slot) NODE \(targetID)") }
                for key in ["{move}there", "{move}missing"] {
                    #expect(try await other.text("SET", key: key, "new") == "OK")
                }
                // Nobody tells of the key that was not there: whose slot has gone.
                for (key, value) in [("{move}there", "new"), ("{move}missing", "new"), ("{move}gone", "old")] {
                    try await RedisGroups.eventually("\(key) is read anew") { try await get(cached, key) == value }
                }
                let hits = cached.statistics.hits
                try await RedisGroups.eventually("the new master's answers are kept") {
                    _ = try await get(cached, "{move}there")
                    return cached.statistics.hits > hits
                }
            }
        }

        @Test("what a master was asked is forgotten when it is killed, and what others were asked is not")
        func lost() async throws {
            try await withCluster { cluster, cached, other in
                let keys = (0..<60).map { "key:\($0)" }
                for key in keys { _ = try await other.text("SET", key: key, "old") }
                try await RedisGroups.eventually("all replicas have it") {
                    var sizes = 0
                    for node in cluster.nodes { sizes += Int(try await node.ask("DBSIZE")) ?? 0 }
                    return sizes == 120
                }
                for key in keys { #expect(try await get(cached, key) == "old") }
                let victim = cluster.nodes[0]
                let lost = keys.filter { other.slotMap.shard(of: RedisSlot(of: $0))?.master.port == victim.port }
                #expect(!lost.isEmpty && lost.count < 60)
                try await victim.kill()
                try await RedisGroups.eventually("the loss is known") { cached.statistics.count == 60 - lost.count }
                #expect(cached.statistics.flushes == 1)
                // Whoever takes its place is written to, and read from.
                for key in lost { #expect(try await other.text("SET", key: key, "new") == "OK") }
                for key in lost {
                    try await RedisGroups.eventually("the new master is asked") { try await get(cached, key) == "new" }
                }
                try await RedisGroups.eventually("the new master's answers are kept") {
                    for key in lost { _ = try await get(cached, key) }
                    return cached.statistics.count == 60
                }
            }
        }
    }
}
