/// An end of a range of scores. A number alone is included: `min: 1, max: .below(10)`.
public nonisolated enum RedisScoreBound: RedisOption, Hashable, ExpressibleByFloatLiteral, ExpressibleByIntegerLiteral {
    /// This score, which is in the range.
    case including(Double)
    /// This score, which is not in the range.
    case excluding(Double)

    /// Below all scores.
    public static let lowest = including(-.infinity)
    /// Above all scores.
    public static let highest = including(.infinity)

    /// A score that is in the range.
    public init(floatLiteral value: Double) { self = .including(value) }
    /// A score that is in the range.
    public init(integerLiteral value: Int) { self = .including(Double(value)) }

    /// Appends `1.5` or `(1.5`.
    public func append(to command: inout RedisCommand) {
        switch self {
        case .including(let score): command.append(score)
        case .excluding(let score): command.append("(\(score)")
        }
    }
}

/// An end of a range of members that all have one score, which are in the order of their bytes.
public nonisolated enum RedisLexBound: RedisOption, Hashable {
    /// Before all members.
    case lowest
    /// Behind all members.
    case highest
    /// These bytes, which are in the range.
    case includingBytes([UInt8])
    /// These bytes, which are not in the range.
    case excludingBytes([UInt8])

    /// A member that is in the range.
    public static func including(_ member: String) -> RedisLexBound { .includingBytes(Array(member.utf8)) }
    /// A member that is not in the range.
    public static func excluding(_ member: String) -> RedisLexBound { .excludingBytes(Array(member.utf8)) }

    /// Appends `-`, `+`, `[member` or `(member`.
    public func append(to command: inout RedisCommand) {
        switch self {
        case .lowest: command.append("-")
        case .highest: command.append("+")
        case .includingBytes(let bytes): command.append([UInt8(ascii: "[")] + bytes)
        case .excludingBytes(let bytes): command.append([UInt8(ascii: "(")] + bytes)
        }
    }
}
