import MartletRESP

/// A member of a sorted set with its score.
public nonisolated struct RedisScored<Member: RedisDecodable>: RedisDecodable {
    /// The member.
    public let member: Member
    /// Its score.
    public let score: Double

    /// A member with its score.
    public init(_ member: Member, _ score: Double) {
        self.member = member
        self.score = score
    }

    /// An array of both.
    public init(redis value: RESPValue) throws(RedisMismatch) {
        (member, score) = try value.pair("a member and its score", Member.self, Double.self)
    }

    /// Nothing is null, or an array of no member, which is what ZPOPMIN finds in an empty set.
    public static func optional(redis value: RESPValue) throws(RedisMismatch) -> RedisScored? {
        value.isNull || value.elements?.isEmpty == true ? nil : try RedisScored(redis: value)
    }

    /// Members and scores as RESP2 has them, in turn, or as RESP3 has them, in pairs.
    public static func array(redis value: RESPValue) throws(RedisMismatch) -> [RedisScored] {
        try value.pairs("members with scores", Member.self, Double.self, RedisScored.init)
    }
}

nonisolated extension RedisScored: Equatable where Member: Equatable {}
nonisolated extension RedisScored: Hashable where Member: Hashable {}
