import MartletRedis

/// What is done on the server, each as one step. All get the same keys: the entry (except those that are for several), the
/// names of all entries in their order, those with an expiry by that, the newest version, and the log of changes.
///
/// An entry is a hash: `v` its value, `n` its version, and as far as it has them `t` its type and `e` its expiry. Numbers of
/// Lua are doubles, so that those that may have 64 bits stay text or with commands of the server.
nonisolated enum RedisStoreScripts {
    /// Ends with {0, version} when the condition in `expected` does not hold.
    private static let condition = """
        local old = redis.call('HGET', KEYS[1], 'n')
        if (expected == 'absent' and old) or (expected == 'present' and not old)
            or (string.match(expected, '^%d') and old ~= expected) then
            return {0, old or ''}
        end
        """

    private static let log = """
        local time = redis.call('TIME')
        local function now() return tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000) end
        -- A server that takes over may not have the last versions, and must not give them out for something else: so they
        -- follow the clock. Each change says which one it comes after, so that whoever watches knows what is missing.
        local function log(key, what, length)
            local last = redis.call('GET', KEYS[4]) or '0'
            local n = math.max((tonumber(last) or 0) + 1, tonumber(time[1]) * 1000000 + tonumber(time[2]))
            n = string.format('%.0f', n)
            redis.call('XADD', KEYS[5], 'MAXLEN', '~', length, n .. '-0', 'k', key, 'o', what, 'p', last)
            redis.call('SET', KEYS[4], n)
            return n
        end
        local function expire(key, milliseconds)
            local e = string.format('%.0f', now() + tonumber(milliseconds))
            redis.call('HSET', KEYS[1], 'e', e)
            redis.call('PEXPIREAT', KEYS[1], e)
            redis.call('ZADD', KEYS[3], e, key)
            return e
        end
        """

    /// key, length of the log, condition, value, type, milliseconds → {1, version, 1 if it is new, expiry}
    static let set = RedisScript(
        """
        \(log)
        local expected = ARGV[3]
        \(condition)
        local n = log(ARGV[1], 'set', ARGV[2])
        redis.call('DEL', KEYS[1])
        redis.call('HSET', KEYS[1], 'v', ARGV[4], 'n', n)
        if ARGV[5] ~= '' then redis.call('HSET', KEYS[1], 't', ARGV[5]) end
        local e = ''
        if ARGV[6] ~= '' then
            e = expire(ARGV[1], ARGV[6])
        else
            redis.call('ZREM', KEYS[3], ARGV[1])
        end
        redis.call('ZADD', KEYS[2], 0, ARGV[1])
        return {1, n, old and 0 or 1, e}
        """)

    /// key, length of the log, condition → {1, 1 if there was one}
    static let remove = RedisScript(
        """
        \(log)
        local expected = ARGV[3]
        \(condition)
        if not old then return {1, 0} end
        redis.call('DEL', KEYS[1])
        redis.call('ZREM', KEYS[2], ARGV[1])
        redis.call('ZREM', KEYS[3], ARGV[1])
        log(ARGV[1], 'removed', ARGV[2])
        return {1, 1}
        """)

    /// key, length of the log, condition, amount, milliseconds → {1, version, value, type, expiry}, {2} when it would
    /// overflow, {3} when it is no number
    static let increment = RedisScript(
        """
        \(log)
        local expected = ARGV[3]
        \(condition)
        local sum = redis.pcall('HINCRBY', KEYS[1], 'v', ARGV[4])
        if type(sum) == 'table' and sum.err then
            if string.find(sum.err, 'overflow') then return {2} end
            if string.find(sum.err, 'not an integer') then return {3} end
            return redis.error_reply(sum.err)
        end
        local n = log(ARGV[1], 'set', ARGV[2])
        redis.call('HSET', KEYS[1], 'n', n)
        if not old then
            redis.call('HSET', KEYS[1], 't', 'application/json')
            if ARGV[5] ~= '' then expire(ARGV[1], ARGV[5]) else redis.call('ZREM', KEYS[3], ARGV[1]) end
            redis.call('ZADD', KEYS[2], 0, ARGV[1])
        end
        local entry = redis.call('HMGET', KEYS[1], 'v', 't', 'e')
        return {1, n, entry[1], entry[2] or '', entry[3] or ''}
        """)

    /// prefix of entries, lower bound, upper bound, count → {names looked at, the last of them, then key, version, type,
    /// expiry and size of each that is there}
    static let list = RedisScript(
        """
        local names = redis.call('ZRANGE', KEYS[2], ARGV[2], ARGV[3], 'BYLEX', 'LIMIT', 0, ARGV[4])
        local result = {#names, names[#names] or ''}
        for _, name in ipairs(names) do
            local entry = redis.call('HMGET', ARGV[1] .. name, 'n', 't', 'e')
            if entry[1] then
                result[#result + 1] = name
                result[#result + 1] = entry[1]
                result[#result + 1] = entry[2] or ''
                result[#result + 1] = entry[3] or ''
                result[#result + 1] = redis.call('HSTRLEN', ARGV[1] .. name, 'v')
            end
        end
        return result
        """, isReadOnly: true)

    /// prefix of entries, length of the log, count → how many entries' time was over
    static let sweep = RedisScript(
        """
        \(log)
        local bound = '(' .. string.format('%.0f', now())
        local names = redis.call('ZRANGE', KEYS[3], '-inf', bound, 'BYSCORE', 'LIMIT', 0, ARGV[3])
        for _, name in ipairs(names) do
            redis.call('ZREM', KEYS[3], name)
            if redis.call('EXISTS', ARGV[1] .. name) == 0 then
                redis.call('ZREM', KEYS[2], name)
                log(name, 'expired', ARGV[2])
            else
                -- It is to be looked at when its time is over, if it has one, and not at once again.
                local left = redis.pcall('PEXPIRETIME', ARGV[1] .. name)
                if type(left) == 'number' and left > now() then redis.call('ZADD', KEYS[3], string.format('%.0f', left), name) end
            end
        end
        return #names
        """)
}
