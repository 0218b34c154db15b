/// Which members of a sorted set: a range of ranks, of scores or of names.
///
/// In a reversed range of scores or names the higher bound comes first, as the server wants it.
public nonisolated enum RedisRange: RedisOption, Hashable {
    /// From one rank to another, both inclusive; 0 is the first, -1 the last.
    case ranks(Int, Int)
    /// From one score to another.
    case scores(RedisScoreBound, RedisScoreBound)
    /// From one name to another, where all members have one score.
    case names(RedisLexBound, RedisLexBound)

    /// All members.
    public static let all = ranks(0, -1)

    /// Appends both ends and how they are meant.
    public func append(to command: inout RedisCommand) {
        switch self {
        case .ranks(let first, let last): RedisScoreRange.ranks(first, last).append(to: &command)
        case .scores(let first, let last): RedisScoreRange.scores(first, last).append(to: &command)
        case .names(let first, let last):
            first.append(to: &command)
            last.append(to: &command)
            command.append("BYLEX")
        }
    }
}

/// Which members of a sorted set: a range of ranks or of scores.
///
/// In a reversed range of scores the higher bound comes first, as the server wants it.
public nonisolated enum RedisScoreRange: RedisOption, Hashable {
    /// From one rank to another, both inclusive; 0 is the first, -1 the last.
    case ranks(Int, Int)
    /// From one score to another.
    case scores(RedisScoreBound, RedisScoreBound)

    /// All members.
    public static let all = ranks(0, -1)

    /// Appends both ends and how they are meant.
    public func append(to command: inout RedisCommand) {
        switch self {
        case .ranks(let first, let last):
            command.append(first)
            command.append(last)
        case .scores(let first, let last):
            first.append(to: &command)
            last.append(to: &command)
            command.append("BYSCORE")
        }
    }
}
