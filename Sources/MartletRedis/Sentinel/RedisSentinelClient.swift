import MartletLoop
import MartletRESP

/// A client of whichever server sentinels say is the master.
///
/// ```swift
/// let sentinels = try ["redis://10.0.0.1:26379", "redis://10.0.0.2:26379"].map { try RedisSettings(url: $0) }
/// let client = RedisSentinelClient(RedisSentinelSettings(sentinels: sentinels, masterName: "mymaster"))
/// try await client.set("greeting", "hello")
/// ```
///
/// The master's own word (ROLE) is asked for on every connection, and the sentinels again whenever a connection was
/// lost, the master refuses a write (READONLY), or a sentinel announces another one (+switch-master). Commands that have
/// surely not been executed are sent again until their time-out; of those under way when a master is lost nobody knows
/// whether they were, and they fail unless ``RedisRetries`` allows otherwise.
///
/// Redis replicates after it has answered. A failover loses what the old master had answered and not yet passed on; WAIT,
/// `min-replicas-to-write` and `min-replicas-max-lag` bound that, nothing makes it none.
@MainActor
public final class RedisSentinelClient: RedisCommands, RedisSubscribing {
    /// What it was made with.
    public let settings: RedisSentinelSettings
    /// Where the master is, as far as is known.
    public var masterAddress: RedisNodeAddress? { current?.address }
    /// How often another master has been found.
    public private(set) var failovers = 0

    private let directory: SentinelDirectory
    private var current: SentinelServer?
    /// Whether the sentinels are to be asked before the next command.
    private var isDoubtful = true
    private var replicas: [SentinelServer] = []
    /// Of servers that are not what they were any more, as long as somebody waits there.
    private var retired: [RedisClient] = []
    private var nextReader = 0
    private var resolution: Future<SentinelServer>?
    private var lastAsked = EventLoop.Instant(nanoseconds: 0)
    private var lastResolved = EventLoop.Instant(nanoseconds: 0)
    private var watcher: Task<Void, Never>?
    private let announcements: PubSubHub
    private var subscriptions: PubSubHub?
    private var isClosed = false

    /// A client that asks the sentinels when the first command is sent.
    public init(_ settings: RedisSentinelSettings) {
        self.settings = settings
        let directory = SentinelDirectory(settings)
        self.directory = directory
        announcements = PubSubHub(backoff: settings.server.reconnect) { () async throws(RedisError) in
            try await directory.connect()
        }
    }

    /// A client for a URL, `redis+sentinel://host:26379,host:26379/mymaster`: see ``RedisSettings/init(url:)``.
    public convenience init(url: String) throws(RedisError) {
        self.init(try RedisSentinelSettings(url: url))
    }

    isolated deinit {
        end(because: RedisError(.closed, "the client has been dropped", isUnsent: true))
    }

    /// Closes all connections at once. Those who wait get an error, and so does every later command.
    public func close() {
        end(because: RedisError(.closed, "the client has been closed", isUnsent: true))
    }

    private func end(because error: RedisError) {
        isClosed = true
        watcher?.cancel()
        announcements.close(because: error)
        subscriptions?.close(because: error)
        current?.client.close()
        for client in replicas.map(\.client) + retired { client.close() }
        replicas = []
        retired = []
    }

    // MARK: Commands

    /// Sends a command to the master, or, if it changes nothing, to whom ``RedisSentinelSettings/reads`` says.
    @MainActor
    public func send(_ command: RedisCommand) async throws(RedisError) -> RESPValue {
        let command = command.decided
        if settings.reads != .master, command.traits.contains(.readOnly) {
            // Where there is nobody yet, the master is asked, and with it the replicas are found.
            if current == nil { _ = try await server(within: Patience(command, settings.server)) }
            refreshReplicasIfOld()
            if let reader = nextReplica() {
                do throws(RedisError) {
                    return try await reader.client.send(command)
                } catch {
                    guard error.isTransient || error.code == .closed else { throw error }
                    isDoubtful = isDoubtful || error.isLoss
                    reader.isSuspect = true
                }
            }
        }
        return try await repeating(command) { (client, patience) async throws(RedisError) in
            try await client.send(patience.limiting(command))
        }
    }

    /// Sends commands to the master in one write, with nothing of others in between, and waits for all answers.
    ///
    /// - Returns: the answers in order; those that are errors are `RESPValue.error`.
    public func send(_ commands: [RedisCommand]) async throws(RedisError) -> [RESPValue] {
        try await repeating(nil) { (client, _) async throws(RedisError) in try await client.send(commands) }
    }

    /// A client of the master as it is now, for what concerns one connection: transactions, scripts. It knows nothing of
    /// failovers.
    public func master() async throws(RedisError) -> RedisClient {
        try await server(within: Patience(nil, settings.server)).client
    }

    /// A connection to the master of the caller's own, to be closed by it.
    public func connect() async throws(RedisError) -> RedisConnection {
        try await repeating(nil) { (client, _) async throws(RedisError) in try await client.connect() }
    }

    /// Subscribes with the master: see ``RedisSubscribing``. After a failover, with the new one.
    public func subscribe(
        _ target: RedisSubscriptionTarget, buffer: RedisSubscriptionBuffer
    ) async throws(RedisError) -> RedisSubscription {
        let hub =
            subscriptions
            ?? PubSubHub(backoff: settings.server.reconnect) { [weak self] () async throws(RedisError) in
                guard let self else { throw RedisError(.closed, "the client has been dropped", isUnsent: true) }
                return try await master().connect()
            }
        subscriptions = hub
        return try await hub.subscribe(target, buffer, within: settings.server.timeouts.command)
    }

    /// Does something with the master, until it is done or must not be done again.
    private func repeating<Answer>(
        _ command: RedisCommand?, _ body: (RedisClient, Patience) async throws(RedisError) -> Answer
    ) async throws(RedisError) -> Answer {
        var patience = Patience(command, settings.server)
        patience.isLate = current == nil || isDoubtful
        while true {
            let failure: RedisError
            var used: SentinelServer?
            do throws(RedisError) {
                let server = try await server(within: patience)
                used = server
                return try await body(server.client, patience)
            } catch {
                failure = error
            }
            let wasReplaced = failure.code == .closed && !isClosed && used !== current
            if failure.isLoss || failure.isAboutTopology || wasReplaced { isDoubtful = true }
            guard mayRepeat(command, after: failure, wasReplaced: wasReplaced) else { throw failure }
            try await patience.wait(after: failure)
        }
    }

    private func mayRepeat(_ command: RedisCommand?, after error: RedisError, wasReplaced: Bool) -> Bool {
        guard !isClosed, error.isTransient || wasReplaced else { return false }
        if error.wasNotExecuted { return true }
        return command?.traits.contains(.idempotent) == true && settings.server.retries.repeatsIdempotent
    }

    // MARK: Servers

    private func nextReplica() -> SentinelServer? {
        var candidates = replicas.filter { !$0.isSuspect }
        if settings.reads == .everybody, let current { candidates.append(current) }
        guard !candidates.isEmpty else { return nil }
        nextReader = (nextReader &+ 1) % candidates.count
        return candidates[nextReader]
    }

    /// Replicas come, go, and catch up without anybody saying so.
    private func refreshReplicasIfOld() {
        let age = replicas.contains { !$0.isSuspect } ? Self.replicasAge : Self.noReplicasAge
        if resolution == nil, EventLoop.main.now > lastAsked + age { _ = beginResolution() }
    }

    private static let replicasAge: Duration = .seconds(10)
    private static let noReplicasAge: Duration = .seconds(1)

    /// The master, about which there is no doubt.
    private func server(within patience: Patience) async throws(RedisError) -> SentinelServer {
        if let current, !isDoubtful { return current }
        return try await patience.bound("the sentinels' word") { [self] () async throws(RedisError) in
            try await resolve()
        }
    }

    /// Asks the sentinels, once for all who want to know.
    private func resolve() async throws(RedisError) -> SentinelServer {
        guard !isClosed else { throw RedisError(.closed, "the client has been closed", isUnsent: true) }
        let question = resolution ?? beginResolution()
        do {
            return try await question.value
        } catch let error as RedisError {
            throw error
        } catch {
            throw RedisError(.cancelled, "the task was cancelled while the sentinels were asked", isUnsent: true)
        }
    }

    private func beginResolution() -> Future<SentinelServer> {
        let promise = Promise<SentinelServer>()
        resolution = promise.future
        lastAsked = EventLoop.main.now
        Task {
            do throws(RedisError) {
                let server = try await self.findMaster()
                self.resolution = nil
                promise.succeed(server)
            } catch {
                self.resolution = nil
                promise.fail(error)
            }
        }
        return promise.future
    }

    private func findMaster() async throws(RedisError) -> SentinelServer {
        let found = try await directory.servers()
        try await verify(found.master)
        guard !isClosed else { throw RedisError(.closed, "the client has been closed", isUnsent: true) }
        isDoubtful = false
        lastResolved = EventLoop.main.time()
        watch()
        adopt(found.replicas)
        if let current, current.address == found.master { return current }
        let server = SentinelServer(found.master, client(of: found.master))
        if let old = current {
            failovers += 1
            settings.server.logger.notice(
                "another master",
                metadata: ["name": "\(settings.masterName)", "old": "\(old.address)", "new": "\(server.address)"])
            retire(old)
        }
        current = server
        subscriptions?.reconnect()
        return server
    }

    /// A master's own word that it is one: a sentinel may not know yet that it is not any more.
    private func verify(_ address: RedisNodeAddress) async throws(RedisError) {
        let connection = try await RedisConnection.connect(settings.server.at(address))
        defer { connection.close() }
        try await Self.verify(connection)
    }

    static func verify(_ connection: RedisConnection) async throws(RedisError) {
        let answer = try await connection.send(RedisCommand("ROLE"))
        let role: SentinelAnswers.Role
        do throws(RedisMismatch) {
            role = try SentinelAnswers.role(answer)
        } catch {
            throw RedisError(
                .unexpectedAnswer, host: connection.settings.host, command: "ROLE", error.description, cause: error)
        }
        guard role == .master else {
            throw RedisError(
                .connection, host: connection.settings.host, command: "ROLE",
                "the sentinels name it as the master, and it says that it is none", isUnsent: true)
        }
    }

    private func client(of address: RedisNodeAddress) -> RedisClient {
        var serverSettings = settings.server.at(address)
        serverSettings.prepare = { [weak self] (connection) async throws(RedisError) in
            try await self?.check(connection, at: address)
        }
        return RedisClient(serverSettings)
    }

    /// Looks at a new connection to the master: one that comes back after a crash takes itself for the master until a
    /// sentinel tells it otherwise, and what it were given until then would be lost.
    private func check(_ connection: RedisConnection, at address: RedisNodeAddress) async throws(RedisError) {
        try await Self.verify(connection)
        // A sentinel needs a second at least until it takes a server for lost.
        guard EventLoop.main.time() > lastResolved + .seconds(1) else { return }
        isDoubtful = true
        let server = try await resolve()
        guard server.address == address else {
            throw RedisError(
                .connection, host: connection.settings.host, "it is not the master any more, \(server.address) is",
                isUnsent: true)
        }
    }

    private func adopt(_ addresses: [RedisNodeAddress]) {
        guard settings.reads != .master else { return }
        let wanted = Set(addresses)
        for replica in replicas where !wanted.contains(replica.address) { retire(replica) }
        replicas.removeAll { !wanted.contains($0.address) }
        for address in addresses.sorted() {
            if let known = replicas.first(where: { $0.address == address }) {
                known.isSuspect = false
            } else {
                replicas.append(SentinelServer(address, RedisClient(settings.server.at(address))))
            }
        }
    }

    private func retire(_ server: SentinelServer) {
        retired.removeAll { $0.isClosed && $0.statistics.openConnections == 0 }
        retired.append(server.client)
        server.client.retire()
    }

    // MARK: Announcements

    private func watch() {
        guard watcher == nil, !isClosed else { return }
        let limit = settings.server.timeouts.command
        watcher = Task { [announcements, weak self] in
            while !Task.isCancelled {
                do {
                    let news = try await announcements.subscribe(
                        .channels(["+switch-master"]), RedisSubscriptionBuffer(), within: limit)
                    for try await event in news { self?.hear(event) }
                } catch {
                    // Commands find out by themselves; this only makes it quicker.
                    try? await Task.sleep(for: .seconds(1))
                }
            }
        }
    }

    private func hear(_ event: RedisSubscriptionEvent) {
        if case .message(let message) = event {
            let address = SentinelAnswers.switchedMaster(message.text, of: settings.masterName)
            guard let address, address != current?.address else { return }
        }
        isDoubtful = true
        if resolution == nil { _ = beginResolution() }
    }
}

/// A server that sentinels have named.
final class SentinelServer {
    let address: RedisNodeAddress
    let client: RedisClient
    /// Whether it failed to answer since the sentinels named it last.
    var isSuspect = false

    init(_ address: RedisNodeAddress, _ client: RedisClient) {
        self.address = address
        self.client = client
    }

    deinit {}
}
