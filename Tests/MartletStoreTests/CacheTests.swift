import MartletLoop
import MartletStore
import Testing

@Suite struct CacheTests {
    @Test("what many ask for at once is made once, in all workers together", arguments: StoreBackend.allCases)
    func once(backend: StoreBackend) async throws {
        try await backend.withStores { open in
            let stores = [try await open(), try await open()]
            let caches = stores.map { StoreCache($0, timeToLive: .seconds(100)) }
            let counter = Counter()
            let values = try await gather(0..<40) { index in
                try await caches[index % 2].value(for: "page") {
                    counter.count += 1
                    // Others come meanwhile.
                    for _ in 0..<10 { await Task.yield() }
                    return StoreValue("made \(counter.count)")
                }
            }
            #expect(Set(values) == ["made 1"] && counter.count == 1)
            try await caches[0].forget("page")
            #expect(try await caches[1].value(for: "page") { "again" } == "again")
            #expect(caches.map(\.made).reduce(0, +) == 2)
            for store in stores { await store.close() }
        }
    }

    @Test("an error goes to all who wait, and the next one tries again", arguments: StoreBackend.allCases)
    func failure(backend: StoreBackend) async throws {
        struct Failure: Error {}
        try await backend.withStore { store in
            let cache = StoreCache(store, timeToLive: .seconds(100))
            let results = try await gatherResults(0..<3) { _ in
                try await cache.value(for: "a") { throw Failure() }
            }
            for result in results { #expect(throws: Failure.self) { try result.get() } }
            #expect(try await cache.value(for: "a") { "x" } == "x")
        }
    }

    @Test("when who makes a value dies, another takes over", arguments: StoreBackend.allCases)
    func takeOver(backend: StoreBackend) async throws {
        try await backend.withStore { store in
            // As a worker leaves it that is killed while it makes the value.
            try await store.set("cache/!a", "", timeToLive: .milliseconds(50))
            let cache = StoreCache(store, timeToLive: .seconds(100))
            #expect(try await cache.value(for: "a") { "x" } == "x")
        }
    }

    @Test("who is cancelled leaves the value to the others") func cancellation() async throws {
        try await StoreBackend.sqlite.withStore { store in
            let cache = StoreCache(store, timeToLive: .seconds(100))
            let gate = Event()
            let begun = Event()
            let first = Task {
                try await cache.value(for: "a") {
                    begun.set()
                    try await gate.wait()
                    return "x"
                }
            }
            try await begun.wait()
            let second = Task { try await cache.value(for: "a") { "y" } }
            await Task.yield()
            first.cancel()
            await #expect(throws: CancellationError.self) { try await first.value }
            gate.set()
            #expect(try await second.value == "x")
        }
    }

    private final class Counter {
        var count = 0
        deinit {}
    }
}
