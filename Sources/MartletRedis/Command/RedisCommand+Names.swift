nonisolated extension RedisCommand.Traits {
    /// What is known of commands that were not made by a typed call, by their names: those that would harm others on a
    /// connection that is shared.
    static func known(_ name: String) -> RedisCommand.Traits {
        all[name] ?? all[name.uppercased()] ?? []
    }

    private static let all: [String: RedisCommand.Traits] = {
        var all: [String: RedisCommand.Traits] = [:]
        for name in [
            "BLPOP", "BRPOP", "BRPOPLPUSH", "BLMOVE", "BLMPOP", "BZPOPMIN", "BZPOPMAX", "BZMPOP", "WAIT", "WAITAOF",
        ] {
            all[name] = .blocking
        }
        for name in [
            "SELECT", "WATCH", "UNWATCH", "MULTI", "EXEC", "DISCARD", "SUBSCRIBE", "PSUBSCRIBE", "SSUBSCRIBE",
            "UNSUBSCRIBE",
            "PUNSUBSCRIBE", "SUNSUBSCRIBE", "MONITOR", "HELLO", "AUTH", "RESET", "QUIT", "SYNC", "PSYNC", "READONLY",
            "READWRITE", "ASKING", "CLIENT REPLY", "CLIENT TRACKING", "CLIENT CACHING", "CLIENT NO-EVICT",
            "CLIENT NO-TOUCH",
        ] {
            all[name] = .connection
        }
        return all
    }()
}
