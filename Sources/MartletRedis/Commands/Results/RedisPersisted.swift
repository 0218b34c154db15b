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
        let pair = try value.elements("where the writes are on the disk", count: 2)
        self.init(isLocal: try Int(redis: pair[0]) > 0, replicas: try Int(redis: pair[1]))
    }
}
