import MartletLoop
import MartletRESP

/// A client that keeps what it has read until the server says that it has changed (CLIENT TRACKING): reading it again
/// costs no round trip.
///
/// ```swift
/// let cached = RedisCachingClient(client)
/// let page = try await cached.get("page:1")      // asks the server
/// let again = try await cached.get("page:1")     // does not
/// ```
///
/// Reads that can be cached go over a connection of its own, on which the server tells of changes; everything else goes
/// to the client. An answer is not kept when its key changes before it has come. Who writes by the same caching client
/// reads what it has written; what others write is seen a moment later, when the server has told of it. When the
/// connection is lost, everything is forgotten, and while there is none nothing is cached.
///
/// Callers who ask for the same at the same time share one question. Needs RESP3, which Redis speaks from version 6 on.
@MainActor
public final class RedisCachingClient: RedisCommands {
    /// What it was made with.
    public let settings: RedisCacheSettings

    private let client: any RedisCommands
    private let connect: () async throws(RedisError) -> RedisConnection
    private var cache: AnswerCache<RESPValue>
    private var flights: [AnswerCache<RESPValue>.Ticket: Future<RESPValue>] = [:]
    private var counts = RedisCacheStatistics()
    private var connection: RedisConnection?
    private var connecting: Future<RedisConnection>?
    private var waits = Backoff.exponential(from: .milliseconds(50), to: .seconds(5)).waits()
    /// Until when it is not tried again to connect.
    private var pause = EventLoop.Instant(nanoseconds: 0)
    /// Why there cannot be a connection, which every read is told until it is tried again.
    private var verdict: RedisError?
    private var isClosed = false

    /// A cache in front of a client, which stays usable without it.
    public convenience init(_ client: RedisClient, settings: RedisCacheSettings = RedisCacheSettings()) {
        var connectionSettings = client.settings
        connectionSettings.healthCheck = settings.heartbeat
        connectionSettings.timeouts.silence = settings.heartbeat
        self.init(client, settings: settings) { () async throws(RedisError) in
            try await RedisConnection.connect(connectionSettings)
        }
    }

    init(
        _ client: any RedisCommands, settings: RedisCacheSettings,
        connect: @escaping () async throws(RedisError) -> RedisConnection
    ) {
        self.client = client
        self.settings = settings
        self.connect = connect
        cache = AnswerCache(maximumCount: settings.maximumCount, maximumBytes: settings.maximumBytes)
    }

    // Its connection must not outlive it.
    isolated deinit {
        connection?.close()
    }

    /// What the cache has been good for.
    public var statistics: RedisCacheStatistics {
        var statistics = counts
        statistics.count = cache.count
        statistics.bytes = cache.bytes
        statistics.evictions = UInt64(cache.evictions)
        return statistics
    }

    /// Closes its connection and forgets everything. The client in front of which it is stays open, and commands still go
    /// there.
    public func close() {
        isClosed = true
        connection?.close()
        connection = nil
        forgetEverything()
    }

    // MARK: Commands

    /// Sends a command, or answers it from the cache.
    @MainActor
    public func send(_ command: RedisCommand) async throws(RedisError) -> RESPValue {
        try await send(command, marked: [])
    }

    /// Sends a command, or answers it with what was answered to the same with the same mark.
    func send(_ command: RedisCommand, marked mark: [UInt8]) async throws(RedisError) -> RESPValue {
        guard let keys = CacheableCommands.keys(of: command), covers(keys) else {
            counts.bypassed &+= 1
            return try await pass(command)
        }
        // What is kept is for all who ask, and some may want its bytes.
        var command = command
        command.wantsText = false
        let question = command.arguments.bytes + mark
        switch cache.find(question, now: Self.now) {
        case .answer(let answer):
            counts.hits &+= 1
            return answer
        case .underWay(let ticket):
            if let flight = flights[ticket] {
                counts.shared &+= 1
                return try await answer(of: flight, to: command)
            }
        case .nothing: break
        }
        counts.misses &+= 1
        guard let connection = try await open() else { return try await client.send(command) }
        // While it connected, somebody else may have asked.
        if case .underWay(let ticket) = cache.find(question, now: Self.now), let flight = flights[ticket] {
            return try await answer(of: flight, to: command)
        }
        return try await answer(of: ask(command, question, keys, on: connection), to: command)
    }

    /// A question of its own task: it does not end with whoever asked first.
    private func ask(
        _ command: RedisCommand, _ question: [UInt8], _ keys: [[UInt8]], on connection: RedisConnection
    ) -> Future<RESPValue> {
        let ticket = cache.begin(question, keys: keys)
        let promise = Promise<RESPValue>()
        flights[ticket] = promise.future
        Task.immediate {
            do throws(RedisError) {
                let answer = try await connection.send(command)
                let age = self.settings.maximumAge?.nanosecondsClamped ?? .max
                let deadline = Self.now.addingReportingOverflow(age)
                self.cache.fill(
                    ticket, with: answer, size: answer.memorySize,
                    until: deadline.overflow ? .max : deadline.partialValue)
                self.flights[ticket] = nil
                promise.succeed(answer)
            } catch {
                self.cache.abandon(ticket)
                self.flights[ticket] = nil
                promise.fail(error)
            }
        }
        return promise.future
    }

    private func answer(
        of flight: Future<RESPValue>, to command: RedisCommand
    ) async throws(RedisError) -> RESPValue {
        do {
            return try await flight.value
        } catch let error as RedisError where error.isLoss || error.isAboutTopology || error.code == .closed {
            // Reading twice does no harm, and the client knows what to do about servers that are lost, or are the wrong ones.
            return try await client.send(command)
        } catch let error as RedisError {
            throw error
        } catch {
            throw RedisError(.cancelled, command: command.name, "the task was cancelled while it waited for the answer")
        }
    }

    /// Sends what is not cached; who has written something reads it again from the server.
    private func pass(_ command: RedisCommand) async throws(RedisError) -> RESPValue {
        if command.traits.contains(.readOnly) { return try await client.send(command) }
        let keys = command.keyBytes
        // Before, for those who ask while it is under way; after, for what they were answered before it was executed.
        forget(keys, or: command)
        defer { forget(keys, or: command) }
        return try await client.send(command)
    }

    /// Forgets what a command is about to change, or has changed.
    func forget(_ keys: [[UInt8]], or command: RedisCommand) {
        for key in keys { cache.invalidate(key) }
        if CacheableCommands.changesEverything(command) { cache.removeAll() }
    }

    private func covers(_ keys: [[UInt8]]) -> Bool {
        guard !isClosed else { return false }
        guard case .prefixes(let prefixes) = settings.tracking, !prefixes.isEmpty else { return true }
        return keys.allSatisfy { key in prefixes.contains { key.starts(with: $0.utf8) } }
    }

    private static var now: Int64 { Int64(clamping: EventLoop.main.now.nanoseconds) }

    // MARK: The connection

    /// The connection; `nil` when there is none just now.
    ///
    /// - Throws: `RedisError` when there cannot be one: the server does not speak RESP3, or does not allow tracking.
    private func open() async throws(RedisError) -> RedisConnection? {
        if let connection, connection.isOpen { return connection }
        guard connecting != nil || EventLoop.main.now >= pause else {
            if let verdict { throw verdict }
            return nil
        }
        let attempt = connecting ?? begin()
        do {
            return try await attempt.value
        } catch let error as RedisError {
            if error.isTransient { return nil }
            throw error
        } catch {
            throw RedisError(.cancelled, "the task was cancelled while it waited for a connection", isUnsent: true)
        }
    }

    private func begin() -> Future<RedisConnection> {
        let promise = Promise<RedisConnection>()
        connecting = promise.future
        Task {
            do throws(RedisError) {
                let made = try await self.makeConnection()
                self.connecting = nil
                self.verdict = nil
                promise.succeed(made)
            } catch {
                self.verdict = error.isTransient || error.code == .closed ? nil : error
                self.pause = EventLoop.main.now + (self.waits.next() ?? .zero)
                self.connecting = nil
                promise.fail(error)
            }
        }
        return promise.future
    }

    private func makeConnection() async throws(RedisError) -> RedisConnection {
        let made = try await connect()
        do throws(RedisError) {
            guard made.protocolVersion == .resp3 else {
                throw RedisError(
                    .invalidSettings, host: made.settings.host,
                    "client-side caching needs RESP3, and the connection speaks RESP2: use Redis 6 or later, and "
                        + "do not set the protocol to 2", isUnsent: true)
            }
            made.onPush = { [weak self] in self?.receive($0) }
            made.onClose = { [weak self, weak made] _ in self?.lost(made) }
            _ = try await made.send(trackingCommand)
            guard !isClosed else { throw RedisError(.closed, "the cache has been closed", isUnsent: true) }
        } catch {
            made.close()
            throw error
        }
        // What was cached under another connection nobody tells of any more.
        forgetEverything()
        waits = Backoff.exponential(from: .milliseconds(50), to: .seconds(5)).waits()
        connection = made
        return made
    }

    private var trackingCommand: RedisCommand {
        var command = RedisCommand("CLIENT TRACKING", traits: .connection)
        command.append("ON")
        if case .prefixes(let prefixes) = settings.tracking {
            command.append("BCAST")
            for prefix in prefixes {
                command.append("PREFIX")
                command.append(prefix)
            }
        }
        return command
    }

    private func lost(_ lost: RedisConnection?) {
        guard let lost, lost === connection else { return }
        connection = nil
        forgetEverything()
    }

    private func receive(_ parts: [RESPValue]) {
        guard parts.count >= 2, parts[0].text == "invalidate" else { return }
        guard let keys = parts[1].elements else { return forgetEverything() }
        for key in keys {
            guard let key = key.bytes else { continue }
            counts.invalidations &+= 1
            cache.invalidate(key)
        }
    }

    private func forgetEverything() {
        if cache.count > 0 { counts.flushes &+= 1 }
        cache.removeAll()
    }
}
