import MartletLoop
import MartletRESP
import RedisFixture
import Testing

@testable import MartletRedis

@Suite("Client-side caching")
struct CachingClientTests {
    private func eventually(_ what: String, _ condition: () async throws -> Bool) async throws {
        let deadline = EventLoop.Instant.readClock() + .seconds(30)
        while try await !condition() {
            try #require(EventLoop.Instant.readClock() < deadline, "not within 30 s: \(what)")
            try await Task.sleep(for: .milliseconds(2))
        }
    }

    private func get(_ key: String, _ client: some RedisCommands) async throws -> String? {
        try await client.send(RedisCommand("GET", key: key, traits: .readOnly)).text
    }

    private func set(_ key: String, _ value: String, _ client: some RedisCommands) async throws {
        _ = try await client.send(RedisCommand("SET", key: key, value))
    }

    @Test("what was read is not asked for again until somebody changes it")
    func invalidation() async throws {
        try await RedisServer.with { server in
            let client = try RedisClient(url: server.url)
            let other = try RedisClient(url: server.url)
            let cached = RedisCachingClient(client)
            defer { for end in [client.close, other.close, cached.close] { end() } }
            try await set("a", "1", other)
            for _ in 0..<10 { #expect(try await get("a", cached) == "1") }
            #expect(cached.statistics.misses == 1)
            #expect(cached.statistics.hits == 9)
            try await set("a", "2", other)
            try await eventually("the change is seen") { try await self.get("a", cached) == "2" }
            #expect(cached.statistics.invalidations >= 1)
            // What is not there is known, too.
            #expect(try await get("none", cached) == nil)
            #expect(try await get("none", cached) == nil)
            try await set("none", "some", other)
            try await eventually("it is there") { try await self.get("none", cached) == "some" }
            // And what expires, or is emptied.
            _ = try await other.send(RedisCommand("FLUSHALL"))
            try await eventually("all is gone") { try await self.get("a", cached) == nil }
        }
    }

    @Test("what was read as text is found as bytes, every one of them")
    func textAndBytes() async throws {
        try await RedisServer.with { server in
            let client = try RedisClient(url: server.url)
            let cached = RedisCachingClient(client)
            defer { for end in [client.close, cached.close] { end() } }
            let bytes: [UInt8] = [0xff, 0, 0x41]
            try await client.set("a", bytes)
            #expect(try await cached.get("a") == "\u{fffd}\0A")
            #expect(try await cached.get("a", as: [UInt8].self) == bytes)
            #expect(try await client.get("a") == "\u{fffd}\0A")
            #expect(try await client.get("a", as: [UInt8].self) == bytes)
            #expect(cached.statistics.hits == 1)
        }
    }

    @Test("who writes by the cache reads what was written")
    func ownWrites() async throws {
        try await RedisServer.with { server in
            let client = try RedisClient(url: server.url)
            let cached = RedisCachingClient(client)
            defer { for end in [client.close, cached.close] { end() } }
            for number in 0..<200 {
                try await set("a", "\(number)", cached)
                #expect(try await get("a", cached) == "\(number)")
            }
            _ = try await cached.send(RedisCommand("FLUSHDB"))
            #expect(try await get("a", cached) == nil)
        }
    }

    @Test("what changes while it is on its way is not kept: readers never see it go back")
    func races() async throws {
        try await RedisServer.with { server in
            let client = try RedisClient(url: server.url)
            let writer = try RedisClient(url: server.url)
            let cached = RedisCachingClient(client)
            defer { for end in [client.close, writer.close, cached.close] { end() } }
            let writing = Task {
                for number in 1...2000 { try await self.set("n", "\(number)", writer) }
            }
            let readers = (0..<8).map { _ in
                Task {
                    var last = 0
                    while last < 2000 {
                        // Asked for after the last was written, it may still be on its way; never does it go back.
                        let seen = Int(try await self.get("n", cached) ?? "0") ?? 0
                        #expect(seen >= last)
                        last = max(last, seen)
                        await EventLoop.yield()
                    }
                }
            }
            for reader in readers { try await reader.value }
            try await writing.value
            #expect(cached.statistics.hits + cached.statistics.shared > 0)
        }
    }

    @Test("everything is forgotten when the connection is lost")
    func connectionLoss() async throws {
        try await RedisServer.with { server in
            var settings = try RedisSettings(url: server.url)
            settings.retries = RedisRetries(attempts: 100, repeatsIdempotent: true)
            settings.timeouts.command = .seconds(60)
            let client = RedisClient(settings)
            let cached = RedisCachingClient(client)
            defer { for end in [client.close, cached.close] { end() } }
            try await set("a", "1", client)
            #expect(try await get("a", cached) == "1")
            #expect(cached.statistics.count == 1)
            await server.kill()
            try await eventually("the cache is empty") { cached.statistics.count == 0 }
            try await server.start()
            // The server has lost it, and nobody has told of that.
            #expect(try await get("a", cached) == nil)
            try await set("a", "2", client)
            try await eventually("it is cached again") {
                // That there is none may be cached until the server tells of the change.
                let text = try await self.get("a", cached)
                return text == "2" && cached.statistics.count == 1
            }
        }
    }

    @Test("with prefixes only their keys are cached, and the server tells of all of them")
    func prefixes() async throws {
        try await RedisServer.with { server in
            let client = try RedisClient(url: server.url)
            let cached = RedisCachingClient(
                client, settings: RedisCacheSettings(tracking: .prefixes(["user:", "page:"])))
            defer { for end in [client.close, cached.close] { end() } }
            for key in ["user:1", "page:1", "other"] {
                try await set(key, "1", client)
                for _ in 0..<3 { #expect(try await get(key, cached) == "1") }
            }
            #expect(cached.statistics.count == 2)
            #expect(cached.statistics.hits == 4)
            #expect(cached.statistics.bypassed == 3)
            try await set("user:1", "2", client)
            try await eventually("the change is seen") { try await self.get("user:1", cached) == "2" }
            try await set("user:never-read", "2", client)
            try await eventually("it tells of keys that nobody has read") { cached.statistics.invalidations >= 2 }
        }
    }

    @Test("callers who ask for the same at once share one question")
    func sharing() async throws {
        try await RedisServer.with { server in
            let client = try RedisClient(url: server.url)
            let cached = RedisCachingClient(client)
            defer { for end in [client.close, cached.close] { end() } }
            try await set("a", "1", client)
            _ = try await get("warm", cached)
            let callers = (0..<100).map { _ in Task { try await self.get("a", cached) } }
            var values: [String?] = []
            for caller in callers { values.append(try await caller.value) }
            #expect(values == Array(repeating: "1", count: 100))
            #expect(cached.statistics.misses == 2)
        }
    }

    @Test("version 2 of the protocol is refused with what to do")
    func version2() async throws {
        try await RedisServer.with { server in
            var settings = try RedisSettings(url: server.url)
            settings.protocolVersion = .resp2
            let client = RedisClient(settings)
            let cached = RedisCachingClient(client)
            defer { for end in [client.close, cached.close] { end() } }
            // Each time, and not only when it tries to connect.
            for _ in 0..<5 {
                let error = await #expect(throws: RedisError.self) { try await self.get("a", cached) }
                #expect(error?.code == .invalidSettings)
                #expect(error.map { "\($0)".contains("RESP3") } == true)
            }
        }
    }

    @Test("errors are not kept, and what is not cacheable goes by")
    func errors() async throws {
        try await RedisServer.with { server in
            let client = try RedisClient(url: server.url)
            let cached = RedisCachingClient(client)
            defer { for end in [client.close, cached.close] { end() } }
            _ = try await client.send(RedisCommand("LPUSH", key: "list", "x"))
            for _ in 0..<2 {
                let error = await #expect(throws: RedisError.self) { try await self.get("list", cached) }
                #expect(error?.serverCode == "WRONGTYPE")
            }
            #expect(cached.statistics.count == 0)
            let time = try await cached.send(RedisCommand("TTL", key: "list", traits: .readOnly))
            #expect(time == .integer(-1))
            #expect(cached.statistics.bypassed == 1)
        }
    }
}
