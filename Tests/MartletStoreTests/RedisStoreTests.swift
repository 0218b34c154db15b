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

    @Test("a server that takes over without the last changes gives none of their versions out again, and watchers know")
    func rolledBack() async throws {
        try await RedisServer.with { server in
            let client = try RedisClient(url: server.url)
            let store = RedisKeyValueStore(client)
            try await store.set("kept", "1")
            // What a replica has that the last change has not reached.
            let names = ["keys", "version", "changes"].map { "{martlet}:\($0)" }
            var dumps: [[UInt8]] = []
            for name in names {
                dumps.append(try await client.send(RedisCommand("DUMP", key: name), as: [UInt8].self))
            }
            let changes = try await store.watch(prefix: "")
            let lost = try await store.set("a", "lost")
            #expect(try await changes.next() == .set("a", lost.version))
            for (name, dump) in zip(names, dumps) {
                _ = try await client.send(RedisCommand("RESTORE", key: name, 0, dump, "REPLACE"))
            }
            _ = try await client.send(RedisCommand("DEL", key: "{martlet}:e:a"))
            let other = try await store.set("a", "other")
            #expect(other.version > lost.version)
            await expect(.conflict) { try await store.set("a", "x", if: .version(lost.version)) }
            // That something was missed may be told before, when nothing new is there.
            var seen: [StoreChange] = []
            while seen.last?.key != "a" {
                guard let change = try await changes.next() else { break }
                seen.append(change)
            }
            #expect(seen.first == .missed && seen.last == .set("a", other.version))
            await store.close()
            client.close()
        }
    }

    @Test("many who begin to watch at the same time are all told of each change once") func beginTogether() async throws
    {
        try await RedisServer.with { server in
            let store = try await KeyValueStores.open(server.url)
            let beginning = (0..<20).map { _ in Task { try await store.watch(prefix: "") } }
            var all: [StoreChanges] = []
            for task in beginning { all.append(try await task.value) }
            for number in 0..<5 {
                let made = try await store.set("a", StoreValue(Array("\(number)".utf8)))
                for changes in all { #expect(try await changes.next() == .set("a", made.version)) }
            }
            #expect(all.allSatisfy { $0.count == 0 })
            await store.close()
        }
    }

    @Test("entries that are said to be over and are not are looked at once") func sweeping() async throws {
        try await RedisServer.with { server in
            let client = try RedisClient(url: server.url)
            var settings = RedisStoreSettings()
            settings.sweepInterval = .milliseconds(5)
            let store = RedisKeyValueStore(client, settings: settings)
            for number in 0..<250 {
                try await store.set(StoreKey("\(number)"), "x", timeToLive: number < 10 ? .seconds(3600) : nil)
                _ = try await client.send(RedisCommand("ZADD", key: "{martlet}:expiry", 1, "\(number)"))
            }
            try await eventually {
                try await client.send(
                    RedisCommand("ZCOUNT", key: "{martlet}:expiry", "-inf", 1_000_000), as: Int.self) == 0
            }
            // Those that will be over one day are looked at then.
            let left = try await client.send(RedisCommand("ZCARD", key: "{martlet}:expiry"), as: Int.self)
            #expect(left == 10)
            #expect(try await store.get("200")?.value == "x")
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
