/// An end of a list.
public nonisolated enum RedisListSide: String, RedisOption, CaseIterable {
    /// The front.
    case left = "LEFT"
    /// The end.
    case right = "RIGHT"
}

/// On which side of another an element is inserted.
public nonisolated enum RedisInsertPosition: String, RedisOption, CaseIterable {
    /// In front of it.
    case before = "BEFORE"
    /// Behind it.
    case after = "AFTER"
}

/// In which order sorted elements come.
public nonisolated enum RedisOrder: String, RedisOption, CaseIterable {
    /// The smallest, or nearest, first.
    case ascending = "ASC"
    /// The largest, or farthest, first.
    case descending = "DESC"
}
