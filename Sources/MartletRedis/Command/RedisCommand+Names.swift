import MartletRESP

nonisolated extension RedisCommand.Traits {
    /// What is known of commands that were not made by a typed call, by their names: those that would harm others on a
    /// connection that is shared.
    static func known(_ name: String) -> RedisCommand.Traits {
        if let known = all[name] { return known }
        let isInCapitals = name.utf8.allSatisfy { !(0x61...0x7a).contains($0) }
        return isInCapitals ? [] : all[name.uppercased()] ?? []
    }

    /// What is known of those whose arguments decide: `CLIENT`, `REPLY`, and `BLOCK` of XREAD and XREADGROUP.
    static func known(_ name: String, _ arguments: RESPWriter) -> RedisCommand.Traits {
        switch name.uppercased() {
        case "CLIENT": return known("CLIENT " + text(arguments, at: 1).uppercased())
        case "XREAD", "XREADGROUP":
            var blocks = false
            for position in 1..<max(1, arguments.count) where !blocks {
                let word = text(arguments, at: position).uppercased()
                if word == "STREAMS" { break }
                blocks = word == "BLOCK"
            }
            return blocks ? .blocking : []
        default: return []
        }
    }

    private static func text(_ arguments: RESPWriter, at position: Int) -> String {
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
        "PSYNC",
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
            "CLIENT NO-TOUCH",
        ] {
            all[name] = .connection
        }
        return all
    }()
}
