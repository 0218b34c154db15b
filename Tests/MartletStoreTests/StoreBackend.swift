import MartletLoop
import MartletStore
import RedisFixture

/// What keeps a store: each test runs for all of them.
nonisolated enum StoreBackend: String, CaseIterable, Sendable {
    case sqlite, redis

    /// Runs `body` with a way to open one and the same store several times, as other processes would.
    @MainActor func withStores(
        limits: StoreLimits = StoreLimits(), _ body: (_ open: () async throws -> any KeyValueStore) async throws -> Void
    ) async throws {
        switch self {
        case .sqlite:
            try await FileSystem.withTemporaryDirectory { directory in
                try await body { try await KeyValueStores.open("sqlite:\(directory)/store.db", limits: limits) }
            }
        case .redis:
            try await RedisServer.with { server in
                try await body { try await KeyValueStores.open(server.url, limits: limits) }
            }
        }
    }

    /// Runs `body` with a store that is closed afterwards.
    @MainActor func withStore(
        limits: StoreLimits = StoreLimits(), _ body: (any KeyValueStore) async throws -> Void
    ) async throws {
        try await withStores(limits: limits) { open in
            let store = try await open()
            do {
                try await body(store)
            } catch {
                await store.close()
                throw error
            }
            await store.close()
        }
    }
}

/// Waits until something is so, and fails when it does not become so in a long time.
func eventually(_ condition: () async throws -> Bool) async throws {
    let deadline = EventLoop.main.time() + .seconds(30)
    while try await !condition() {
        guard EventLoop.main.time() < deadline else { throw NeverSo() }
        try await Task.sleep(for: .milliseconds(2))
    }
}

struct NeverSo: Error {}
