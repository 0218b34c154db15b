nonisolated extension RedisQueueScript {
    /// Replies how many there are of each state, in the order of `JobState.allCases`.
    static let counts = RedisQueueScript(
        """
        local reply = {}
        for _, state in ipairs({ 'scheduled', 'waiting', 'held', 'running', 'done', 'dead' }) do
            reply[#reply + 1] = redis.call('ZCARD', P .. ':in:' .. state)
        end
        return reply
        """, isReadOnly: true)

    /// Arguments: state, the number before, how many; or the word `job`, and a number. Replies the fields of
    /// `JobStatus.init(_:)`.
    static let statuses = RedisQueueScript(
        """
        local ids = ARGV[5] == 'job' and { ARGV[6] }
            or redis.call('ZRANGEBYSCORE', P .. ':in:' .. ARGV[5], '(' .. ARGV[6], '+inf', 'LIMIT', 0, ARGV[7])
        local reply = {}
        for _, id in ipairs(ids) do
            local found = redis.pcall('HMGET', job(id), 'kind', 'state', 'priority', 'key', 'attempts', 'maximum',
                'progress', 'note', 'error', 'worker', 'created', 'due', 'started', 'finished')
            if not found.err and found[2] and redis.call('HEXISTS', job(id), 'deleted') == 0 then
                found[#found + 1] = redis.call('HSTRLEN', job(id), 'payload')
                table.insert(found, 1, id)
                reply[#reply + 1] = found
            end
        end
        return reply
        """, isReadOnly: true)

    /// Arguments: a number. Replies the state that it was in.
    static let retry = RedisQueueScript(
        """
        local id = ARGV[5]
        local state = not get(id, 'deleted') and get(id, 'state')
        if state == 'dead' then
            redis.call('XDEL', P .. ':dead', get(id, 'dead') or '0-0')
            redis.call('HDEL', job(id), 'dead', 'finished')
            redis.call('HSET', job(id), 'attempts', 0, 'due', NOW, 'progress', 0)
            ready(id)
            wake(1)
        elseif state == 'scheduled' then
            redis.call('ZREM', P .. ':scheduled', id)
            redis.call('HSET', job(id), 'due', NOW)
            ready(id)
            wake(1)
        end
        return state or false
        """)

    /// Arguments: how many. Replies how many there were.
    static let retryDead = RedisQueueScript(
        """
        local ids = redis.call('ZRANGE', P .. ':in:dead', 0, tonumber(ARGV[5]) - 1)
        for _, id in ipairs(ids) do
            redis.call('ZREM', P .. ':in:dead', id)
            if get(id, 'state') == 'dead' then
                redis.call('XDEL', P .. ':dead', get(id, 'dead') or '0-0')
                redis.call('HDEL', job(id), 'dead', 'finished')
                redis.call('HSET', job(id), 'attempts', 0, 'due', NOW, 'progress', 0)
                ready(id)
            end
        end
        wake(#ids)
        return #ids
        """)

    /// Arguments: a number. Replies whether there was such a job.
    static let delete = RedisQueueScript("return forget(ARGV[5]) and 1 or 0")

    /// Arguments: a state, and how many. Replies how many there were.
    static let purge = RedisQueueScript(
        """
        local ids = redis.call('ZRANGE', P .. ':in:' .. ARGV[5], 0, tonumber(ARGV[6]) - 1)
        for _, id in ipairs(ids) do
            if not forget(id) then redis.call('ZREM', P .. ':in:' .. ARGV[5], id) end
        end
        return #ids
        """)

    /// Arguments: idle milliseconds. Forgets the names of workers that have no jobs and were not heard of for that long, and
    /// gives jobs an entry in their stream that have lost theirs, because somebody has trimmed it, and lets go of those that
    /// are held for one that is not there: some at a time.
    static let tidy = RedisQueueScript(
        """
        for p = 0, 3 do
            if redis.call('EXISTS', stream(p)) == 1 then
                local consumers = redis.pcall('XINFO', 'CONSUMERS', stream(p), GROUP)
                if consumers.err then
                    mend(p, consumers.err)
                    consumers = {}
                end
                for _, found in ipairs(consumers) do
                    local consumer = {}
                    for at = 1, #found, 2 do consumer[found[at]] = found[at + 1] end
                    if consumer.pending == 0 and consumer.idle > tonumber(ARGV[5]) then
                        redis.call('XGROUP', 'DELCONSUMER', stream(p), GROUP, consumer.name)
                    end
                end
            end
        end
        for _, state in ipairs({ 'waiting', 'running' }) do
            for _, id in ipairs(redis.call('ZRANGE', P .. ':in:' .. state, 0, 999)) do
                local found = redis.pcall('HMGET', job(id), 'state', 'entry', 'stream', 'key')
                if found[1] ~= state then clear(id)
                else
                    local entry = found[2] and redis.pcall('XRANGE', stream(found[3] or '0'), found[2], found[2])
                    if not entry or #entry == 0 then
                        if state == 'running' then restore(id)
                        else
                            ready(id)
                            letgo(id, found[4])
                            wake(1)
                        end
                    end
                end
            end
        end
        for _, id in ipairs(redis.call('ZRANGE', P .. ':in:deleted', 0, 999)) do
            local found = redis.pcall('HMGET', job(id), 'entry', 'stream', 'deleted')
            local entry = found[3] and found[1] and redis.pcall('XRANGE', stream(found[2] or '0'), found[1], found[1])
            if not entry or #entry == 0 then
                if not forget(id, true) then clear(id) end
            end
        end
        local seen = {}
        for _, id in ipairs(redis.call('ZRANGE', P .. ':in:held', 0, 999)) do
            local key = get(id, 'key')
            if get(id, 'state') ~= 'held' or not key then clear(id)
            elseif not seen[key] then
                seen[key] = true
                redis.call('ZADD', P .. ':held:' .. key, 'NX', heldrank(id), id)
                letgo(id, key)
            end
        end
        return 0
        """)
}
