import MartletLoop
import MartletRESP

/// A client of a cluster that keeps what it has read until the node that has it says that it has changed: what
/// ``RedisCachingClient`` is for one server.
///
/// ```swift
/// let cached = RedisCachingClusterClient(cluster)
/// let page = try await cached.get("page:1")      // asks the master that has its slot
/// let again = try await cached.get("page:1")     // does not
/// ```
///
/// Each master has a cache with a connection of its own. When that connection is lost, what this master was asked is
/// forgotten; when a slot goes to another master, what was asked about its keys. A slot can go without a word: so the slot map is
/// asked for once in ``RedisCacheSettings/heartbeat`` while something is cached, and an answer about a key that has gone along
/// can be out of date for twice as long at most.
///
/// Reads come from masters, whatever ``RedisClusterSettings/reads`` says. MGET and EXISTS are divided as the cluster's client
/// divides them, and each part is cached. Everything else goes to that client.
@MainActor
public final class RedisCachingClusterClient: RedisCommands {
    /// What it was made with. The bounds are those of each master's cache.
    public let settings: RedisCacheSettings

    private let client: RedisClusterClient
    private var caches: [RedisNodeAddress: RedisCachingClient] = [:]
    /// How often a slot has gone to another master. What was answered before is not found any more.
    private var moves: [RedisSlot: UInt64] = [:]
    /// What the caches have done that are not there any more, and what never reached one.
    private var past = RedisCacheStatistics()
    private var timer: LoopTimer?
    private var isClosed = false

    /// A cache in front of a client, which stays usable without it.
    public init(_ client: RedisClusterClient, settings: RedisCacheSettings = RedisCacheSettings()) {
        self.client = client
        self.settings = settings
        client.nodes.observers[ObjectIdentifier(self)] = { [weak self] in self?.moved($0) }
    }

    isolated deinit {
        end()
    }

    /// What the caches have been good for, all of them together.
    public var statistics: RedisCacheStatistics {
        caches.values.reduce(past) { $0 + $1.statistics }
    }

    /// Closes its connections and forgets everything. The client in front of which it is stays open, and commands still go
    /// there.
    public func close() {
        isClosed = true
        end()
    }

    private func end() {
        client.nodes.observers[ObjectIdentifier(self)] = nil
        timer?.cancel()
        for address in caches.keys { drop(address) }
    }

    // MARK: Commands

    /// Sends a command to whom it concerns, or answers it from the cache.
    @MainActor
    public func send(_ command: RedisCommand) async throws(RedisError) -> RESPValue {
        guard !isClosed, CacheableCommands.keys(of: command) != nil else { return try await pass(command) }
        switch ClusterRoute(command) {
        case .slot(let slot):
            let address = try await client.choose(
                slot, isRead: false, within: Patience(command, client.settings.node))
            return try await cache(of: address).send(command, marked: mark(of: slot))
        case .split(let split):
            let answers = try await client.all(split.parts) { (part) async throws(RedisError) in
                try await self.send(part.command)
            }
            return try RedisClusterClient.merged(command) { () throws(RedisMismatch) in try split.merge(answers) }
        default: return try await pass(command)
        }
    }

    /// Sends what is not cached; who has written something reads it again from the server.
    private func pass(_ command: RedisCommand) async throws(RedisError) -> RESPValue {
        past.bypassed &+= 1
        if command.traits.contains(.readOnly) { return try await client.send(command) }
        let keys = command.keyBytes
        // Of all caches: whoever has the slot when the command comes there.
        for cache in caches.values { cache.forget(keys, or: command) }
        defer { for cache in caches.values { cache.forget(keys, or: command) } }
        return try await client.send(command)
    }

    // MARK: Caches

    private func cache(of address: RedisNodeAddress) -> RedisCachingClient {
        if let known = caches[address] { return known }
        var node = client.nodes.nodeSettings(address)
        node.healthCheck = settings.heartbeat
        node.timeouts.silence = settings.heartbeat
        // Not as from a replica: a master that is none any more is to say so.
        node.prepare = client.settings.node.prepare
        let connectionSettings = node
        let made = RedisCachingClient(client, settings: settings) { () async throws(RedisError) in
            try await RedisConnection.connect(connectionSettings)
        }
        guard !isClosed else {
            made.close()
            return made
        }
        caches[address] = made
        let timer = timer ?? LoopTimer { [weak self] in self?.look() }
        self.timer = timer
        if !timer.isArmed { timer.arm(at: EventLoop.main.now + settings.heartbeat) }
        return made
    }

    private func drop(_ address: RedisNodeAddress) {
        guard let cache = caches.removeValue(forKey: address) else { return }
        cache.close()
        var statistics = cache.statistics
        statistics.count = 0
        statistics.bytes = 0
        past = past + statistics
    }

    private func mark(of slot: RedisSlot) -> [UInt8] {
        guard let count = moves[slot] else { return [] }
        return withUnsafeBytes(of: count) { [UInt8]($0) }
    }

    /// What was answered about the keys of slots is not to be found any more.
    private func moved(_ slots: [RedisSlot]) {
        for slot in slots { moves[slot, default: 0] &+= 1 }
    }

    /// Asks where the slots are: nobody tells, and what is cached about them leads to no redirection.
    private func look() {
        let masters = Set(client.nodes.masters)
        for address in caches.keys where !masters.contains(address) { drop(address) }
        guard !caches.isEmpty else { return }
        client.nodes.refreshSoon()
        timer?.arm(at: EventLoop.main.now + settings.heartbeat)
    }
}
