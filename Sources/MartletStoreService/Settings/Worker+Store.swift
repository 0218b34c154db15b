import MartletServer
import MartletStore

extension Worker {
    /// Opens a store for as long as the worker lives: `let store = try await worker.openStore("sqlite:/var/lib/app/a.db")`.
    ///
    /// - Throws: as `KeyValueStores.open`.
    public func openStore(
        _ url: String, limits: StoreLimits = StoreLimits(), isDurable: Bool = true
    ) async throws -> any KeyValueStore {
        let store = try await KeyValueStores.open(url, limits: limits, isDurable: isDurable)
        onStop { await store.close() }
        return store
    }
}
