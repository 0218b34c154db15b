import MartletRESP

/// Where a member of a sorted set is, and its score.
public nonisolated struct RedisRank: RedisDecodable, Hashable {
    /// How many members are before it.
    public let rank: Int
    /// Its score.
    public let score: Double

    /// A rank with a score.
    public init(rank: Int, score: Double) {
        self.rank = rank
        self.score = score
    }

    /// An array of both.
    public init(redis value: RESPValue) throws(RedisMismatch) {
        let pair = try value.elements("a rank and a score", count: 2)
        self.init(rank: try Int(redis: pair[0]), score: try Double(redis: pair[1]))
    }
}
