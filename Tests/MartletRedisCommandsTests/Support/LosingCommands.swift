import MartletRESP
import MartletRedis

/// Loses the connection a few times when one command is sent, and passes on all others.
final class LosingCommands: RedisCommands {
    private let client: RedisClient
    private let name: String
    private let times: Int
    private(set) var lost = 0

    init(_ client: RedisClient, losing name: String, times: Int) {
        self.client = client
        self.name = name
        self.times = times
    }

    @MainActor
    func send(_ command: RedisCommand) async throws(RedisError) -> RESPValue {
        guard command.name == name, lost < times else { return try await client.send(command) }
        lost += 1
        throw RedisError(.connectionLost, command: name, "lost for a test")
    }
}
