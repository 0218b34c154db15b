/// An integer inside of a string.
public nonisolated struct RedisBitfield: Hashable, Sendable {
    /// Whether it has a sign.
    public let isSigned: Bool
    /// How many bits it has: 1 to 64, without sign to 63.
    public let width: Int
    /// Where it begins.
    public let offset: Int
    /// Whether `offset` counts integers of this width in place of bits.
    public let isIndex: Bool

    /// An integer with a sign that begins at a bit.
    public static func signed(_ width: Int, bit: Int) -> RedisBitfield {
        RedisBitfield(isSigned: true, width: width, offset: bit, isIndex: false)
    }

    /// An integer without sign that begins at a bit.
    public static func unsigned(_ width: Int, bit: Int) -> RedisBitfield {
        RedisBitfield(isSigned: false, width: width, offset: bit, isIndex: false)
    }

    /// One of an array of integers with a sign.
    public static func signed(_ width: Int, index: Int) -> RedisBitfield {
        RedisBitfield(isSigned: true, width: width, offset: index, isIndex: true)
    }

    /// One of an array of integers without sign.
    public static func unsigned(_ width: Int, index: Int) -> RedisBitfield {
        RedisBitfield(isSigned: false, width: width, offset: index, isIndex: true)
    }

    func append(to command: inout RedisCommand) {
        command.append("\(isSigned ? "i" : "u")\(width)")
        command.append("\(isIndex ? "#" : "")\(offset)")
    }
}

/// One step of BITFIELD.
public nonisolated enum RedisBitfieldOperation: RedisOption, Hashable {
    /// Reads an integer.
    case get(RedisBitfield)
    /// Writes an integer; the result is what it was.
    case set(RedisBitfield, Int)
    /// Adds to an integer; the result is what it is now.
    case increment(RedisBitfield, by: Int)
    /// Says what the steps that follow do with what is too large. It has no result.
    case overflow(Overflow)

    /// What happens to a number that is too large.
    public enum Overflow: String, Sendable, CaseIterable {
        /// It begins again at the other end, which it does unless something else is said.
        case wrap = "WRAP"
        /// It stays at the end.
        case saturate = "SAT"
        /// Nothing is written, and the result is nil.
        case fail = "FAIL"
    }

    /// Appends the step.
    public func append(to command: inout RedisCommand) {
        switch self {
        case .get(let field):
            command.append("GET")
            field.append(to: &command)
        case .set(let field, let value):
            command.append("SET")
            field.append(to: &command)
            command.append(value)
        case .increment(let field, let increment):
            command.append("INCRBY")
            field.append(to: &command)
            command.append(increment)
        case .overflow(let overflow):
            command.append("OVERFLOW")
            command.append(overflow.rawValue)
        }
    }
}

/// A step of BITFIELD_RO, which can but read.
public nonisolated struct RedisBitfieldRead: RedisOption, Hashable {
    /// The integer that is read.
    public let field: RedisBitfield

    /// Reads an integer.
    public static func get(_ field: RedisBitfield) -> RedisBitfieldRead { RedisBitfieldRead(field: field) }

    /// Appends the step.
    public func append(to command: inout RedisCommand) {
        command.append("GET")
        field.append(to: &command)
    }
}
