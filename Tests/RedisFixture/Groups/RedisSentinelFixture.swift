import Glibc
import MartletLoop

/// A real master with two replicas and three sentinels that watch over them, on 127.0.0.1.
///
/// They know each other from the beginning, which takes a second; otherwise it would be several.
public final class RedisSentinelFixture {
    /// The master, then the replicas, as they were at the beginning.
    public let servers: [GroupMember]
    /// Those who watch.
    public let sentinels: [GroupMember]
    /// What the sentinels call the master.
    public static let masterName = "mymaster"
    /// After so long without an answer a sentinel takes a server for lost.
    public static let downAfter: Duration = .seconds(2)

    private init(in directory: String, _ arguments: [String]) throws {
        let ports = try GroupPorts.choose(6)
        servers = try (0..<3).map { index in
            try GroupMember(
                port: ports[index], directory: "\(directory)/server\(index)",
                arguments: [
                    "--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--repl-diskless-sync-delay", "0",
                    "--repl-diskless-load", "swapdb", "--repl-timeout", "10", "--repl-ping-replica-period", "1",
                ] + (index == 0 ? [] : ["--replicaof", "127.0.0.1", "\(ports[0])"]) + arguments)
        }
        sentinels = try (3..<6).map { index in
            let path = "\(directory)/sentinel\(index)"
            let sentinel = try GroupMember(
                port: ports[index], directory: path, arguments: ["\(path)/sentinel.conf", "--sentinel"])
            try Self.configuration(of: index, ports, path).withCString { text in
                guard let file = fopen("\(path)/sentinel.conf", "w") else {
                    throw GroupFailure("cannot write \(path)/sentinel.conf: errno \(errno)")
                }
                fputs(text, file)
                fclose(file)
            }
            return sentinel
        }
    }

    private static func identifier(of index: Int) -> String { String(repeating: "\(index)", count: 40) }

    private static func configuration(of index: Int, _ ports: [UInt16], _ path: String) -> String {
        let name = masterName
        var lines = [
            "port \(ports[index])", "bind 127.0.0.1", "dir \(path)", "sentinel myid \(identifier(of: index))",
            "sentinel monitor \(name) 127.0.0.1 \(ports[0]) 2",
            "sentinel down-after-milliseconds \(name) \(downAfter.components.seconds * 1000)",
            "sentinel failover-timeout \(name) 6000", "sentinel parallel-syncs \(name) 2",
        ]
        for other in 3..<6 where other != index {
            lines.append("sentinel known-sentinel \(name) 127.0.0.1 \(ports[other]) \(identifier(of: other))")
        }
        for replica in 1..<3 { lines.append("sentinel known-replica \(name) 127.0.0.1 \(ports[replica])") }
        return lines.joined(separator: "\n") + "\n"
    }

    /// Starts all of them, calls `body` once the sentinels agree and the replicas have the master's data, and ends them.
    ///
    /// - Parameters:
    ///   - arguments: more of each server's configuration.
    ///   - body: what to do with them.
    public static func with<Value: Sendable>(
        _ arguments: [String] = [], _ body: @MainActor (RedisSentinelFixture) async throws -> Value
    ) async throws -> Value {
        try await FileSystem.withTemporaryDirectory(prefix: "redis-sentinel-") { directory in
            let group = try RedisSentinelFixture(in: directory, arguments)
            return try await withGroup(group.servers + group.sentinels) {
                try await group.begin()
                return try await body(group)
            }
        }
    }

    private func begin() async throws {
        // The servers first: sentinels that find nobody take them for lost.
        for server in servers { try server.start() }
        for server in servers { try await server.awaitAnswer() }
        for sentinel in sentinels { try sentinel.start() }
        for replica in servers[1...] {
            try await groupEventually("the replica on port \(replica.port) has its master's data: \(replica.log)") {
                try await replica.ask("INFO replication").contains("master_link_status:up")
            }
        }
        for sentinel in sentinels {
            try await sentinel.awaitAnswer()
            try await groupEventually("the sentinel on port \(sentinel.port) has a quorum: \(sentinel.log)") {
                guard let answer = try? await sentinel.ask("SENTINEL CKQUORUM \(Self.masterName)") else { return false }
                guard answer.hasPrefix("OK 3 usable") else { return false }
                return try await sentinel.ask("INFO sentinel").contains("status=ok")
            }
        }
        for sentinel in sentinels { try await awaitReplicas(of: sentinel) }
    }

    /// A sentinel promotes only replicas of which it has heard.
    private func awaitReplicas(of sentinel: GroupMember) async throws {
        try await groupEventually("the sentinel on port \(sentinel.port) knows both replicas") {
            let answer = try await sentinel.ask("INFO sentinel")
            return answer.contains("slaves=2,sentinels=3")
        }
    }

    /// The server that listens there.
    public func server(at port: UInt16) -> GroupMember? { servers.first { $0.port == port } }
}
