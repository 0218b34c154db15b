/// A part of a string, by bytes or (since Redis 7.0) by bits; both ends are inclusive, and negative ones count from the end.
public nonisolated enum RedisBitRange: RedisOption, Hashable {
    /// From one byte to another.
    case bytes(Int, Int)
    /// From one bit to another.
    case bits(Int, Int)

    /// Appends both ends, and what they count.
    public func append(to command: inout RedisCommand) {
        switch self {
        case .bytes(let first, let last):
            command.append(first)
            command.append(last)
        case .bits(let first, let last):
            command.append(first)
            command.append(last)
            command.append("BIT")
        }
    }
}

/// How strings are combined bit by bit.
public nonisolated enum RedisBitOperation: String, RedisOption, CaseIterable {
    /// Bits that all have.
    case and = "AND"
    /// Bits that any has.
    case or = "OR"
    /// Bits that an odd number of them has.
    case xor = "XOR"
    /// Bits that the one key has not.
    case not = "NOT"
}
