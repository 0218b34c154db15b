import MartletStore

/// What routes of a store do.
public nonisolated struct StoreServiceSettings: Hashable, Sendable {
    /// Where the store is: see `KeyValueStores.open`.
    public var url: String
    /// Bytes of a value; more are answered with 413.
    public var valueSize = 1 << 20
    /// Bytes of a key; more are answered with 414.
    public var keySize = 1024
    /// Bytes of the whole store, if it is a file; more are answered with 507.
    public var totalSize = 10 << 30
    /// Whether an answered change survives that the power fails: see `SQLiteStoreSettings.isDurable`.
    public var isDurable = true
    /// Whether values have to be JSON, and are checked. Otherwise they are bytes of any media type.
    public var isJSON = false
    /// Whether changes without `If-Match` or `If-None-Match` are refused with 428.
    public var requiresConditions = false
    /// How long an entry is kept when the client does not say; `nil`: until it is removed.
    public var timeToLive: Duration?
    /// How many streams of changes a worker serves; more are answered with 503.
    public var watchers = 100

    /// The defaults, for a store.
    public init(url: String) { self.url = url }

    var limits: StoreLimits {
        var limits = StoreLimits()
        limits.key = keySize
        limits.value = valueSize
        limits.size = totalSize
        return limits
    }
}
