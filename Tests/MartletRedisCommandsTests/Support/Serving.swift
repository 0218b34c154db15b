import MartletLoop
import MartletRedis
import RedisFixture

/// Calls `body` with a client of a server of its own, that speaks this version of the protocol.
func withClient(
    protocolVersion: Int, _ arguments: [String] = [], _ body: @MainActor (RedisClient) async throws -> Void
) async throws {
    try await RedisServer.with(arguments) { server in
        let client = try RedisClient(url: "\(server.url)?protocol=\(protocolVersion)")
        defer { client.close() }
        try await body(client)
    }
}

/// Asks again and again, up to a minute, until it is so.
func until(_ isSo: @escaping @MainActor () async throws -> Bool) async throws {
    try await withTimeout(.seconds(60), for: "what has to come") {
        while try await !isSo() { try await Task.sleep(for: .milliseconds(2)) }
    }
}
