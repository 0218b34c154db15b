/// How a store on a Redis server is used.
public nonisolated struct RedisStoreSettings: Hashable, Sendable {
    /// What it takes. Its size is the server's to limit (`maxmemory`, with `maxmemory-policy noeviction`).
    public var limits = StoreLimits()
    /// What its keys on the server begin with, in braces: `{martlet}:e:…`. Several stores may be on one server. The braces
    /// put all of a store's keys into one slot of a cluster, where scripts can change them together.
    public var namespace = "martlet"
    /// How often to look for entries whose time is over. They are not seen any more from then on, whatever this is.
    public var sweepInterval: Duration = .seconds(1)
    /// Changes that are remembered for those who watch, about; whoever has not seen them by then has missed them.
    public var log = 10_000

    /// The defaults.
    public init() {}
}
