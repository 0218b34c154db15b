import MartletRedis

/// What is done with a queue in Redis, each in one script, and so at once.
///
/// The arguments of all begin with: visibility timeout in milliseconds, how long and how many jobs that are done are kept,
/// how many dead letters.
nonisolated struct RedisQueueScript: Sendable {
    let script: RedisScript

    init(_ body: String, isReadOnly: Bool = false) {
        script = RedisScript(Self.common + body, isReadOnly: isReadOnly)
    }

    /// Arguments: the most jobs, how many come, and ten for each. Replies number and whether it is a duplicate for each;
    /// the error `FULL` with the number of jobs.
    static let enqueue = RedisQueueScript(
        """
        local reply, full = enqueue(7, tonumber(ARGV[6]), tonumber(ARGV[5]))
        return full or reply
        """)

    /// Arguments: the most jobs, the schedule, the tick, and ten for the job.
    static let enqueueForTick = RedisQueueScript(
        """
        local last, tick = tonumber(redis.call('HGET', P .. ':schedules', ARGV[6])), tonumber(ARGV[7])
        -- A tick that is far ahead was served before somebody corrected the clock: it does not count.
        if last and last >= tick and last <= NOW + 60000 then return {} end
        local reply, full = enqueue(8, 1, tonumber(ARGV[5]))
        if full then return full end
        redis.call('HSET', P .. ':schedules', ARGV[6], ARGV[7])
        return reply
        """)

    /// Arguments: how many, who, and how long others sleep at most. Replies jobs, jobs that were set aside, whether there is more, and in how many
    /// milliseconds there may be; -1 for not by itself.
    static let claim = RedisQueueScript(
        """
        local limit, worker = tonumber(ARGV[5]), ARGV[6]
        local taken, aside, more = {}, {}, 0

        local function setaside(id, reason)
            bury(id, reason)
            aside[#aside + 1] = { id, reason }
        end

        -- What somebody else has written in the place of a job.
        local function replace(id, p, entry, reason)
            drop(p, entry)
            clear(id)
            redis.call('HSET', job(id), 'kind', '?', 'payload', '', 'created', NOW, 'due', NOW)
            setaside(id, reason)
        end

        local function take(p, entry, fields, isnew)
            local id = fields[2]
            if fields[1] ~= 'id' or not id or not string.match(id, '^%d+$') or #id > 15 then
                drop(p, entry)
                aside[#aside + 1] = { '0', 'an entry of the stream is no job' }
                return
            end
            local found = redis.pcall('HMGET', job(id), 'state', 'kind', 'payload', 'key', 'attempts', 'claims', 'entry',
                'worker', 'deleted')
            if found.err then return replace(id, p, entry, 'what is there is no job: ' .. found.err) end
            local state, kind, payload, key, attempts, claims, own, holder, deleted = unpack(found)
            if not state then return replace(id, p, entry, 'the job is not there') end
            if not PENDING[state] and state ~= 'running' and state ~= 'done' and state ~= 'dead' then
                return replace(id, p, entry, 'its state is none')
            end
            if state ~= 'waiting' and state ~= 'running' then return drop(p, entry) end
            if own ~= entry then
                -- A second entry of the same job, unless the first has been lost.
                local first = own and redis.pcall('XRANGE', stream(p), own, own)
                if first and #first > 0 then return drop(p, entry) end
                redis.call('HSET', job(id), 'entry', entry, 'stream', p)
            end
            if state == 'running' and isnew then
                -- In place of an entry, or a group, that somebody has removed: whoever has the job keeps it until its lease,
                -- which begins now, is over.
                redis.call('XCLAIM', stream(p), GROUP, holder or worker, 0, entry, 'JUSTID')
                return
            end
            if deleted then
                forget(id, true)
                return
            end
            if state == 'running' and spent(id) then
                setaside(id, lostreason(id))
                unready(id)
                letgo(id, key)
                return
            end
            if not kind or not payload then
                setaside(id, 'the job has no ' .. (kind and 'payload' or 'kind'))
                unready(id)
                letgo(id, key)
                return
            end
            if key then
                local holder = redis.call('HGET', P .. ':keys', key)
                if holder and holder ~= id and get(holder, 'state') == 'running' then
                    unready(id)
                    move(id, 'held')
                    redis.call('ZADD', P .. ':held:' .. key, heldrank(id), id)
                    return
                end
                redis.call('HSET', P .. ':keys', key, id)
            end
            attempts = whole(attempts, 0, 1000000, 0) + 1
            claims = string.format('%.0f', whole(claims, 0, 4503599627370496, 0) + 1)
            redis.call('HSET', job(id), 'attempts', attempts, 'claims', claims, 'worker', worker, 'started', NOW,
                'progress', 0)
            redis.call('HDEL', job(id), 'note')
            move(id, 'running')
            local rest = redis.call('HMGET', job(id), 'maximum', 'backoff', 'timeout', 'created', 'due')
            taken[#taken + 1] = { id, claims, kind, payload, key or false, rank(id), attempts, rest[1], rest[2], rest[3],
                rest[4], rest[5] }
        end

        local due = redis.call('ZRANGEBYSCORE', P .. ':scheduled', '-inf', NOW, 'LIMIT', 0, 1000)
        for _, id in ipairs(due) do
            redis.call('ZREM', P .. ':scheduled', id)
            local state = redis.pcall('HGET', job(id), 'state')
            if state == 'scheduled' then ready(id)
            elseif type(state) ~= 'string' then clear(id) end
        end
        if #due > 1 then wake(#due - 1) end

        -- How many entries may be looked at: nobody else is served meanwhile.
        local left = limit + 1000
        for p = 3, 0, -1 do
            make(p)
            while #taken < limit and left > 0 do
                -- Those whose lease is over, be there ever so many before them whose lease is not.
                local ask = math.min(limit - #taken, left)
                local lost = redis.pcall('XPENDING', stream(p), GROUP, 'IDLE', VISIBILITY, '-', '+', ask)
                if lost.err then
                    mend(p, lost.err)
                    break
                end
                if #lost == 0 then break end
                left = left - #lost
                local entries = {}
                for _, found in ipairs(lost) do entries[#entries + 1] = found[1] end
                -- Of those whose entry somebody has deleted nothing comes, and nothing stays.
                local claimed = redis.call('XCLAIM', stream(p), GROUP, worker, VISIBILITY, unpack(entries))
                for _, found in ipairs(claimed) do if found then take(p, found[1], found[2]) end end
                if #lost < ask then break end
            end
            while #taken < limit and left > 0 do
                local new = redis.call('XREADGROUP', 'GROUP', GROUP, worker, 'COUNT', math.min(limit - #taken, left),
                    'STREAMS', stream(p), '>')
                if not new or not new[1] or #new[1][2] == 0 then break end
                left = left - #new[1][2]
                for _, found in ipairs(new[1][2]) do take(p, found[1], found[2], true) end
            end
        end
        if #taken >= limit or left <= 0 then more = 1 end
        if #taken >= limit then
            -- Maybe nobody else sleeps until the next one is due, and this worker has no room for it then.
            local next = redis.call('ZRANGE', P .. ':scheduled', 0, 0, 'WITHSCORES')
            if next[2] and tonumber(next[2]) <= NOW + tonumber(ARGV[7]) then wake(1) end
        end

        local wait = -1
        if more == 0 then
            -- Nobody has to be woken for what is not there.
            if redis.call('ZCARD', P .. ':in:waiting') == 0 then redis.call('DEL', P .. ':wake') end
            local next = redis.call('ZRANGE', P .. ':scheduled', 0, 0, 'WITHSCORES')
            if next[2] then wait = math.max(0, tonumber(next[2]) - NOW) end
            -- When a lease is over nobody tells.
            if redis.call('ZCARD', P .. ':in:running') > 0 then
                local look = math.floor(VISIBILITY / 2)
                wait = wait < 0 and look or math.min(wait, look)
            end
        end
        return { taken, aside, more, wait }
        """)

    /// Arguments: who, and number, claim, progress and note for each; an empty text for nothing new. Replies a 1 for each
    /// that is lost, and a 0 for the others.
    static let renew = RedisQueueScript(
        """
        local reply = {}
        for at = 6, #ARGV, 4 do
            local id = ARGV[at]
            if holds(id, ARGV[at + 1]) and not get(id, 'deleted') then
                local entry, p = unpack(redis.call('HMGET', job(id), 'entry', 'stream'))
                p = whole(p, 0, 3, 1)
                local claimed = entry and redis.pcall('XCLAIM', stream(p), GROUP, ARGV[5], 0, entry, 'JUSTID')
                local err = claimed and claimed.err
                if err and (string.match(err, '^NOGROUP') or string.match(err, '^WRONGTYPE')) then mend(p, err) end
                if not claimed or not claimed[1] then restore(id) end
                if ARGV[at + 2] ~= '' then redis.call('HSET', job(id), 'progress', ARGV[at + 2]) end
                if ARGV[at + 3] ~= '' then redis.call('HSET', job(id), 'note', ARGV[at + 3]) end
                reply[#reply + 1] = 0
            else
                reply[#reply + 1] = 1
            end
        end
        return reply
        """)

    /// Arguments: number, claim, outcome, error, milliseconds to wait, note. Replies whether the lease was one.
    static let finish = RedisQueueScript(
        """
        local id, outcome, wait = ARGV[5], ARGV[7], tonumber(ARGV[9])
        if not holds(id, ARGV[6]) then return 0 end
        if get(id, 'deleted') then
            forget(id, true)
            return 0
        end
        local key = get(id, 'key')
        unready(id)
        if ARGV[10] ~= '' then redis.call('HSET', job(id), 'note', ARGV[10]) end
        if outcome == 'done' then
            if KEEPS == 0 or DONE_LIMIT == 0 then
                forget(id, true)
                return 1
            end
            move(id, 'done')
            redis.call('HSET', job(id), 'progress', 1, 'finished', NOW)
            redis.call('HDEL', job(id), 'error')
            redis.call('ZADD', P .. ':done', NOW, id)
            for _, old in ipairs(redis.call('ZRANGEBYSCORE', P .. ':done', '-inf', NOW - KEEPS, 'LIMIT', 0, 16)) do
                if not forget(old) then redis.call('ZREM', P .. ':done', old) end
            end
            local surplus = redis.call('ZCARD', P .. ':done') - DONE_LIMIT
            if surplus > 0 then
                for _, old in ipairs(redis.call('ZRANGE', P .. ':done', 0, math.min(surplus, 16) - 1)) do
                    if not forget(old) then redis.call('ZREM', P .. ':done', old) end
                end
            end
        elseif outcome == 'dead' then
            bury(id, ARGV[8])
        elseif outcome == 'retry' then
            redis.call('HSET', job(id), 'error', ARGV[8], 'due', NOW + wait)
            if wait > 0 then
                redis.call('ZADD', P .. ':scheduled', NOW + wait, id)
                move(id, 'scheduled')
                if redis.call('ZRANK', P .. ':scheduled', id) == 0 then wake(1) end
            else
                ready(id)
                wake(1)
            end
        else
            redis.call('HSET', job(id), 'attempts', math.max(0, whole(get(id, 'attempts'), 0, 1000000, 0) - 1))
            ready(id)
            wake(1)
        end
        letgo(id, key)
        return 1
        """)

    /// Arguments: number, claim. Forgets a job that was deleted while it ran.
    static let leave = RedisQueueScript(
        """
        local id = ARGV[5]
        if holds(id, ARGV[6]) and get(id, 'deleted') then forget(id, true) end
        return 0
        """)

    /// Arguments: who. Replies how many jobs went back.
    static let release = RedisQueueScript(
        """
        local count = 0
        for p = 3, 0, -1 do
            if redis.call('EXISTS', stream(p)) == 1 then
                local pending = redis.pcall('XPENDING', stream(p), GROUP, '-', '+', 10000, ARGV[5])
                if pending.err then
                    mend(p, pending.err)
                    pending = {}
                end
                for _, found in ipairs(pending) do
                    local entry = redis.call('XRANGE', stream(p), found[1], found[1])[1]
                    local id = entry and entry[2][2]
                    if id and get(id, 'state') == 'running' and get(id, 'entry') == found[1] then
                        if get(id, 'deleted') then
                            forget(id, true)
                        else
                            local key = get(id, 'key')
                            unready(id)
                            if spent(id) then
                                bury(id, lostreason(id))
                            else
                                ready(id)
                                wake(1)
                            end
                            letgo(id, key)
                        end
                        count = count + 1
                    else
                        drop(p, found[1])
                    end
                end
                redis.call('XGROUP', 'DELCONSUMER', stream(p), GROUP, ARGV[5])
            end
        end
        return count
        """)
}
