/// When a key, or a member, is written.
public nonisolated enum RedisCondition: String, RedisOption, CaseIterable {
    /// Only when it does not exist.
    case ifAbsent = "NX"
    /// Only when it exists.
    case ifPresent = "XX"
}
