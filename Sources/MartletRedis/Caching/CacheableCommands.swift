import MartletRESP

/// Which commands' answers may be cached.
nonisolated enum CacheableCommands {
    /// Those whose answer depends on the values of their keys and nothing else: not on the time (TTL), chance
    /// (SRANDMEMBER), a cursor (HSCAN), other keys (SORT_RO), or the server (OBJECT).
    private static let names: Set<String> = [
        "BITCOUNT", "BITFIELD_RO", "BITPOS", "EXISTS", "GEODIST", "GEOHASH", "GEOPOS", "GEORADIUSBYMEMBER_RO",
        "GEORADIUS_RO", "GEOSEARCH", "GET", "GETBIT", "GETRANGE", "HEXISTS", "HGET", "HGETALL", "HKEYS", "HLEN",
        "HMGET",
        "HSTRLEN", "HVALS", "LCS", "LINDEX", "LLEN", "LPOS", "LRANGE", "MGET", "PFCOUNT", "SCARD", "SDIFF", "SINTER",
        "SINTERCARD", "SISMEMBER", "SMEMBERS", "SMISMEMBER", "STRLEN", "SUBSTR", "SUNION", "TYPE", "XLEN", "XRANGE",
        "XREVRANGE", "ZCARD", "ZCOUNT", "ZDIFF", "ZINTER", "ZINTERCARD", "ZLEXCOUNT", "ZMSCORE", "ZRANGE",
        "ZRANGEBYLEX",
        "ZRANGEBYSCORE", "ZRANK", "ZREVRANGE", "ZREVRANGEBYLEX", "ZREVRANGEBYSCORE", "ZREVRANK", "ZSCORE", "ZUNION",
    ]

    /// The keys of a command that may be cached; `nil` when it may not, or nobody knows its keys.
    static func keys(of command: RedisCommand) -> [[UInt8]]? {
        guard !command.keys.isEmpty, names.contains(command.name) || names.contains(command.name.uppercased()) else {
            return nil
        }
        return command.keyBytes
    }

    /// Those that change every key there is.
    static func changesEverything(_ command: RedisCommand) -> Bool {
        ["FLUSHALL", "FLUSHDB", "SWAPDB"].contains(command.name.uppercased()) && command.keys.isEmpty
    }
}

nonisolated extension RedisCommand {
    /// The bytes of each key.
    var keyBytes: [[UInt8]] {
        var keys: [[UInt8]] = []
        forEachKey {
            keys.append([UInt8]($0))
            return true
        }
        return keys
    }
}

nonisolated extension RESPValue {
    /// About how much memory it takes.
    var memorySize: Int {
        var size = 0
        var rest: [RESPValue] = [self]
        while let value = rest.popLast() {
            size += MemoryLayout<RESPValue>.size
            switch value {
            case .bulk(let bytes), .verbatim(_, let bytes): size += bytes.count
            case .simple(let text), .bigNumber(let text): size += text.utf8.count
            case .array(let values), .set(let values), .push(let values): rest += values
            case .map(let entries): for entry in entries { rest += [entry.key, entry.value] }
            case .attributed(let value, let attributes):
                rest.append(value)
                for entry in attributes { rest += [entry.key, entry.value] }
            case .error(let reply): size += reply.text.utf8.count
            case .integer, .null, .double, .boolean: break
            }
        }
        return size
    }
}
