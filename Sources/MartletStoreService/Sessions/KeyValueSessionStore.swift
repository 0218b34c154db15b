import MartletServer
import MartletStore

/// Sessions in a key-value store: they outlive workers, and all who open the store know them.
///
/// ```swift
/// let store = try await worker.openStore("sqlite:/var/lib/app/store.db")
/// router.use(StoredSessions(KeyValueSessionStore(store), secrets: [secret]))
/// ```
public struct KeyValueSessionStore: SessionStore {
    private let store: any KeyValueStore
    private let prefix: String

    /// Sessions in a store.
    ///
    /// - Parameters:
    ///   - store: where to.
    ///   - prefix: what their keys begin with.
    public init(_ store: any KeyValueStore, prefix: String = "session/") {
        self.store = store
        self.prefix = prefix
    }

    /// The session of that name; `nil` when there is none.
    ///
    /// - Throws: `DecodingError` when what is there is no session.
    public func load(_ id: String) async throws -> [String: String]? {
        guard let entry = try await store.get(StoreKey(prefix + id)) else { return nil }
        return try ApplicationJSON.reader.read([String: String].self, from: entry.value.bytes)
    }

    /// Keeps a session.
    public func save(_ id: String, _ values: [String: String], for lifetime: Duration) async throws {
        let value = StoreValue(try ApplicationJSON.writer.write(values), type: "application/json")
        try await store.set(StoreKey(prefix + id), value, timeToLive: lifetime)
    }

    /// Forgets a session.
    public func remove(_ id: String) async throws {
        try await store.remove(StoreKey(prefix + id))
    }
}
