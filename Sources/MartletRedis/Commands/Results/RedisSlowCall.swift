import MartletRESP

/// A command that took long.
public nonisolated struct RedisSlowCall: RedisDecodable, Hashable {
    /// Its number in the list.
    public let id: Int
    /// When it was executed, in seconds since 1970.
    public let time: Int
    /// How long that took.
    public let duration: Duration
    /// Its arguments, the name first; long ones and many of them are cut.
    public let arguments: [String]
    /// Whose it was; nil before Redis 4.0.
    public let client: String?
    /// The name of that connection; nil before Redis 4.0.
    public let clientName: String?

    /// An array of the six.
    public init(redis value: RESPValue) throws(RedisMismatch) {
        let parts = try value.elements("a slow command", count: 4, orMore: true)
        id = try Int(redis: parts[0])
        time = try Int(redis: parts[1])
        duration = .microseconds(try Int64(redis: parts[2]))
        arguments = try [String](redis: parts[3])
        client = parts.count > 4 ? try String(redis: parts[4]) : nil
        clientName = parts.count > 5 ? try String(redis: parts[5]) : nil
    }
}

/// The time of a server's clock.
public nonisolated struct RedisTime: RedisDecodable, Hashable {
    /// Seconds since 1970.
    public let seconds: Int
    /// Microseconds of the next second.
    public let microseconds: Int

    /// An array of both.
    public init(redis value: RESPValue) throws(RedisMismatch) {
        let pair = try value.elements("seconds and microseconds", count: 2)
        seconds = try Int(redis: pair[0])
        microseconds = try Int(redis: pair[1])
    }
}
