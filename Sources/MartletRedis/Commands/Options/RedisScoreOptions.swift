/// Which members of a sorted set are taken.
public nonisolated enum RedisScoreEnd: String, RedisOption, CaseIterable {
    /// Those with the lowest scores.
    case lowest = "MIN"
    /// Those with the highest scores.
    case highest = "MAX"
}

/// When a member gets another score. New members are added in any case.
public nonisolated enum RedisScoreComparison: String, RedisOption, CaseIterable {
    /// Only when it is higher.
    case ifGreater = "GT"
    /// Only when it is lower.
    case ifLess = "LT"
}

/// The score of a member that several sorted sets have.
public nonisolated enum RedisAggregate: String, RedisOption, CaseIterable {
    /// The sum of its scores.
    case sum = "SUM"
    /// Its lowest score.
    case minimum = "MIN"
    /// Its highest score.
    case maximum = "MAX"
}
