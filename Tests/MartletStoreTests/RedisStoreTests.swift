import MartletLoop
import MartletRedis
import MartletStore
import RedisFixture
import Testing

@Suite struct RedisStoreTests {
    @Test("a server that cannot be reached is an error, and the store goes on when it is back") func unreachable()
        async throws
    {
        try await RedisServer.with(["--appendonly", "yes", "--appendfsync", "always"]) { server in
            let store = try await KeyValueStores.open(server.url + "?timeout=2&connect_timeout=2")
            let changes = try await store.watch(prefix: "")
            let made = try await store.set("a", "kept")
            #expect(try await changes.next() == .set("a", made.version))
            await server.kill()
            await expect(.unavailable) { try await store.set("a", "lost") }
            await expect(.unavailable) { _ = try await store.get("a") }
            try await server.start()
            try await eventually { (try? await store.get("a"))?.value == "kept" }
            // Who watches is told that he may have missed something, and goes on.
            var seen: [StoreChange] = []
            try await store.set("b", "x")
            while seen.last?.key != "b" {
                guard let change = try await changes.next() else { break }
                seen.append(change)
            }
            #expect(seen.contains(.missed))
            await store.close()
        }
    }

    @Test("a server without room says that the store is full, and loses nothing") func full() async throws {
        try await RedisServer.with(["--maxmemory", "3mb", "--maxmemory-policy", "noeviction"]) { server in
            let store = try await KeyValueStores.open(server.url)
            try await store.set("kept", "x")
            await expect(.full) {
                for number in 0..<100 {
                    try await store.set("\(number)", StoreValue([UInt8](repeating: 1, count: 256 << 10)))
                }
            }
            #expect(try await store.get("kept")?.value == "x")
            #expect(try await store.remove("0"))
            await store.close()
        }
    }

    @Test("what others keep under the names of a store is an error, and no crash") func foreign() async throws {
        try await RedisServer.with { server in
            let client = try RedisClient(url: server.url)
            _ = try await client.send(RedisCommand("SET", key: "{martlet}:e:a", "x"))
            let store = RedisKeyValueStore(client)
            await #expect(throws: RedisError.self) { try await store.get("a") }
            await #expect(throws: RedisError.self) { try await store.set("a", "x") }
            _ = try await client.send(RedisCommand("HSET", key: "{martlet}:e:b", "v", "x", "n", "none"))
            #expect(try await store.get("b") == nil)
            await store.close()
            client.close()
        }
    }

    @Test("stores of other names on one server do not meet") func namespaces() async throws {
        try await RedisServer.with { server in
            let client = try RedisClient(url: server.url)
            var settings = RedisStoreSettings()
            let first = RedisKeyValueStore(client, settings: settings)
            settings.namespace = "other"
            let second = RedisKeyValueStore(client, settings: settings)
            try await first.set("a", "1")
            #expect(try await second.get("a") == nil)
            #expect(try await second.list().items.isEmpty)
            await first.close()
            await second.close()
            client.close()
        }
    }
}
