import MartletNet

/// Where a server listens.
public nonisolated enum RedisEndpoint: Hashable, Sendable {
    /// A name, or an address in digits, and a port.
    case host(String, port: UInt16)
    /// The path of a Unix socket; `@` begins the name of an abstract one.
    case unix(String)
    /// Wherever the master is that sentinels name.
    case sentinels(RedisSentinels)

    /// The port that Redis listens on unless told otherwise.
    public static let defaultPort: UInt16 = 6379
    /// The port that Sentinel listens on unless told otherwise.
    public static let defaultSentinelPort: UInt16 = 26379
}

nonisolated extension RedisEndpoint: CustomStringConvertible {
    /// `localhost:6379`, `[::1]:6379`, `unix:/run/redis.sock`, `mymaster of 10.0.0.1:26379,10.0.0.2:26379`
    public var description: String {
        switch self {
        case .host(let host, let port): host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)"
        case .unix(let path): "unix:\(path)"
        case .sentinels(let sentinels): "\(sentinels)"
        }
    }
}
