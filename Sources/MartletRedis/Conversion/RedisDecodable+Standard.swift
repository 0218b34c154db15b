import MartletRESP

nonisolated extension RESPValue: RedisDecodable {
    /// The answer as it is.
    public init(redis value: RESPValue) { self = value }
}

nonisolated extension String: RedisDecodable {
    /// The text of a bulk, a simple or a verbatim string or a number; what is no UTF-8 is replaced by U+FFFD.
    public init(redis value: RESPValue) throws(RedisMismatch) {
        switch value {
        case .simple(let text): self = text
        case .integer(let number): self = String(number)
        case .double(let number): self = String(number)
        default:
            guard let text = value.text else { throw RedisMismatch(expected: "a string", found: value) }
            self = text
        }
    }
}

nonisolated extension UInt8: RedisDecodable {
    /// An integer from 0 to 255.
    public init(redis value: RESPValue) throws(RedisMismatch) {
        guard let byte = UInt8(exactly: try Int64(redis: value)) else {
            throw RedisMismatch(expected: "an integer from 0 to 255", found: "another integer")
        }
        self = byte
    }

    /// The bytes of a bulk, a simple or a verbatim string.
    public static func array(redis value: RESPValue) throws(RedisMismatch) -> [UInt8] {
        if case .bulk(let bytes) = value { return bytes }
        guard let bytes = value.bytes else { throw RedisMismatch(expected: "a string", found: value) }
        return bytes
    }
}

nonisolated extension Int64: RedisDecodable {
    /// An integer, or a string of its digits.
    public init(redis value: RESPValue) throws(RedisMismatch) {
        switch value {
        case .integer(let number): self = number
        case .boolean(let flag): self = flag ? 1 : 0
        default:
            guard let text = value.text, let number = Int64(text) else {
                throw RedisMismatch(expected: "an integer", found: value)
            }
            self = number
        }
    }
}

nonisolated extension Int: RedisDecodable {
    /// An integer, or a string of its digits.
    public init(redis value: RESPValue) throws(RedisMismatch) { self = Int(try Int64(redis: value)) }
}

nonisolated extension UInt64: RedisDecodable {
    /// An integer that is not negative, or a string of its digits.
    public init(redis value: RESPValue) throws(RedisMismatch) {
        if case .integer(let number) = value, let number = UInt64(exactly: number) {
            self = number
        } else if let text = value.text, let number = UInt64(text) {
            self = number
        } else {
            throw RedisMismatch(expected: "an integer that is not negative", found: value)
        }
    }
}

nonisolated extension Double: RedisDecodable {
    /// A double, an integer, or a string of one.
    public init(redis value: RESPValue) throws(RedisMismatch) {
        switch value {
        case .double(let number): self = number
        case .integer(let number): self = Double(number)
        default:
            guard let text = value.text, let number = Double(text) else {
                throw RedisMismatch(expected: "a number", found: value)
            }
            self = number
        }
    }
}

nonisolated extension Bool: RedisDecodable {
    /// A boolean, one of the integers 0 and 1, or `OK` and null, which is how SET says whether it did.
    public init(redis value: RESPValue) throws(RedisMismatch) {
        switch value {
        case .boolean(let flag): self = flag
        case .integer(0), .null: self = false
        case .integer(1), .simple("OK"): self = true
        default: throw RedisMismatch(expected: "a boolean", found: value)
        }
    }
}

nonisolated extension Optional: RedisDecodable where Wrapped: RedisDecodable {
    /// `nil` of null.
    public init(redis value: RESPValue) throws(RedisMismatch) { self = try Wrapped.optional(redis: value) }
}

nonisolated extension Array: RedisDecodable where Element: RedisDecodable {
    /// The elements of an array or a set; bytes of a string.
    public init(redis value: RESPValue) throws(RedisMismatch) { self = try Element.array(redis: value) }
}

nonisolated extension Set: RedisDecodable where Element: RedisDecodable {
    /// The elements of a set or an array.
    public init(redis value: RESPValue) throws(RedisMismatch) { self = Set(try [Element](redis: value)) }
}

nonisolated extension Dictionary: RedisDecodable where Key: RedisDecodable, Value: RedisDecodable {
    /// The entries of a map, or of an array of keys and values in turn; of equal keys the last one.
    public init(redis value: RESPValue) throws(RedisMismatch) {
        guard let entries = value.entries else { throw RedisMismatch(expected: "a map", found: value) }
        self.init(minimumCapacity: entries.count)
        for entry in entries { self[try Key(redis: entry.key)] = try Value(redis: entry.value) }
    }
}
