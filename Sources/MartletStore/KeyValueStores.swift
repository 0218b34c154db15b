import MartletRedis

/// Stores by name: what a configuration says.
public enum KeyValueStores {
    /// Opens the store of a URL.
    ///
    /// | URL | store |
    /// |---|---|
    /// | `sqlite:/var/lib/app/store.db` | a file, for all processes of this machine |
    /// | `redis://…`, `rediss://…`, `unix://…` | a Redis server, for all machines |
    ///
    /// - Parameters:
    ///   - url: which.
    ///   - limits: what it takes.
    ///   - isDurable: of a file, see ``SQLiteStoreSettings/isDurable``; Redis is as durable as its server is configured.
    /// - Throws: ``StoreError/Code/badURL``; what opening it throws.
    public static func open(
        _ url: String, limits: StoreLimits = StoreLimits(), isDurable: Bool = true
    ) async throws -> any KeyValueStore {
        switch try StoreURL(url) {
        case .sqlite(let path):
            var settings = SQLiteStoreSettings()
            settings.limits = limits
            settings.isDurable = isDurable
            return try await SQLiteKeyValueStore.open(path, settings: settings)
        case .redis(let url):
            var settings = RedisStoreSettings()
            settings.limits = limits
            let client: RedisClient
            do throws(RedisError) {
                client = try RedisClient(url: url)
            } catch {
                throw StoreError(.badURL, error.reason)
            }
            return RedisKeyValueStore(client, settings: settings, ownsClient: true)
        }
    }
}
