import MartletLoop
import MartletRESP
import MartletRedis
import RedisFixture
import Testing

/// Clusters and sentinels, one group of servers after the other: each loads the machine.
@Suite("Groups of Redis servers", .serialized)
struct RedisGroups {
    /// A client of a cluster, with time for a failover on a busy machine.
    static func client(
        of cluster: RedisClusterFixture, _ change: (inout RedisClusterSettings) -> Void = { _ in }
    ) -> RedisClusterClient {
        var settings = RedisClusterSettings(seeds: cluster.seeds.map { RedisNodeAddress(host: "127.0.0.1", port: $0) })
        settings.node.timeouts.command = .seconds(60)
        change(&settings)
        return RedisClusterClient(settings)
    }

    /// A client of sentinels, with time for a failover on a busy machine.
    static func client(
        of group: RedisSentinelFixture, _ change: (inout RedisSentinelSettings) -> Void = { _ in }
    ) -> RedisSentinelClient {
        var settings = RedisSentinelSettings(
            sentinels: group.sentinels.map { RedisSettings(.host("127.0.0.1", port: $0.port)) },
            masterName: RedisSentinelFixture.masterName)
        settings.server.timeouts.command = .seconds(60)
        change(&settings)
        return RedisSentinelClient(settings)
    }

    /// Waits until something holds, looking again every few milliseconds.
    static func eventually(
        _ what: @autoclosure () -> String, within limit: Duration = .seconds(60), _ condition: () async throws -> Bool
    ) async throws {
        let deadline = EventLoop.Instant.readClock() + limit
        while try await !condition() {
            try #require(EventLoop.Instant.readClock() < deadline, "not within \(limit): \(what())")
            try await Task.sleep(for: .milliseconds(5))
        }
    }
}

extension RedisCommands {
    func text(_ name: String, key: String, _ arguments: String..., traits: RedisCommand.Traits = [])
        async throws(RedisError) -> String?
    {
        var command = RedisCommand(name, key: key, traits: traits)
        command.append(contentsOf: arguments)
        return try await send(command).text
    }
}
