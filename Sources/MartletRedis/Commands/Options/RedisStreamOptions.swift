/// What a stream keeps.
public nonisolated struct RedisStreamTrim: RedisOption, Hashable {
    private let words: [String]

    /// The newest `count` entries.
    public static func length(_ count: Int) -> RedisStreamTrim { RedisStreamTrim(words: ["MAXLEN", "=", "\(count)"]) }

    /// About the newest `count` entries, never fewer: whole nodes are removed, which costs the server much less.
    ///
    /// - Parameters:
    ///   - count: how many are kept at least.
    ///   - limit: how many are removed at once at most; the server chooses unless it is given.
    public static func aboutLength(_ count: Int, limit: Int? = nil) -> RedisStreamTrim {
        RedisStreamTrim(words: ["MAXLEN", "~", "\(count)"] + (limit.map { ["LIMIT", "\($0)"] } ?? []))
    }

    /// The entries from an id on.
    public static func since(_ id: RedisStreamID) -> RedisStreamTrim {
        RedisStreamTrim(words: ["MINID", "=", "\(id)"])
    }

    /// The entries from an id on, and maybe some older ones, which costs the server much less.
    public static func aboutSince(_ id: RedisStreamID, limit: Int? = nil) -> RedisStreamTrim {
        RedisStreamTrim(words: ["MINID", "~", "\(id)"] + (limit.map { ["LIMIT", "\($0)"] } ?? []))
    }

    /// Appends `MAXLEN ~ 1000` and the like.
    public func append(to command: inout RedisCommand) { command.append(contentsOf: words) }
}

/// A stream, and after which entry it is read.
public nonisolated struct RedisStreamPosition: RedisOption {
    /// The stream.
    public var key: any RedisArgument
    /// The entry; nil is the last one there is now.
    public var after: RedisStreamID?
    private var isLast = false

    /// The entries that follow one; nil is the last one there is now.
    public init(_ key: any RedisArgument, after: RedisStreamID?) {
        self.key = key
        self.after = after
    }

    /// The last entry itself, if there is one (since Redis 7.4).
    public static func last(of key: any RedisArgument) -> RedisStreamPosition {
        var position = RedisStreamPosition(key, after: nil)
        position.isLast = true
        return position
    }

    /// Appends the stream and the id.
    public func append(to command: inout RedisCommand) { Self.append([self], to: &command) }

    /// Appends all streams, then all ids.
    public static func append(_ positions: [RedisStreamPosition], to command: inout RedisCommand) {
        for position in positions { command.append(key: position.key) }
        for position in positions {
            if let id = position.after { command.append(id) } else { command.append(position.isLast ? "+" : "$") }
        }
    }
}

/// A stream, and which of its entries a consumer of a group gets.
public nonisolated struct RedisGroupPosition: RedisOption {
    /// The stream.
    public var key: any RedisArgument
    /// After which id those are that are pending with the consumer; nil is new ones, which nobody of the group has got.
    public var pendingAfter: RedisStreamID?

    /// Entries that nobody of the group has got.
    public static func new(_ key: any RedisArgument) -> RedisGroupPosition { RedisGroupPosition(key: key) }

    /// Entries that the consumer has got and not acknowledged, after an id.
    public static func pending(_ key: any RedisArgument, after id: RedisStreamID = .zero) -> RedisGroupPosition {
        RedisGroupPosition(key: key, pendingAfter: id)
    }

    /// Appends the stream and the id.
    public func append(to command: inout RedisCommand) { Self.append([self], to: &command) }

    /// Appends all streams, then all ids.
    public static func append(_ positions: [RedisGroupPosition], to command: inout RedisCommand) {
        for position in positions { command.append(key: position.key) }
        for position in positions {
            if let id = position.pendingAfter { command.append(id) } else { command.append(">") }
        }
    }
}

/// Where a group of consumers begins.
public nonisolated enum RedisGroupStart: RedisOption, Hashable {
    /// With the first entry.
    case beginning
    /// With what is added from now on.
    case end
    /// Behind an entry.
    case after(RedisStreamID)

    /// Appends `0`, `$` or the id.
    public func append(to command: inout RedisCommand) {
        switch self {
        case .beginning: command.append("0")
        case .end: command.append("$")
        case .after(let id): command.append(id)
        }
    }
}
