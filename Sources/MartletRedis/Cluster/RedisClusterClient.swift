import MartletLoop
import MartletRESP

/// A client of a Redis Cluster, for any number of tasks.
///
/// ```swift
/// let client = RedisClusterClient(try RedisClusterSettings(url: "redis://10.0.0.1:6379,10.0.0.2:6379"))
/// try await client.set("greeting", "hello")
/// let values = try await client.mget("a", "b", "c")        // of three nodes, perhaps
/// ```
///
/// A command goes to the node that has its keys' slot. The client learns the slots from the cluster, and follows it when
/// they move (MOVED, ASK). MGET, MSET, DEL, UNLINK, EXISTS and TOUCH are divided when their keys are in several slots:
/// then each node's part is atomic, and the whole is not. DBSIZE, KEYS, FLUSHALL, FLUSHDB, and what is about scripts and
/// functions, goes to all masters; SCAN goes through one after the other, with a cursor that only this client knows.
///
/// What has surely not been executed is sent again, until the command's time-out: when a slot is on its way (TRYAGAIN),
/// the cluster is down (CLUSTERDOWN), or a node was not reached. Of commands under way when a node is lost nobody knows
/// whether they were executed, and they fail unless ``RedisRetries`` allows otherwise. Redis replicates after it has
/// answered: a failover loses what the old master had answered and not yet passed on.
@MainActor
public final class RedisClusterClient: RedisCommands, RedisSubscribing {
    /// What it was made with.
    public let settings: RedisClusterSettings
    let nodes: ClusterNodes
    private lazy var shardSubscriptions = ShardSubscriptions(nodes)
    private lazy var subscriptions = PubSubHub(backoff: settings.node.reconnect) {
        [nodes] () async throws(RedisError) in
        // Every node hears of what is published on any.
        if nodes.choose(nil, isRead: false) == nil { try await nodes.awaitMap() }
        guard let address = nodes.choose(nil, isRead: false) else {
            throw RedisError(.connection, "the cluster has no masters", isUnsent: true)
        }
        do throws(RedisError) {
            return try await RedisConnection.connect(nodes.nodeSettings(address))
        } catch {
            nodes.lost(address)
            throw error
        }
    }

    /// A client. It asks for the slots when the first command is sent.
    public init(_ settings: RedisClusterSettings) {
        self.settings = settings
        nodes = ClusterNodes(settings)
    }

    /// A client for a URL: see ``RedisClusterSettings/init(url:)``.
    public convenience init(url: String) throws(RedisError) {
        self.init(try RedisClusterSettings(url: url))
    }

    isolated deinit {
        close()
    }

    /// Closes all connections at once. Those who wait get an error, and so does every later command.
    public func close() {
        nodes.close()
        let reason = RedisError(.closed, "the client has been closed", isUnsent: true)
        subscriptions.close(because: reason)
        shardSubscriptions.close(because: reason)
    }

    // MARK: The cluster

    /// Which nodes have which slots, as far as is known.
    public var slotMap: RedisSlotMap { nodes.map }

    /// What it has been through.
    public var statistics: RedisClusterStatistics { nodes.statistics }

    /// Asks the cluster which nodes have which slots. It is done without being told; this is for those who want to know.
    ///
    /// - Throws: `RedisError`, also when no node has told within the time that a command has.
    public func refresh() async throws(RedisError) {
        try await awaitMap(within: Patience(nil, settings.node))
    }

    /// The client of the master that has a key, as far as is known: for what concerns one connection, such as
    /// transactions with WATCH. It follows no redirections.
    public func client(for key: String) async throws(RedisError) -> RedisClient {
        let slot = RedisSlot(of: key)
        return nodes.client(of: try await choose(slot, isRead: false, within: Patience(nil, settings.node)))
    }

    /// The clients of all masters.
    public func masters() async throws(RedisError) -> [RedisClient] {
        try await awaitMasters(within: Patience(nil, settings.node))
        return nodes.masters.map { nodes.client(of: $0) }
    }

    // MARK: Commands

    /// Sends a command to whom it concerns, and waits for the answer.
    @MainActor
    public func send(_ command: RedisCommand) async throws(RedisError) -> RESPValue {
        let command = command.decided
        switch ClusterRoute(command) {
        case .slot(let slot): return try await send(command, to: slot, mayRead: true)
        case .anybody: return try await send(command, to: nil, mayRead: false)
        case .split(let split):
            let answers = try await all(split.parts) { (part) async throws(RedisError) in
                try await self.send(part.command, to: part.slot, mayRead: true)
            }
            return try Self.merged(command) { () throws(RedisMismatch) in try split.merge(answers) }
        case .everyMaster(let merging):
            var patience = Patience(command, settings.node)
            patience.isLate = nodes.masters.isEmpty
            try await awaitMasters(within: patience)
            let part = patience.limiting(command)
            // By a slot of each, so that one that is lost is followed to whoever takes its place.
            let answers = try await all(nodes.map.firstSlots) { (slot) async throws(RedisError) in
                try await self.send(part, to: slot, mayRead: false)
            }
            return try Self.merged(command) { () throws(RedisMismatch) in try merging.merge(answers) }
        case .scan: return try await scan(command)
        case .refused(let reason):
            throw RedisError(.invalidCommand, host: "the cluster", command: command.name, reason, isUnsent: true)
        }
    }

    /// Sends a command to the node that has a slot, or to any, wherever that leads.
    ///
    /// - Parameter mayRead: whether a replica may answer, if the command changes nothing.
    private func send(
        _ command: RedisCommand, to slot: RedisSlot?, mayRead: Bool
    ) async throws(RedisError) -> RESPValue {
        var patience = Patience(command, settings.node)
        patience.isLate = nodes.map.shards.isEmpty
        var redirections = 0
        var next: (address: RedisNodeAddress, asks: Bool)?
        // A replica that cannot answer is not asked twice.
        var isRead = mayRead && command.traits.contains(.readOnly)
        while true {
            var address: RedisNodeAddress?
            let failure: RedisError
            do throws(RedisError) {
                let target: (address: RedisNodeAddress, asks: Bool)
                if let next {
                    target = next
                } else {
                    target = (try await choose(slot, isRead: isRead, within: patience), false)
                }
                next = nil
                address = target.address
                return try await nodes.client(of: target.address).ask(patience.limiting(command), asks: target.asks)
            } catch {
                failure = error
            }
            if let redirection = redirection(failure, from: address) {
                patience.isLate = true
                redirections += 1
                guard redirections <= settings.redirections else { throw failure }
                nodes.follow(redirection)
                next = (redirection.address, redirection.kind == .ask)
                // Two nodes that name each other have not yet agreed.
                if redirections > 3 { try await patience.wait(after: failure) }
                continue
            }
            try note(failure, of: address, command)
            isRead = false
            try await patience.wait(after: failure)
        }
    }

    /// Takes note of a failure, and throws it if the command must not be sent again.
    func note(_ failure: RedisError, of address: RedisNodeAddress?, _ command: RedisCommand?) throws(RedisError) {
        if failure.isLoss, let address { nodes.lost(address) }
        if failure.serverCode == "CLUSTERDOWN" || failure.serverCode == "READONLY" { nodes.refreshSoon() }
        // Whose client was closed because the map does not have it any more.
        let wasRetired = failure.code == .closed && !nodes.isClosed
        guard !nodes.isClosed, failure.isTransient || wasRetired else { throw failure }
        let mayRepeat =
            failure.wasNotExecuted
            || command?.traits.contains(.idempotent) == true && settings.node.retries.repeatsIdempotent
        guard mayRepeat else { throw failure }
        nodes.noteRepetition()
    }

    /// The node to ask; the slot map is waited for if need be.
    func choose(
        _ slot: RedisSlot?, isRead: Bool, within patience: Patience
    ) async throws(RedisError) -> RedisNodeAddress {
        if let address = nodes.choose(slot, isRead: isRead) { return address }
        try await awaitMap(within: patience)
        if let address = nodes.choose(slot, isRead: isRead) { return address }
        throw Self.unserved(slot)
    }

    private func awaitMasters(within patience: Patience) async throws(RedisError) {
        if nodes.masters.isEmpty { try await awaitMap(within: patience) }
    }

    private func awaitMap(within patience: Patience) async throws(RedisError) {
        try await patience.bound("the slot map") { [nodes] () async throws(RedisError) in try await nodes.awaitMap() }
    }

    func redirection(_ failure: RedisError, from address: RedisNodeAddress?) -> RedisRedirection? {
        guard let reply = failure.reply, let address else { return nil }
        return RedisRedirection(reply.text, from: address.host)
    }

    private static func unserved(_ slot: RedisSlot?) -> RedisError {
        RedisError(
            .connection, host: "the cluster",
            slot.map { "no node serves slot \($0)" } ?? "the cluster has no masters", isUnsent: true)
    }

    static func merged(
        _ command: RedisCommand, _ body: () throws(RedisMismatch) -> RESPValue
    ) throws(RedisError) -> RESPValue {
        do throws(RedisMismatch) {
            return try body()
        } catch {
            throw RedisError(
                .unexpectedAnswer, host: "the cluster", command: command.name, error.description, cause: error)
        }
    }

    /// Does something with all of some at the same time, and waits for all: what is not done is not known before.
    func all<Part, Answer: Sendable>(
        _ parts: [Part], _ body: @escaping (Part) async throws(RedisError) -> Answer
    ) async throws(RedisError) -> [Answer] {
        let tasks = parts.map { part in
            Task.immediate { () async -> Result<Answer, RedisError> in
                do throws(RedisError) { return .success(try await body(part)) } catch { return .failure(error) }
            }
        }
        return try await withTaskCancellationHandler {
            var results: [Result<Answer, RedisError>] = []
            for task in tasks { results.append(await task.value) }
            return results
        } onCancel: {
            for task in tasks { task.cancel() }
        }.map { (result) throws(RedisError) in try result.get() }
    }

    // MARK: Keys of all masters

    private func scan(_ command: RedisCommand) async throws(RedisError) -> RESPValue {
        try await awaitMasters(within: Patience(command, settings.node))
        let masters = nodes.masters
        var arguments = command.argumentBytes
        guard arguments.count > 1, let cursor = ClusterCursor(String(decoding: arguments[1], as: UTF8.self)) else {
            throw RedisError(.invalidCommand, command: "SCAN", "its cursor is no number", isUnsent: true)
        }
        guard cursor.master < masters.count else {
            throw RedisError(
                .invalidCommand, command: "SCAN", "its cursor is none of this cluster, or has outlived a master",
                isUnsent: true)
        }
        arguments[1] = Array(String(cursor.cursor).utf8)
        var part = RedisCommand(command.name, traits: command.traits)
        part.append(contentsOf: arguments.dropFirst())
        part.timeout = command.timeout
        let answer = try await nodes.client(of: masters[cursor.master]).send(part)
        guard var parts = answer.elements, parts.count == 2, let own = parts[0].text.flatMap({ UInt64($0) }),
            let next = cursor.next(after: own, of: masters.count)
        else {
            throw RedisError(
                .unexpectedAnswer, host: "\(masters[cursor.master])", command: "SCAN",
                "expected a cursor and keys, got: \(answer.kind)")
        }
        parts[0] = .bulk(String(next))
        return .array(parts)
    }

    // MARK: Subscriptions

    /// Subscribes: see ``RedisSubscribing``. To channels and patterns with any node, for all of them hear of everything
    /// that is published; to sharded channels with those that have their slots, wherever these go.
    public func subscribe(
        _ target: RedisSubscriptionTarget, buffer: RedisSubscriptionBuffer
    ) async throws(RedisError) -> RedisSubscription {
        let limit = settings.node.timeouts.command
        guard target.kind == .shard else { return try await subscriptions.subscribe(target, buffer, within: limit) }
        return try await shardSubscriptions.subscribe(target, buffer, within: limit)
    }
}

extension RedisClient {
    /// Sends a command, behind `ASKING` if its slot is on its way to this node.
    func ask(_ command: RedisCommand, asks: Bool) async throws(RedisError) -> RESPValue {
        guard asks else { return try await send(command) }
        let answers = try await send([RedisCommand(exactly: "ASKING", traits: []), command])
        guard answers.count == 2 else {
            throw RedisError(
                .unexpectedAnswer, host: settings.host, command: command.name,
                "expected 2 answers, got \(answers.count)")
        }
        if case .error(let reply) = answers[1] {
            throw RedisError(reply, host: settings.host, command: command.name)
        }
        return answers[1]
    }
}
