import MartletLoop
import MartletNet
import MartletRESP

/// A client of one Redis server, for any number of tasks.
///
/// ```swift
/// let client = try RedisClient(url: "redis://localhost")
/// try await client.set("greeting", "hello")
/// print(try await client.get("greeting") ?? "nothing")
/// client.close()
/// ```
///
/// Ordinary commands share a connection, which is made when it is first needed and made anew when it is lost; commands that
/// block, and what ``withConnection(_:)`` and transactions with WATCH do, get connections of their own. See
/// ``RedisRetries`` for what is sent again.
@MainActor  // Spelled out: see HTTPServer.
public final class RedisClient: RedisCommands {
    /// What it was made with.
    public let settings: RedisSettings
    /// What is subscribed to.
    private(set) lazy var subscriptions = PubSubHub(backoff: settings.reconnect) {
        [settings] () async throws(RedisError) in try await RedisConnection.connect(settings)
    }

    let connector: RedisConnector
    private let shared: [SharedConnection]
    private var nextShared = 0
    let dedicated: DedicatedPool
    private let isObserved: Bool
    private let loop = EventLoop.main
    private let limit: EventLoop.Interval

    /// A client. It connects when the first command is sent.
    public init(_ settings: RedisSettings = RedisSettings()) {
        self.settings = settings
        let connector = RedisConnector(settings)
        self.connector = connector
        shared = (0..<max(1, settings.limits.sharedConnections)).map { _ in SharedConnection(connector) }
        dedicated = DedicatedPool(connector)
        isObserved = !settings.observers.isEmpty
        limit = EventLoop.Interval(settings.timeouts.command)
    }

    /// A client for a URL: see ``RedisSettings/init(url:)``.
    public convenience init(url: String) throws(RedisError) {
        self.init(try RedisSettings(url: url))
    }

    deinit {}

    // MARK: Commands

    /// Sends a command and waits for its answer.
    ///
    /// - Throws: `RedisError`; ``RedisError/Code-swift.struct/invalidCommand`` for a command that changes the connection,
    ///   such as SELECT or SUBSCRIBE, which others use as well.
    public nonisolated(nonsending) func send(_ command: RedisCommand) async throws(RedisError) -> RESPValue {
        // The way of nearly all commands.
        guard command.timeout == nil, command.traits.isDisjoint(with: [.blocking, .connection, .undecided]),
            let wait = ifOnLoop((self, command.arguments, command.wantsText), { $0.0.begin($0.1, $0.2) }) ?? nil
        else { return try await sendSlowly(command, until: nil, after: nil) }
        let answer = await withUnsafeContinuation { wait.begin($0) }
        let failure: RedisError
        do throws(RedisError) {
            return try wait.end(answer, command.name)
        } catch {
            _ = ifOnLoop((self, error.serverCode)) { $0.0.noteFailure($0.1) }
            guard settings.retries.mayRepeat(error, command.traits) else { throw error }
            failure = error
        }
        return try await sendSlowly(command, until: wait.deadline, after: failure)
    }

    /// Queues what needs nothing but the connection that there is.
    ///
    /// - Returns: `nil` when it is not that simple; then the slow way finds out why.
    @inline(__always)
    private func begin(_ arguments: RESPWriter, _ wantsText: Bool) -> AnswerWait? {
        let shared = next
        guard !isObserved, let connection = shared.connection else { return nil }
        return connection.begin(arguments, wantsText: wantsText, deadline: loop.now + limit)
    }

    /// Sends commands in one write, with nothing of others in between, and waits for all answers. They are no transaction:
    /// the server may do something for others in between.
    ///
    /// - Returns: the answers in order; those that are errors are `RESPValue.error`.
    /// - Throws: `RedisError` when not all answers came.
    public func send(_ commands: [RedisCommand]) async throws(RedisError) -> [RESPValue] {
        if commands.isEmpty { return [] }
        guard isObserved else { return try await execute(commands) }
        return try await observed("PIPELINE") { () throws(RedisError) in try await execute(commands) }
    }

    @inline(never)
    private func sendSlowly(
        _ command: RedisCommand, until deadline: EventLoop.Instant?, after failure: RedisError?
    ) async throws(RedisError) -> RESPValue {
        // The one whose turn it was already.
        let shared = shared[nextShared]
        let deadline = deadline ?? self.deadline(of: command)
        guard isObserved else { return try await execute(command, on: shared, until: deadline, after: failure) }
        return try await observed(command.name) { () throws(RedisError) in
            try await execute(command, on: shared, until: deadline, after: failure)
        }
    }

    /// Sends a command that needs a connection first, or has failed in a way that lets it be sent again.
    private func execute(
        _ command: RedisCommand, on shared: SharedConnection, until deadline: EventLoop.Instant,
        after failure: RedisError?
    ) async throws(RedisError) -> RESPValue {
        let command = command.decided
        if command.traits.contains(.connection) { throw refusal(command) }
        return try await repeating(command.traits, until: deadline, after: failure) { () throws(RedisError) in
            if command.traits.contains(.blocking) {
                return try await self.dedicated.with(until: deadline, command.name) { connection throws(RedisError) in
                    // The time that the server waits begins now.
                    try await connection.exchange(command, deadline: max(deadline, self.deadline(of: command)))
                }
            }
            let connection = try await shared.get(until: deadline, command.name)
            return try await connection.exchange(command, deadline: deadline)
        }
    }

    private func execute(_ commands: [RedisCommand]) async throws(RedisError) -> [RESPValue] {
        var all: RedisCommand.Traits = .readOnly
        var any: RedisCommand.Traits = []
        let commands = commands.map(\.decided)
        for command in commands {
            all.formIntersection(command.traits)
            any.formUnion(command.traits)
            if command.traits.contains(.connection) { throw refusal(command) }
        }
        let deadline = deadline(of: commands)
        let isBlocking = any.contains(.blocking)
        let shared = next
        let name = commands.count == 1 ? commands[0].name : "a pipeline"
        let answers = try await repeating(all, until: deadline, after: nil) { () throws(RedisError) in
            if isBlocking {
                return try await self.dedicated.with(until: deadline, name) { connection throws(RedisError) in
                    // The time that the server waits begins now.
                    try await connection.exchange(commands, deadline: max(deadline, self.deadline(of: commands)))
                }
            }
            let connection = try await shared.get(until: deadline, name)
            return try await connection.exchange(commands, deadline: deadline)
        }
        for case .error(let reply) in answers { noteFailure(reply.code) }
        return answers
    }

    private func deadline(of command: RedisCommand) -> EventLoop.Instant {
        command.deadline(settings.timeouts, from: EventLoop.main.now)
    }

    private func deadline(of commands: [RedisCommand]) -> EventLoop.Instant {
        RedisCommand.deadline(of: commands, settings.timeouts, from: EventLoop.main.now)
    }

    private func refusal(_ command: RedisCommand) -> RedisError {
        RedisError(
            .invalidCommand, host: settings.host, command: command.name,
            "it changes the connection, which others use as well; use withConnection, transaction or connect",
            isUnsent: true)
    }

    // MARK: Repeating

    /// Calls `body` until it succeeds or may not be repeated.
    private func repeating<Result>(
        _ traits: RedisCommand.Traits, until deadline: EventLoop.Instant, after first: RedisError?,
        _ body: @MainActor () async throws(RedisError) -> Result
    ) async throws(RedisError) -> Result {
        var failure = first
        var attempts = first == nil ? 0 : 1
        var waits = settings.retries.backoff.waits()
        while true {
            if let failure {
                let wait = waits.next() ?? .zero
                guard attempts < settings.retries.attempts, EventLoop.main.time() + wait < deadline else {
                    throw failure
                }
                do { try await Task.sleep(for: wait) } catch { throw cancelled(after: failure) }
            }
            attempts += 1
            do throws(RedisError) {
                return try await body()
            } catch {
                noteFailure(error.serverCode)
                guard settings.retries.mayRepeat(error, traits) else { throw error }
                failure = error
            }
        }
    }

    /// Has the sentinels asked who the master is when a server refuses to write that was it before.
    private func noteFailure(_ serverCode: String?) {
        guard serverCode == "READONLY", case .sentinels = settings.endpoint else { return }
        for connection in shared { connection.leave() }
        dedicated.closeIdle()
    }

    private func cancelled(after failure: RedisError) -> RedisError {
        RedisError(
            .cancelled, host: settings.host, command: failure.command, "the task was cancelled before another attempt",
            cause: failure, isUnsent: failure.isUnsent)
    }

    // MARK: Connections

    /// One of the connections that ordinary commands share, in turn.
    @inline(__always)
    private var next: SharedConnection {
        if shared.count == 1 { return shared[0] }
        nextShared = (nextShared + 1) % shared.count
        return shared[nextShared]
    }

    /// A connection of the caller's own, to be closed by it: for subscriptions, and whatever else changes a connection.
    ///
    /// - Throws: `RedisError` when there is none to be had; it is tried once.
    public func connect() async throws(RedisError) -> RedisConnection {
        if isClosed { throw SharedConnection.closed(settings.host, nil) }
        return try await connector.connect()
    }

    /// Lends one of the dedicated connections to `body`: for WATCH, MULTI and the like. One whose state `body` has changed,
    /// or that still waits for answers, is closed afterwards; others are lent again.
    ///
    /// - Throws: what `body` throws; `RedisError` when there is no connection to be had.
    public func withConnection<Result: Sendable>(
        _ body: @MainActor (RedisConnection) async throws -> Result
    ) async throws -> Result {
        let connection = try await dedicated.take(until: EventLoop.main.now + limit, nil)
        defer { dedicated.put(connection) }
        do {
            return try await body(connection)
        } catch {
            noteFailure((error as? RedisError)?.serverCode)
            throw error
        }
    }

    /// Whether ``close()`` has been called.
    public private(set) var isClosed = false

    /// Closes it for somebody who has found another server: those who wait get their answers, also those whose commands
    /// block for longer than others take.
    func retire() {
        EventLoop.main.callLater(settings.timeouts.command) { self.close(sparingLent: true) }
    }

    /// Closes all connections at once, those apart that ``connect()`` made. Those who wait get an error, and so does every
    /// later command.
    public func close() { close(sparingLent: false) }

    private func close(sparingLent: Bool) {
        // One that was retired is closed for good by whoever has it.
        if isClosed, !sparingLent { dedicated.close(sparingLent: false) }
        guard !isClosed else { return }
        isClosed = true
        for connection in shared { connection.close() }
        dedicated.close(sparingLent: sparingLent)
        subscriptions.close(because: RedisError(.closed, host: settings.host, "the client has been closed"))
    }

    /// What there is now, for those who want to look.
    public var statistics: RedisClientStatistics {
        RedisClientStatistics(
            openConnections: shared.count { $0.connection != nil } + dedicated.openCount,
            idleConnections: dedicated.idleCount, waitingForConnection: dedicated.waitingCount,
            pendingCommands: shared.reduce(0) { $0 + ($1.connection?.pendingCount ?? 0) },
            connectionsMade: connector.made, connectionsFailed: connector.failed)
    }
}
