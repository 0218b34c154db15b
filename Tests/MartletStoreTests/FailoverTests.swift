import MartletLoop
import MartletRedis
import MartletStore
import RedisFixture
import Testing

@Suite struct FailoverTests {
    @Test("a store whose URL names sentinels goes on with the next master, and no version is given out twice")
    func failover() async throws {
        try await RedisSentinelFixture.with { group in
            let hosts = group.sentinels.map { "127.0.0.1:\($0.port)" }.joined(separator: ",")
            let store = try await KeyValueStores.open("redis+sentinel://\(hosts)/mymaster?timeout=60")
            var versions: Set<StoreVersion> = []
            var kept: [StoreKey: StoreVersion] = [:]
            for number in 0..<20 {
                let made = try await store.set(StoreKey("k\(number)"), "before")
                #expect(versions.insert(made.version).inserted)
                kept[StoreKey("k\(number)")] = made.version
            }
            let changes = try await store.watch(prefix: "after")
            try await eventually {
                // Both replicas have all of it: neither of them can lose it.
                for replica in group.servers[1...] {
                    guard try await replica.ask("ZCARD {martlet}:keys") == "20" else { return false }
                }
                return true
            }
            try await group.servers[0].kill()
            // A change that was under way when the master died may be lost; those after it wait for the next one.
            var made: StoreChangeResult?
            while made == nil {
                do {
                    made = try await store.set("after", "1")
                } catch let error as StoreError {
                    try #require(error.code == .unavailable)
                }
            }
            let first = try #require(made)
            let last = try #require(versions.max())
            #expect(first.version > last && versions.insert(first.version).inserted)
            for (key, version) in kept {
                #expect(try await store.get(key)?.version == version)
                let next = try await store.set(key, "after", if: .version(version))
                #expect(versions.insert(next.version).inserted)
                await expect(.conflict) { try await store.set(key, "x", if: .version(version)) }
            }
            var seen: [StoreChange] = []
            while seen.last?.version != first.version {
                guard let change = try await changes.next() else { break }
                seen.append(change)
                if change == .missed { break }
            }
            #expect(seen.last == .missed || seen.last?.version == first.version)
            await store.close()
        }
    }
}
