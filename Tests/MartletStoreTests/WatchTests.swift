import MartletLoop
import Testing

@testable import MartletStore

@Suite struct WatchTests {
    @Test("whoever watches is told of the changes of all, in order", arguments: StoreBackend.allCases)
    func changes(backend: StoreBackend) async throws {
        try await backend.withStores { open in
            let stores = [try await open(), try await open()]
            try await stores[0].set("a/before", "x")
            let watched = try await stores[0].watch(prefix: "a/")
            let all = try await stores[1].watch(prefix: "")
            let first = try await stores[1].set("a/1", "x")
            try await stores[0].set("b", "x")
            let second = try await stores[0].set("a/1", "y")
            try await stores[1].remove("a/1")
            let third = try await stores[1].increment("a/n", by: 1, timeToLive: nil, if: .always)
            #expect(try await watched.next() == .set("a/1", first.version))
            #expect(try await watched.next() == .set("a/1", second.version))
            guard case .removed("a/1", _)? = try await watched.next() else { throw NeverSo() }
            #expect(try await watched.next() == .set("a/n", third.version))
            var keys: [StoreKey?] = []
            while keys.count < 5 { keys.append(try await all.next()?.key) }
            #expect(keys == ["a/1", "b", "a/1", "a/1", "a/n"])
            for store in stores { await store.close() }
        }
    }

    @Test("that an entry's time is over is told", arguments: StoreBackend.allCases)
    func expiry(backend: StoreBackend) async throws {
        try await backend.withStore { store in
            let changes = try await store.watch(prefix: "")
            let made = try await store.set("a", "x", timeToLive: .milliseconds(1))
            #expect(try await changes.next() == .set("a", made.version))
            guard case .expired("a", let version)? = try await changes.next() else { throw NeverSo() }
            #expect(version > made.version)
        }
    }

    @Test("who is too slow is told that something was missed, and goes on from there", arguments: StoreBackend.allCases)
    func slow(backend: StoreBackend) async throws {
        var limits = StoreLimits()
        limits.changes = 4
        try await backend.withStore(limits: limits) { store in
            let changes = try await store.watch(prefix: "")
            for number in 0..<5 { try await store.set("\(number)", "x") }
            try await eventually { changes.hasMissed }
            #expect(try await changes.next() == .missed)
            try await store.set("after", "x")
            #expect(try await changes.next()?.key == "after")
        }
    }

    @Test("a watcher that is cancelled ends, and the others go on", arguments: StoreBackend.allCases)
    func cancellation(backend: StoreBackend) async throws {
        try await backend.withStore { store in
            let task = Task { try await store.watch(prefix: "").next() }
            let changes = try await store.watch(prefix: "")
            task.cancel()
            await #expect(throws: CancellationError.self) { try await task.value }
            try await store.set("a", "x")
            #expect(try await changes.next()?.key == "a")
        }
    }
}
