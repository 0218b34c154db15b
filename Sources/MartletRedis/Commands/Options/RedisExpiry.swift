/// When a key that is set (SET), or read (GETEX), expires.
public nonisolated enum RedisExpiry: RedisOption, Hashable {
    /// After this many seconds.
    case seconds(Int)
    /// After this many milliseconds.
    case milliseconds(Int)
    /// At a time, in seconds since 1970.
    case atSeconds(Int)
    /// At a time, in milliseconds since 1970.
    case atMilliseconds(Int)
    /// As it was to expire before: what GETEX does unless told otherwise.
    case kept
    /// Not at all: what SET does unless told otherwise.
    case never

    /// After a time, rounded up to milliseconds.
    public static func after(_ duration: Duration) -> RedisExpiry {
        .milliseconds(Int(duration.wholeMilliseconds))
    }

    /// Appends `EX 10` and the like.
    public func append(to command: inout RedisCommand) {
        switch self {
        case .seconds(let number): command.append("EX", number)
        case .milliseconds(let number): command.append("PX", number)
        case .atSeconds(let number): command.append("EXAT", number)
        case .atMilliseconds(let number): command.append("PXAT", number)
        // What a command does anyway it has no word for.
        case .kept: if command.name != "GETEX" { command.append("KEEPTTL") }
        case .never: if command.name == "GETEX" { command.append("PERSIST") }
        }
    }
}

/// When the expiry of a key is changed.
public nonisolated enum RedisExpiryCondition: String, RedisOption, CaseIterable {
    /// Only when it does not expire.
    case ifNone = "NX"
    /// Only when it expires already.
    case ifAny = "XX"
    /// Only when it then expires later.
    case ifLater = "GT"
    /// Only when it then expires earlier.
    case ifEarlier = "LT"
}

nonisolated extension RedisCommand {
    /// Appends a word and a number.
    mutating func append(_ word: String, _ number: Int) {
        append(word)
        append(number)
    }
}
