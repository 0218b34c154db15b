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
        (name, self.value) = try value.pair("a field and its value", String.self, Value.self)
    }

    /// Fields and values as RESP2 has them, in turn, or as RESP3 has them, in pairs.
    public static func array(redis value: RESPValue) throws(RedisMismatch) -> [RedisField] {
        try value.pairs("fields with values", String.self, Value.self, RedisField.init)
    }
}

nonisolated extension RedisField: Equatable where Value: Equatable {}
nonisolated extension RedisField: Hashable where Value: Hashable {}
