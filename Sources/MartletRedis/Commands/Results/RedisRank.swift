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
        (rank, score) = try value.pair("a rank and a score", Int.self, Double.self)
    }
}
