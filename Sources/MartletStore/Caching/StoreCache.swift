import MartletLoop

/// What is dear to make, kept in a store for some time, and made once for all who ask meanwhile: those of this worker, and
/// those of others (a stampede would make it a hundred times when it is needed most).
///
/// ```swift
/// let cache = StoreCache(store, prefix: "cache/", timeToLive: .seconds(60))
/// let page = try await cache.value(for: "front") { try await StoreValue(render()) }
/// ```
///
/// Whoever finds nothing and is the first of all workers to say so in the store makes it; the others wait until it is there.
/// When its maker dies, the next one takes over as soon as `patience` has passed.
public final class StoreCache {
    private let store: any KeyValueStore
    private let prefix: String
    private let timeToLive: Duration
    private let patience: Duration
    private var making: [StoreKey: Task<StoreValue, any Error>] = [:]
    /// How many values were made here.
    public private(set) var made = 0

    /// How soon somebody who waits for another worker looks again.
    private static let interval: Duration = .milliseconds(20)

    /// A cache in a store.
    ///
    /// - Parameters:
    ///   - store: where to.
    ///   - prefix: what its keys begin with; `prefix + "!"` is what marks that say who makes what begin with.
    ///   - timeToLive: how long a value is used.
    ///   - patience: how long making a value may take until somebody else makes it, too.
    public init(
        _ store: any KeyValueStore, prefix: String = "cache/", timeToLive: Duration, patience: Duration = .seconds(30)
    ) {
        self.store = store
        self.prefix = prefix
        self.timeToLive = timeToLive
        self.patience = patience
    }

    deinit {}

    /// The value of a key, made if it is not there.
    ///
    /// - Parameters:
    ///   - key: its name in this cache.
    ///   - make: makes it; once for all who wait here. It goes on when some of them are cancelled.
    /// - Throws: what `make` throws, to all who wait for it here; errors of the store.
    public func value(
        for key: String, _ make: @escaping @MainActor () async throws -> StoreValue
    ) async throws -> StoreValue {
        let name = StoreKey(prefix + key)
        if let task = making[name] { return try await waiting(for: task) }
        // Before the first suspension, so that everybody who comes from now on finds it.
        let task = Task { [self] in
            defer { making[name] = nil }
            return try await find(name, mark: StoreKey(prefix + "!" + key), make)
        }
        making[name] = task
        return try await waiting(for: task)
    }

    /// Forgets a value: the next one who asks makes it anew.
    public func forget(_ key: String) async throws {
        try await store.remove(StoreKey(prefix + key))
    }

    /// Whoever is cancelled leaves the others their value.
    private func waiting(for task: Task<StoreValue, any Error>) async throws -> StoreValue {
        try await shield { try await task.value }
    }

    private func find(
        _ name: StoreKey, mark: StoreKey, _ make: @MainActor () async throws -> StoreValue
    ) async throws -> StoreValue {
        while true {
            if let entry = try await store.get(name) { return entry.value }
            guard let own = try await claim(mark) else {
                try await Task.sleep(for: Self.interval)
                continue
            }
            do {
                // Somebody may have made it between the look and the claim.
                if let entry = try await store.get(name) {
                    _ = try? await store.remove(mark, if: .version(own))
                    return entry.value
                }
                let value = try await make()
                made += 1
                try await store.set(name, value, timeToLive: timeToLive)
                _ = try? await store.remove(mark, if: .version(own))
                return value
            } catch {
                _ = try? await store.remove(mark, if: .version(own))
                throw error
            }
        }
    }

    /// Says that it is made here; `nil` when another worker has said so.
    private func claim(_ mark: StoreKey) async throws -> StoreVersion? {
        do {
            return try await store.set(mark, "", timeToLive: patience, if: .absent).version
        } catch let error as StoreError where error.code == .conflict {
            return nil
        }
    }
}
