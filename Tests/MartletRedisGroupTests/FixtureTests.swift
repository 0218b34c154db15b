import RedisFixture
import Testing

extension RedisGroups {
    @Suite("The fixture of groups")
    struct Fixture {
        @Test("a cluster has three masters and three replicas")
        func cluster() async throws {
            try await RedisClusterFixture.with { cluster in
                let info = try await cluster.nodes[5].ask("CLUSTER INFO")
                #expect(info.contains("cluster_size:3"))
                #expect(info.contains("cluster_known_nodes:6"))
            }
        }

        @Test("sentinels watch over a master with two replicas")
        func sentinels() async throws {
            try await RedisSentinelFixture.with { group in
                let quorum = try await group.sentinels[0].ask("SENTINEL CKQUORUM mymaster")
                #expect(quorum.hasPrefix("OK 3"))
                let role = try await group.servers[1].ask("INFO replication")
                #expect(role.contains("role:slave"))
            }
        }
    }
}
