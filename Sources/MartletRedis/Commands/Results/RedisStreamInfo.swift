import MartletRESP

/// A group of consumers of a stream.
public nonisolated struct RedisGroupInfo: RedisDecodable, Hashable {
    /// Its name.
    public let name: String
    /// How many consumers it has.
    public let consumers: Int
    /// How many entries were delivered and not acknowledged.
    public let pending: Int
    /// The last entry that was delivered.
    public let lastDelivered: RedisStreamID
    /// How many entries were delivered; nil when the server cannot tell, and before Redis 7.0.
    public let entriesRead: Int?
    /// How many entries wait to be delivered; nil when the server cannot tell, and before Redis 7.0.
    public let lag: Int?

    /// A map, or an array in turn.
    public init(redis value: RESPValue) throws(RedisMismatch) {
        name = try String(redis: value.field("name"))
        consumers = try Int(redis: value.field("consumers"))
        pending = try Int(redis: value.field("pending"))
        lastDelivered = try RedisStreamID(redis: value.field("last-delivered-id"))
        entriesRead = try Int?(redis: value.field("entries-read"))
        lag = try Int?(redis: value.field("lag"))
    }
}

/// A consumer of a group.
public nonisolated struct RedisConsumerInfo: RedisDecodable, Hashable {
    /// Its name.
    public let name: String
    /// How many entries it got and has not acknowledged.
    public let pending: Int
    /// For how long it has not tried to read.
    public let idle: Duration

    /// A map, or an array in turn.
    public init(redis value: RESPValue) throws(RedisMismatch) {
        name = try String(redis: value.field("name"))
        pending = try Int(redis: value.field("pending"))
        idle = .milliseconds(try Int64(redis: value.field("idle")))
    }
}

/// How much a group has pending.
public nonisolated struct RedisPendingSummary: RedisDecodable, Hashable {
    /// How many entries.
    public let count: Int
    /// The lowest id; nil when nothing is pending.
    public let first: RedisStreamID?
    /// The highest id; nil when nothing is pending.
    public let last: RedisStreamID?
    /// How many entries each consumer has that has any.
    public let consumers: [String: Int]

    /// An array of the four, the last three of which may be null.
    public init(redis value: RESPValue) throws(RedisMismatch) {
        let parts = try value.elements("what is pending", count: 4)
        count = try Int(redis: parts[0])
        first = try RedisStreamID?(redis: parts[1])
        last = try RedisStreamID?(redis: parts[2])
        var consumers: [String: Int] = [:]
        for (name, count) in parts[3].isNull ? [] : try parts[3].pairs("consumers with numbers") {
            consumers[try String(redis: name)] = try Int(redis: count)
        }
        self.consumers = consumers
    }
}

/// An entry that was delivered and not acknowledged.
public nonisolated struct RedisPendingEntry: RedisDecodable, Hashable {
    /// The entry.
    public let id: RedisStreamID
    /// Who has it.
    public let consumer: String
    /// For how long.
    public let idle: Duration
    /// How often it was delivered.
    public let deliveries: Int

    /// An array of the four.
    public init(redis value: RESPValue) throws(RedisMismatch) {
        let parts = try value.elements("a pending entry", count: 4)
        id = try RedisStreamID(redis: parts[0])
        consumer = try String(redis: parts[1])
        idle = .milliseconds(try Int64(redis: parts[2]))
        deliveries = try Int(redis: parts[3])
    }
}
