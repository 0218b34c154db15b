import MartletRESP

/// A field of a hash or of an entry of a stream, with its value.
public nonisolated struct RedisField<Value: RedisDecodable>: RedisDecodable {
    /// Its name.
    public let name: String
    /// Its value.
    public let value: Value

    /// A field.
    public init(_ name: String, _ value: Value) {
        self.name = name
        self.value = value
    }

    /// An array of both.
    public init(redis value: RESPValue) throws(RedisMismatch) {
        let pair = try value.elements("a field and its value", count: 2)
        self.init(try String(redis: pair[0]), try Value(redis: pair[1]))
    }

    /// Fields and values as RESP2 has them, in turn, or as RESP3 has them, in pairs.
    public static func array(redis value: RESPValue) throws(RedisMismatch) -> [RedisField] {
        var fields: [RedisField] = []
        for (name, value) in try value.pairs("fields with values") {
            fields.append(RedisField(try String(redis: name), try Value(redis: value)))
        }
        return fields
    }
}

nonisolated extension RedisField: Equatable where Value: Equatable {}
nonisolated extension RedisField: Hashable where Value: Hashable {}
