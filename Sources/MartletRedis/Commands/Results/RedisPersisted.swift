import MartletRESP

/// Where all that a connection wrote is on the disk.
public nonisolated struct RedisPersisted: RedisDecodable, Hashable {
    /// Whether it is on the server's own.
    public let isLocal: Bool
    /// On how many replicas' it is.
    public let replicas: Int

    /// Where it is.
    public init(isLocal: Bool, replicas: Int) {
        self.isLocal = isLocal
        self.replicas = replicas
    }

    /// An array of both, the first as 1 or 0.
    public init(redis value: RESPValue) throws(RedisMismatch) {
        let (local, replicas) = try value.pair("where the writes are on the disk", Int.self, Int.self)
        self.init(isLocal: local > 0, replicas: replicas)
    }
}
