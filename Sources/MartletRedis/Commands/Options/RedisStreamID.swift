import MartletRESP

/// The id of an entry of a stream: a time, and a number that tells entries of one millisecond apart.
public nonisolated struct RedisStreamID: RedisArgument, RedisOption, Hashable, Comparable {
    /// Milliseconds since 1970, if the server chose the id.
    public var milliseconds: UInt64
    /// Which one of that millisecond.
    public var sequence: UInt64

    /// An id.
    public init(_ milliseconds: UInt64, _ sequence: UInt64 = 0) {
        self.milliseconds = milliseconds
        self.sequence = sequence
    }

    /// The id in a text like `1700000000000-0`; without a dash the sequence is 0. Nil for every other text.
    public init?(_ text: some StringProtocol) {
        let parts = text.split(separator: "-", omittingEmptySubsequences: false)
        guard parts.count <= 2, let milliseconds = UInt64(parts[0]) else { return nil }
        if parts.count == 1 {
            self.init(milliseconds)
        } else {
            guard let sequence = UInt64(parts[1]) else { return nil }
            self.init(milliseconds, sequence)
        }
    }

    /// Before every entry.
    public static let zero = RedisStreamID(0)

    /// By time, then by sequence.
    public static func < (left: RedisStreamID, right: RedisStreamID) -> Bool {
        (left.milliseconds, left.sequence) < (right.milliseconds, right.sequence)
    }

    /// Writes `1700000000000-0`.
    public func write(to writer: inout RESPWriter) { writer.write(description) }
}

nonisolated extension RedisStreamID: CustomStringConvertible {
    /// `1700000000000-0`
    public var description: String { "\(milliseconds)-\(sequence)" }
}

nonisolated extension RedisStreamID: RedisDecodable {
    /// A string like `1700000000000-0`.
    public init(redis value: RESPValue) throws(RedisMismatch) {
        guard let text = value.text, let id = RedisStreamID(text) else {
            throw RedisMismatch(expected: "the id of a stream's entry", found: value)
        }
        self = id
    }
}

/// The id that a new entry gets.
public nonisolated enum RedisNewStreamID: RedisOption, Hashable {
    /// The server's time.
    case automatic
    /// A time of one's own, in milliseconds; the server counts those of one millisecond (since Redis 7.0).
    case milliseconds(UInt64)
    /// An id of one's own, which has to be higher than all before it.
    case id(RedisStreamID)

    /// Appends `*`, `1700000000000-*` or the id.
    public func append(to command: inout RedisCommand) {
        switch self {
        case .automatic: command.append("*")
        case .milliseconds(let time): command.append("\(time)-*")
        case .id(let id): command.append(id)
        }
    }
}

/// An end of a range of a stream.
public nonisolated enum RedisStreamBound: RedisOption, Hashable {
    /// Before all entries.
    case first
    /// Behind all entries.
    case last
    /// This id, which is in the range.
    case id(RedisStreamID)
    /// This id, which is not in the range.
    case excluding(RedisStreamID)
    /// A time in milliseconds since 1970: as the lower end its first entry, as the upper end its last one.
    case milliseconds(UInt64)

    /// Appends `-`, `+`, an id, `(` with an id, or a time.
    public func append(to command: inout RedisCommand) {
        switch self {
        case .first: command.append("-")
        case .last: command.append("+")
        case .id(let id): command.append(id)
        case .excluding(let id): command.append("(\(id)")
        case .milliseconds(let time): command.append("\(time)")
        }
    }
}
