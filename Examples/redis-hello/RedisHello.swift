import MartletLoop
import MartletRedis

/// Sets a key in Redis and reads it back.
///
///     redis-hello [URL]        redis://localhost unless given
@main
struct RedisHello {
    static func main() async throws {
        let client = try RedisClient(url: CommandLine.arguments.dropFirst().first ?? "redis://localhost")
        defer { client.close() }

        try await client.set("greeting", "hello")
        print(try await client.get("greeting") ?? "nothing")
    }
}
