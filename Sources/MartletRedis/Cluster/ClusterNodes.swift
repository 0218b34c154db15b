import MartletLoop
import MartletRESP

/// The nodes of a cluster that a client speaks to, a client for each, and the slot map.
final class ClusterNodes {
    let settings: RedisClusterSettings
    private(set) var map = RedisSlotMap()
    private(set) var statistics = RedisClusterStatistics()
    /// Who wants to know which slots have gone to another master, while they want to.
    var observers: [ObjectIdentifier: (_ moved: [RedisSlot]) -> Void] = [:]
    private(set) var isClosed = false
    private var clients: [RedisNodeAddress: RedisClient] = [:]
    /// Those of nodes that are in no map any more, as long as somebody waits there.
    private var retired: [RedisClient] = []
    /// Those that were lost since the last map: they are asked last.
    private var suspects: Set<RedisNodeAddress> = []
    private var nextReader = 0
    private var refresh: Future<Void>?
    private var earliestRefresh = EventLoop.Instant(nanoseconds: 0)
    /// How long one node has for the slot map before the next one is asked.
    private static let questionTimeout: Duration = .seconds(1)

    init(_ settings: RedisClusterSettings) {
        self.settings = settings
    }

    deinit {}

    func close() {
        isClosed = true
        for client in Array(clients.values) + retired { client.close() }
        clients = [:]
        retired = []
        // Without it nobody is chosen any more.
        map = RedisSlotMap()
    }

    // MARK: Choosing

    /// The client of a node, made when it is first asked for.
    func client(of address: RedisNodeAddress) -> RedisClient {
        if let known = clients[address] { return known }
        let client = RedisClient(nodeSettings(address))
        // Whoever asks only now is told so by it.
        if isClosed { client.close() } else { clients[address] = client }
        return client
    }

    /// The settings for connections to a node.
    func nodeSettings(_ address: RedisNodeAddress) -> RedisSettings {
        var node = settings.node.at(settings.translate?(address) ?? address)
        node.database = 0
        if settings.reads != .master {
            // To a master it makes no difference.
            let prepare = node.prepare
            node.prepare = { (connection) async throws(RedisError) in
                try await prepare?(connection)
                _ = try await connection.send(RedisCommand("READONLY", traits: .connection))
            }
        }
        return node
    }

    /// The node to ask, as far as is known.
    ///
    /// - Parameters:
    ///   - slot: which slot it is to have; `nil` for any master.
    ///   - isRead: whether a replica may do.
    /// - Returns: `nil` when nobody is known to.
    func choose(_ slot: RedisSlot?, isRead: Bool) -> RedisNodeAddress? {
        guard let slot else {
            let masters = map.shards.map(\.master)
            return masters.filter { !suspects.contains($0) }.randomElement() ?? masters.randomElement()
        }
        guard let shard = map.shard(of: slot) else { return nil }
        guard isRead, settings.reads != .master else { return shard.master }
        var readers = shard.replicas.filter { !suspects.contains($0) }
        if settings.reads == .everybody { readers.append(shard.master) }
        guard !readers.isEmpty else { return shard.master }
        nextReader = (nextReader &+ 1) % readers.count
        return readers[nextReader]
    }

    var masters: [RedisNodeAddress] { map.shards.map(\.master) }

    // MARK: What is learned

    func follow(_ redirection: RedisRedirection) {
        guard !isClosed else { return }
        switch redirection.kind {
        case .ask: statistics.asked &+= 1
        case .moved:
            statistics.moved &+= 1
            let before = map.shard(of: redirection.slot)?.master
            map.assign(redirection.slot, to: redirection.address)
            if let before, before != redirection.address { tell([redirection.slot]) }
            refreshSoon()
        }
    }

    func noteRepetition() { statistics.repeated &+= 1 }

    /// A node did not answer.
    func lost(_ address: RedisNodeAddress) {
        suspects.insert(address)
        refreshSoon()
    }

    /// Asks for the slot map, without waiting for it.
    func refreshSoon() {
        if refresh == nil, !isClosed { _ = beginRefresh() }
    }

    /// Asks for the slot map, once for all who want it, and waits for it.
    func awaitMap() async throws(RedisError) {
        guard !isClosed else { throw RedisError(.closed, "the client has been closed", isUnsent: true) }
        do {
            try await (refresh ?? beginRefresh()).value
        } catch let error as RedisError {
            throw error
        } catch {
            throw RedisError(.cancelled, "the task was cancelled while it waited for the slot map", isUnsent: true)
        }
    }

    private func beginRefresh() -> Future<Void> {
        let promise = Promise<Void>()
        refresh = promise.future
        let wait = EventLoop.main.time().duration(to: earliestRefresh)
        Task {
            if wait > .zero { try? await Task.sleep(for: wait) }
            do throws(RedisError) {
                let map = try await self.ask()
                self.refreshed()
                self.adopt(map)
                promise.succeed(())
            } catch {
                self.refreshed()
                promise.fail(error)
            }
        }
        return promise.future
    }

    private func refreshed() {
        refresh = nil
        statistics.refreshes &+= 1
        earliestRefresh = EventLoop.main.time() + settings.refreshInterval
    }

    /// Asks one node after the other until one knows; those that failed last, and the seeds behind all that are known.
    private func ask() async throws(RedisError) -> RedisSlotMap {
        let known = map.nodes.shuffled()
        var order = known.filter { !suspects.contains($0) }
        order += settings.seeds.filter { !order.contains($0) }
        order += known.filter { !order.contains($0) }
        var reasons: [String] = []
        var hole: RedisSlotMap?
        for address in order {
            guard !isClosed else { break }
            do throws(RedisError) {
                let found = try await ask(address)
                if found.isComplete { return found }
                // One that has just come back may know of few.
                if found.coveredCount > (hole?.coveredCount ?? -1) { hole = found }
            } catch {
                reasons.append(error.description)
            }
        }
        guard !isClosed else { throw RedisError(.closed, "the client has been closed", isUnsent: true) }
        if let hole { return hole }
        throw RedisError(
            .connection, host: "the cluster",
            order.isEmpty
                ? "there are no nodes to begin with: set seeds"
                : "no node has told where the slots are: \(reasons.joined(separator: "; "))", isUnsent: true)
    }

    private func ask(_ address: RedisNodeAddress) async throws(RedisError) -> RedisSlotMap {
        var command = RedisCommand("CLUSTER SLOTS", traits: .readOnly)
        command.timeout = min(Self.questionTimeout, settings.node.timeouts.command)
        let answer: RESPValue
        do throws(RedisError) {
            answer = try await client(of: address).send(command)
        } catch {
            guard error.serverCode == "ERR", error.reason.contains("ubcommand") else { throw error }
            // Deprecated since version 7, some day it may be gone.
            var command = RedisCommand("CLUSTER SHARDS", traits: .readOnly)
            command.timeout = Self.questionTimeout
            let answer = try await client(of: address).send(command)
            return try Self.read(command, address) { () throws(RedisMismatch) in
                try RedisSlotMap(shards: answer, from: address.host, prefersTLS: settings.node.tls != nil)
            }
        }
        return try Self.read(command, address) { () throws(RedisMismatch) in
            try RedisSlotMap(slots: answer, from: address.host)
        }
    }

    private static func read(
        _ command: RedisCommand, _ address: RedisNodeAddress, _ body: () throws(RedisMismatch) -> RedisSlotMap
    ) throws(RedisError) -> RedisSlotMap {
        do throws(RedisMismatch) {
            return try body()
        } catch {
            throw RedisError(
                .unexpectedAnswer, host: "\(address)", command: command.name, error.description, cause: error)
        }
    }

    private func tell(_ moved: [RedisSlot]) {
        guard !moved.isEmpty else { return }
        for observer in observers.values { observer(moved) }
    }

    private func adopt(_ new: RedisSlotMap) {
        guard !isClosed else { return }
        if !observers.isEmpty { tell(map.moved(in: new)) }
        map = new
        suspects = []
        retired.removeAll { $0.isClosed && $0.statistics.openConnections == 0 }
        let wanted = new.nodes
        for (address, client) in clients where !wanted.contains(address) && !settings.seeds.contains(address) {
            clients[address] = nil
            client.retire()
            retired.append(client)
        }
    }
}
