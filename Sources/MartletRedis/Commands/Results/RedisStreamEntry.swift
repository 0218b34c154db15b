import MartletRESP

/// An entry of a stream.
public nonisolated struct RedisStreamEntry<Value: RedisDecodable>: RedisDecodable {
    /// Its id.
    public let id: RedisStreamID
    /// Its fields, in the order in which they were added; a name may be there several times.
    public let fields: [RedisField<Value>]
    /// Whether the entry has been deleted, and was but pending with a consumer still.
    public let isDeleted: Bool

    /// An entry.
    public init(id: RedisStreamID, fields: [RedisField<Value>], isDeleted: Bool = false) {
        self.id = id
        self.fields = fields
        self.isDeleted = isDeleted
    }

    /// The value of the first field of this name.
    public subscript(_ name: String) -> Value? { fields.first { $0.name == name }?.value }

    /// An array of the id and an array of fields and values in turn, null when the entry was deleted.
    public init(redis value: RESPValue) throws(RedisMismatch) {
        let parts = try value.elements("an id and fields", count: 2)
        self.init(
            id: try RedisStreamID(redis: parts[0]),
            fields: parts[1].isNull ? [] : try [RedisField<Value>](redis: parts[1]), isDeleted: parts[1].isNull)
    }
}

nonisolated extension RedisStreamEntry: Equatable where Value: Equatable {}

/// What was read of one stream.
public nonisolated struct RedisStream<Value: RedisDecodable>: RedisDecodable {
    /// The stream's key.
    public let key: String
    /// Its entries, in order.
    public let entries: [RedisStreamEntry<Value>]

    private init(_ key: RESPValue, _ entries: RESPValue) throws(RedisMismatch) {
        self.key = try String(redis: key)
        self.entries = try [RedisStreamEntry<Value>](redis: entries)
    }

    /// An array of both.
    public init(redis value: RESPValue) throws(RedisMismatch) {
        let pair = try value.elements("a stream and its entries", count: 2)
        try self.init(pair[0], pair[1])
    }

    /// An array of pairs, as RESP2 has it, or a map, as RESP3 has it; null when there was nothing to read.
    public static func array(redis value: RESPValue) throws(RedisMismatch) -> [RedisStream] {
        if value.isNull { return [] }
        var streams: [RedisStream] = []
        for (key, entries) in try value.pairs("streams with entries") { streams.append(try RedisStream(key, entries)) }
        return streams
    }
}

nonisolated extension RedisStream: Equatable where Value: Equatable {}

/// What a consumer took over from others.
public nonisolated struct RedisClaimed<Element: RedisDecodable>: RedisDecodable {
    /// Where to go on: ``RedisStreamID/zero`` when all that is pending was looked at.
    public let next: RedisStreamID
    /// What the consumer has now.
    public let elements: [Element]
    /// Entries that were pending and do not exist any more, which are not pending any more. Since Redis 7.0.
    public let deleted: [RedisStreamID]

    /// An array of the three; the last one is missing before Redis 7.0.
    public init(redis value: RESPValue) throws(RedisMismatch) {
        let parts = try value.elements("an id and what was claimed", count: 2, orMore: true)
        next = try RedisStreamID(redis: parts[0])
        // Before Redis 7.0 entries that were deleted are null.
        elements = try [Element?](redis: parts[1]).compactMap { $0 }
        deleted = parts.count > 2 ? try [RedisStreamID](redis: parts[2]) : []
    }
}
