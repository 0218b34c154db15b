import MartletRESP

/// Where an iteration of the SCAN family goes on. It means something to the server only.
public nonisolated struct RedisCursor: RedisArgument, RedisOption, RedisDecodable, Hashable {
    /// The number that the server gave.
    public let rawValue: UInt64

    /// Where every iteration begins, and what the server answers at its end.
    public static let start = RedisCursor(rawValue: 0)

    /// A cursor that the server gave.
    public init(rawValue: UInt64) { self.rawValue = rawValue }

    /// A string of digits.
    public init(redis value: RESPValue) throws(RedisMismatch) { rawValue = try UInt64(redis: value) }

    /// Writes its digits.
    public func write(to writer: inout RESPWriter) { rawValue.write(to: &writer) }
}

/// One step of an iteration.
public nonisolated struct RedisScanPage<Element: RedisDecodable>: RedisDecodable {
    /// Where it goes on: ``RedisCursor/start`` when this was the last step.
    public let next: RedisCursor
    /// What this step found, maybe nothing.
    public let elements: [Element]

    /// Whether this was the last step.
    public var isLast: Bool { next == .start }

    /// An array of the cursor and the elements.
    public init(redis value: RESPValue) throws(RedisMismatch) {
        let parts = try value.elements("a cursor and elements", count: 2)
        next = try RedisCursor(redis: parts[0])
        elements = try [Element](redis: parts[1])
    }
}
