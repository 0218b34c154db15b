import MartletLoop
import MartletRESP
import MartletRedis
import RedisFixture
import Testing

/// The error that `body` ends with, as the client's; fails the test when there is none.
func failure(
    _ location: SourceLocation = #_sourceLocation, _ body: () async throws -> some Any
) async -> RedisError? {
    do {
        _ = try await body()
        Issue.record("it did not fail", sourceLocation: location)
    } catch let error as RedisError {
        return error
    } catch {
        Issue.record("it failed otherwise: \(error)", sourceLocation: location)
    }
    return nil
}

/// Waits for what other tasks bring about.
func eventually(_ what: String, _ condition: @escaping () async throws -> Bool) async throws {
    try await withTimeout(.seconds(60), for: what) {
        while try await !condition() { try await Task.sleep(for: .milliseconds(1)) }
    }
}

/// Settings with limits that a busy machine does not reach, and without messages about what tests bring about.
func patient(_ url: String) throws(RedisError) -> RedisSettings {
    var settings = try RedisSettings(url: url)
    settings.timeouts.command = .seconds(60)
    settings.timeouts.silence = .seconds(60)
    settings.timeouts.connect = .seconds(60)
    settings.logger.logLevel = .critical
    return settings
}

/// Starts a server and a client of it.
func withClient<Result: Sendable>(
    _ arguments: [String] = [], change: (inout RedisSettings) -> Void = { _ in },
    _ body: @MainActor (RedisClient, RedisServer) async throws -> Result
) async throws -> Result {
    try await RedisServer.with(arguments) { server in
        var settings = try patient(server.url)
        change(&settings)
        let client = RedisClient(settings)
        defer { client.close() }
        return try await body(client, server)
    }
}

/// Starts a server and a connection to it.
func withServerConnection<Result: Sendable>(
    _ arguments: [String] = [], change: (inout RedisSettings) -> Void = { _ in },
    _ body: @MainActor (RedisConnection, RedisServer) async throws -> Result
) async throws -> Result {
    try await withClient(arguments, change: change) { client, server in
        let connection = try await client.connect()
        defer { connection.close() }
        return try await body(connection, server)
    }
}

extension RedisCommands {
    /// Has the server give this back.
    func echo(_ text: String) async throws(RedisError) -> String {
        try await send(RedisCommand("ECHO", text, traits: .readOnly), as: String.self)
    }
}

/// Runs `body` so many times at the same time, and waits for all of it.
func atOnce(_ count: Int, _ body: @escaping @MainActor (Int) async throws -> Void) async throws {
    let tasks = (0..<count).map { number in Task { try await body(number) } }
    for task in tasks { try await task.value }
}
