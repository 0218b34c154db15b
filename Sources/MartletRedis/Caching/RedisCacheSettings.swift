/// What a client caches, and how much.
public nonisolated struct RedisCacheSettings: Hashable, Sendable {
    /// How the server knows what to tell of (CLIENT TRACKING).
    public enum Tracking: Hashable, Sendable {
        /// It remembers which keys the client has read. Costs memory in the server (`tracking-table-max-keys`).
        case keysRead
        /// It tells of every change of a key that begins with one of these; only those are cached. Costs no memory there,
        /// but messages for keys that nobody has read. None of them may begin with another one.
        case prefixes([String])
    }

    /// How the server knows what to tell of.
    public var tracking: Tracking
    /// How many answers are kept.
    public var maximumCount: Int
    /// How many bytes they may have, with their commands and what it costs to find them.
    public var maximumBytes: Int
    /// How long an answer is kept at most, although nothing has been heard of it.
    public var maximumAge: Duration?
    /// After so much silence the connection is asked whether it is alive, and has as much time again to answer: so long
    /// can an answer be out of date when the network drops everything without a word.
    public var heartbeat: Duration

    /// 10,000 answers or 64 MiB of the keys that are read, without an age.
    public init(
        tracking: Tracking = .keysRead, maximumCount: Int = 10_000, maximumBytes: Int = 64 << 20,
        maximumAge: Duration? = nil, heartbeat: Duration = .seconds(5)
    ) {
        self.tracking = tracking
        self.maximumCount = maximumCount
        self.maximumBytes = maximumBytes
        self.maximumAge = maximumAge
        self.heartbeat = heartbeat
    }
}

/// What a cache has been good for.
public nonisolated struct RedisCacheStatistics: Hashable, Sendable {
    /// Answers that were in the cache.
    public var hits: UInt64 = 0
    /// Commands that shared an answer that somebody was waiting for already.
    public var shared: UInt64 = 0
    /// Commands that could have been cached, and had to be sent.
    public var misses: UInt64 = 0
    /// Commands of kinds that are not cached.
    public var bypassed: UInt64 = 0
    /// Keys that the server has said to be changed.
    public var invalidations: UInt64 = 0
    /// How often everything was forgotten: the connection was lost, or the database emptied.
    public var flushes: UInt64 = 0
    /// Answers that made room for others.
    public var evictions: UInt64 = 0
    /// Answers there are now.
    public var count = 0
    /// Their bytes.
    public var bytes = 0

    /// None.
    public init() {}

    /// Those of two caches together.
    static func + (one: RedisCacheStatistics, other: RedisCacheStatistics) -> RedisCacheStatistics {
        var sum = one
        sum.hits &+= other.hits
        sum.shared &+= other.shared
        sum.misses &+= other.misses
        sum.bypassed &+= other.bypassed
        sum.invalidations &+= other.invalidations
        sum.flushes &+= other.flushes
        sum.evictions &+= other.evictions
        sum.count += other.count
        sum.bytes += other.bytes
        return sum
    }
}
