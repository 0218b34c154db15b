import Glibc
import MartletLoop

/// A real Redis Cluster of three masters with a replica each, on 127.0.0.1.
///
/// ```swift
/// try await RedisClusterFixture.with { cluster in
///     let client = RedisClusterClient(…cluster.nodes[0].port…)
///     try await cluster.nodes[0].kill()
/// }
/// ```
///
/// It takes some three seconds to start: two of them are what a master waits until it takes writes.
public final class RedisClusterFixture {
    /// The nodes: three masters, then the replica of each, as they were at the beginning.
    public let nodes: [GroupMember]

    private static let masterCount = 3
    /// After so long without an answer a node is taken for lost, and a replica takes its place within some two more.
    ///
    /// Long enough for a busy machine, where all six share a core with whoever tests them.
    public static let nodeTimeoutMilliseconds = 2500

    private init(in directory: String, _ arguments: [String]) throws {
        let ports = try GroupPorts.choose(Self.masterCount * 4)
        nodes = try (0..<Self.masterCount * 2).map { index in
            try GroupMember(
                port: ports[index], directory: "\(directory)/\(index)",
                arguments: [
                    "--bind", "127.0.0.1", "--cluster-enabled", "yes", "--cluster-config-file", "nodes.conf",
                    "--cluster-port", "\(ports[Self.masterCount * 2 + index])", "--cluster-node-timeout",
                    "\(Self.nodeTimeoutMilliseconds)",
                    "--cluster-replica-validity-factor", "0", "--save", "", "--appendonly", "no",
                    "--repl-diskless-sync-delay", "0", "--repl-diskless-load", "swapdb", "--repl-timeout", "10",
                    "--repl-ping-replica-period", "1",
                ] + arguments)
        }
        busPorts = Array(ports[(Self.masterCount * 2)...])
    }

    private let busPorts: [UInt16]

    /// Starts a cluster, calls `body` once all its nodes agree, and ends it.
    ///
    /// - Parameters:
    ///   - arguments: more of each node's configuration.
    ///   - body: what to do with it.
    public static func with<Value: Sendable>(
        _ arguments: [String] = [], _ body: @MainActor (RedisClusterFixture) async throws -> Value
    ) async throws -> Value {
        try await FileSystem.withTemporaryDirectory(prefix: "redis-cluster-") { directory in
            let cluster = try RedisClusterFixture(in: directory, arguments)
            return try await withGroup(cluster.nodes) {
                try await cluster.form()
                return try await body(cluster)
            }
        }
    }

    /// The masters' ports at the beginning.
    public var seeds: [UInt16] { nodes[..<Self.masterCount].map(\.port) }

    /// The node that listens there.
    public func node(at port: UInt16) -> GroupMember? { nodes.first { $0.port == port } }

    // MARK: Forming

    private func form() async throws {
        for node in nodes { try node.start() }
        for node in nodes { try await node.awaitAnswer() }
        let masters = nodes[..<Self.masterCount]
        for (index, node) in nodes.enumerated() { try await node.ask("CLUSTER SET-CONFIG-EPOCH \(index + 1)") }
        for (index, node) in masters.enumerated() {
            let from = 16384 * index / Self.masterCount
            let to = 16384 * (index + 1) / Self.masterCount - 1
            try await node.ask("CLUSTER ADDSLOTSRANGE \(from) \(to)")
        }
        // Everybody is introduced to everybody: waiting for gossip takes longer.
        for (index, node) in nodes.enumerated() {
            for other in 0..<index {
                try await node.ask("CLUSTER MEET 127.0.0.1 \(nodes[other].port) \(busPorts[other])")
            }
        }
        var identifiers: [String] = []
        for node in nodes { identifiers.append(try await node.ask("CLUSTER MYID")) }
        for node in nodes {
            try await groupEventually("the node on port \(node.port) knows all others") {
                let known = try await node.ask("CLUSTER NODES")
                return identifiers.allSatisfy { known.contains($0) } && !known.contains("handshake")
            }
        }
        for (index, replica) in nodes[Self.masterCount...].enumerated() {
            try await replica.ask("CLUSTER REPLICATE \(identifiers[index])")
        }
        for node in nodes { try await awaitHealth(of: node) }
    }

    /// Waits until a node sees the whole cluster: all slots served, three masters with a replica each that has their
    /// data.
    public func awaitHealth(of node: GroupMember) async throws {
        try await groupEventually("the node on port \(node.port) is content with the cluster; it logged: \(node.log)") {
            guard try await node.ask("CLUSTER INFO").contains("cluster_state:ok") else { return false }
            let lines = try await node.ask("CLUSTER NODES").split(separator: "\n")
            let isReplica = { (line: Substring) in line.contains("slave ") }
            guard lines.count(where: isReplica) == Self.masterCount,
                !lines.contains(where: { $0.contains("fail") || $0.contains("handshake") })
            else { return false }
            guard try await hasData(node) else { return false }
            return try await node.ask(Self.countNamedReplicas) == "\(Self.masterCount)"
        }
    }

    /// How many replicas the node names to clients: of another node's it hears only by gossip that they have data.
    private static let countNamedReplicas =
        #"EVAL "local n = 0; for _, range in ipairs(redis.call('CLUSTER', 'SLOTS')) do n = n + #range - 3 end; return n" 0"#

    /// A master names a replica only once that has received something.
    private func hasData(_ node: GroupMember) async throws -> Bool {
        let info = try await node.ask("INFO replication")
        if info.contains("role:master") {
            return info.contains("state=online") && info.contains("connected_slaves:1") && !info.contains("offset=0")
        }
        return info.contains("master_link_status:up") && !info.contains("slave_repl_offset:0\r")
    }
}

/// Starts nothing, but ends all members in the end, however that comes.
func withGroup<Value: Sendable>(
    _ members: [GroupMember], _ body: @MainActor () async throws -> Value
) async throws -> Value {
    defer { for member in members { member.end() } }
    return try await body()
}
