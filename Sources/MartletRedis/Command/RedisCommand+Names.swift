import MartletRESP

nonisolated extension RedisCommand.Traits {
    /// Of those whose arguments decide it: they are looked at when the command is sent.
    static let undecided = RedisCommand.Traits(rawValue: 16)

    /// What is known of commands that were not made by a typed call, by their names: those that would harm others on a
    /// connection that is shared.
    ///
    /// - Parameter name: a word, or several, of which those behind the first may be arguments.
    static func known(_ name: String) -> RedisCommand.Traits {
        if let known = all[name] { return known }
        let isPlain = name.utf8.allSatisfy { !(0x61...0x7a).contains($0) && $0 != 0x20 }
        if isPlain { return [] }
        let words = name.uppercased().split(separator: " ").map(String.init)
        guard let first = words.first else { return [] }
        let known = all[first] ?? []
        return words.count > 1 ? known.union(all["\(first) \(words[1])"] ?? []) : known
    }

    /// What is known of a command by what is sent, however it was put together.
    static func known(_ arguments: RESPWriter) -> RedisCommand.Traits {
        let words = RedisCommand.words(arguments)
        var known = (all[words.first] ?? []).union(all["\(words.first) \(words.second)"] ?? [])
        known.remove(.undecided)
        guard ["XREAD", "XREADGROUP"].contains(words.first) else { return known }
        for position in 1..<max(1, arguments.count) {
            let word = text(arguments, at: position).uppercased()
            if word == "STREAMS" { break }
            if word == "BLOCK" { return known.union(.blocking) }
        }
        return known
    }

    fileprivate static func text(_ arguments: RESPWriter, at position: Int) -> String {
        var text = ""
        arguments.forEachArgument { index, bytes in
            if index == position { text = String(decoding: bytes.prefix(32), as: UTF8.self) }
            return index < position
        }
        return text
    }

    /// Commands whose answers are no answers: the connection says what to do instead.
    static let unanswered: Set<String> = [
        "SUBSCRIBE", "PSUBSCRIBE", "SSUBSCRIBE", "UNSUBSCRIBE", "PUNSUBSCRIBE", "SUNSUBSCRIBE", "CLIENT REPLY", "SYNC",
        "PSYNC", "REPLCONF",
    ]

    private static let all: [String: RedisCommand.Traits] = {
        var all: [String: RedisCommand.Traits] = [:]
        for name in [
            "BLPOP", "BRPOP", "BRPOPLPUSH", "BLMOVE", "BLMPOP", "BZPOPMIN", "BZPOPMAX", "BZMPOP", "WAIT", "WAITAOF",
        ] {
            all[name] = .blocking
        }
        for name in [
            "SELECT", "WATCH", "UNWATCH", "MULTI", "EXEC", "DISCARD", "SUBSCRIBE", "PSUBSCRIBE", "SSUBSCRIBE",
            "UNSUBSCRIBE",
            "PUNSUBSCRIBE", "SUNSUBSCRIBE", "MONITOR", "HELLO", "AUTH", "RESET", "QUIT", "SYNC", "PSYNC", "READONLY",
            "READWRITE", "ASKING", "CLIENT REPLY", "CLIENT TRACKING", "CLIENT CACHING", "CLIENT NO-EVICT",
            "CLIENT NO-TOUCH", "REPLCONF", "SCRIPT DEBUG",
        ] {
            all[name] = .connection
        }
        for name in ["CLIENT", "SCRIPT", "XREAD", "XREADGROUP"] { all[name] = .undecided }
        return all
    }()
}

nonisolated extension RedisCommand {
    /// The same, with what its arguments decide.
    var decided: RedisCommand {
        guard traits.contains(.undecided) else { return self }
        var command = self
        command.traits.formUnion(.known(arguments))
        command.traits.remove(.undecided)
        return command
    }

    /// The first two arguments in capitals, as far as a name could go: by these a server knows a command.
    static func words(_ arguments: RESPWriter) -> (first: String, second: String) {
        (Traits.text(arguments, at: 0).uppercased(), Traits.text(arguments, at: 1).uppercased())
    }
}
