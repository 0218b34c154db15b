import MartletRESP

/// What was taken off one of several keys.
public nonisolated struct RedisPopped<Value: RedisDecodable>: RedisDecodable {
    /// The key that had it.
    public let key: String
    /// What it was.
    public let value: Value

    /// What was taken off a key.
    public init(key: String, value: Value) {
        self.key = key
        self.value = value
    }

    /// An array of both.
    public init(redis value: RESPValue) throws(RedisMismatch) {
        (key, self.value) = try value.pair("a key and what was taken off it", String.self, Value.self)
    }
}

nonisolated extension RedisPopped: Equatable where Value: Equatable {}

/// A member that was taken off one of several sorted sets.
public nonisolated struct RedisPoppedScored<Member: RedisDecodable>: RedisDecodable {
    /// The key that had it.
    public let key: String
    /// The member.
    public let member: Member
    /// Its score.
    public let score: Double

    /// An array of the three.
    public init(redis value: RESPValue) throws(RedisMismatch) {
        let parts = try value.elements("a key, a member and its score", count: 3)
        key = try String(redis: parts[0])
        member = try Member(redis: parts[1])
        score = try Double(redis: parts[2])
    }
}

nonisolated extension RedisPoppedScored: Equatable where Member: Equatable {}
