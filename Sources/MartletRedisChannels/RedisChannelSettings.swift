import MartletLoop
import MartletRedis

/// How channels span machines.
public struct RedisChannelSettings {
    /// The server that carries them: the same one for all who are to reach each other.
    public var redis: RedisSettings
    /// What the names of Redis' own channels begin with: several applications may share a server, each with its own.
    public var prefix = "martlet"
    /// How often a worker says that it lives; one that has not for three times as long is gone, and with it those who
    /// were present there.
    public var heartbeat: Duration = .seconds(5)
    /// How many bytes may wait to be published. What is published beyond is dropped.
    public var queueBytes = 8 << 20

    /// Settings for a server.
    public init(_ redis: RedisSettings) {
        self.redis = redis
    }

    /// Settings for a server's URL: see `RedisSettings/init(url:)`.
    public init(url: String) throws(RedisError) {
        self.init(try RedisSettings(url: url))
    }
}
