nonisolated extension RedisQueueScript {
    /// What all scripts begin with. All keys of a queue begin with the same `{…}`, so that they are in one slot of a cluster.
    ///
    /// | key | type | holds |
    /// |---|---|---|
    /// | `…:id` | string | the last job's number |
    /// | `…:job:ID` | hash | a job |
    /// | `…:ready:P` | stream, group `workers` | what waits or runs, of priority P: entries of one field, `id` |
    /// | `…:scheduled` | sorted set | numbers of jobs by when they are due |
    /// | `…:held:KEY` | sorted set | jobs that wait for another one of their key, by priority and number |
    /// | `…:keys` | hash | key → the job that runs |
    /// | `…:key:KEY` | sorted set | the key's jobs that are scheduled, waiting or held |
    /// | `…:in:STATE` | sorted set | the jobs of a state, by number; of `deleted`, those that were while they ran |
    /// | `…:done` | sorted set | jobs that have succeeded, by when |
    /// | `…:dead` | stream | dead letters: `id`, `kind`, `error` |
    /// | `…:schedules` | hash | schedule → the last tick that was served |
    /// | `…:wake` | list | a token for each worker to be woken |
    ///
    /// The time is the server's: machines whose clocks differ agree on what is due and whose lease is over.
    static let common = """
        local P = KEYS[1]
        local VISIBILITY, KEEPS, DONE_LIMIT, DEAD_LIMIT =
            tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])
        local GROUP = 'workers'
        local time = redis.call('TIME')
        local NOW = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
        local PENDING = { scheduled = true, waiting = true, held = true }

        local function job(id) return P .. ':job:' .. id end
        local function stream(p) return P .. ':ready:' .. p end
        -- Nothing, too, where there is something else in the place of a job.
        local function get(id, field)
            local value = redis.pcall('HGET', job(id), field)
            return type(value) == 'string' and value or nil
        end

        -- A whole number in a range, whatever is there.
        local function whole(value, low, high, default)
            local number = tonumber(value)
            if number == nil or number ~= number then return default end
            return math.floor(math.min(math.max(number, low), high))
        end

        -- Nothing of a job is left, whatever is there in its place.
        local function clear(id)
            for _, state in ipairs({ 'scheduled', 'waiting', 'held', 'running', 'done', 'dead', 'deleted' }) do
                redis.call('ZREM', P .. ':in:' .. state, id)
            end
            redis.call('ZREM', P .. ':scheduled', id)
            redis.call('ZREM', P .. ':done', id)
            redis.call('DEL', job(id))
        end

        local function rank(id) return whole(get(id, 'priority'), 0, 3, 1) end

        -- Of a key the one with the highest priority goes first, and of those the oldest.
        local function heldrank(id) return (3 - rank(id)) * 2251799813685248 + tonumber(id) end

        local function wake(count)
            for _ = 1, math.min(count, 64) do redis.call('RPUSH', P .. ':wake', '1') end
            redis.call('LTRIM', P .. ':wake', -64, -1)
        end

        local function move(id, to)
            local from, key = unpack(redis.call('HMGET', job(id), 'state', 'key'))
            if from then redis.call('ZREM', P .. ':in:' .. from, id) end
            redis.call('ZADD', P .. ':in:' .. to, id, id)
            redis.call('HSET', job(id), 'state', to)
            if key then
                if PENDING[to] then redis.call('ZADD', P .. ':key:' .. key, id, id)
                else redis.call('ZREM', P .. ':key:' .. key, id) end
            end
        end

        -- A stream that is there has its group.
        local function make(p)
            if redis.call('EXISTS', stream(p)) == 0 then
                redis.call('XGROUP', 'CREATE', stream(p), GROUP, '0', 'MKSTREAM')
            end
        end

        -- What was said of a stream is that it is none, or has no group: somebody else has made it. It gets a new one.
        local function mend(p, err)
            if string.sub(err, 1, 7) ~= 'NOGROUP' then redis.call('DEL', stream(p)) end
            redis.call('XGROUP', 'CREATE', stream(p), GROUP, '0', 'MKSTREAM')
        end

        local function ready(id)
            local p = rank(id)
            make(p)
            local entry = redis.call('XADD', stream(p), '*', 'id', id)
            redis.call('HSET', job(id), 'entry', entry, 'stream', p)
            move(id, 'waiting')
        end

        local function drop(p, entry)
            redis.call('XACK', stream(p), GROUP, entry)
            redis.call('XDEL', stream(p), entry)
        end

        local function unready(id)
            local entry, p = unpack(redis.call('HMGET', job(id), 'entry', 'stream'))
            if entry and p then
                drop(p, entry)
                redis.call('HDEL', job(id), 'entry', 'stream')
            end
        end

        -- The next job of a key goes on, unless one runs: for whenever a job, `id`, has left those that wait or run otherwise
        -- than by being claimed. It may have been the one to let go of the others.
        local function letgo(id, key)
            if not key then return end
            local holder = redis.call('HGET', P .. ':keys', key)
            if holder and holder ~= id and get(holder, 'state') == 'running' then return end
            if holder then redis.call('HDEL', P .. ':keys', key) end
            local held = P .. ':held:' .. key
            while true do
                local next = redis.call('ZRANGE', held, 0, 0)[1]
                if not next then return end
                redis.call('ZREM', held, next)
                if redis.pcall('HGET', job(next), 'state') == 'held' then
                    ready(next)
                    return wake(1)
                end
                clear(next)
            end
        end

        -- A job that runs, and whose entry somebody has trimmed, has another one, pending with its worker.
        local function restore(id)
            local p = rank(id)
            make(p)
            local old = get(id, 'entry')
            if old then redis.pcall('XACK', stream(get(id, 'stream') or p), GROUP, old) end
            local entry = redis.call('XADD', stream(p), '*', 'id', id)
            redis.call('HSET', job(id), 'entry', entry, 'stream', p)
            redis.call('XCLAIM', stream(p), GROUP, get(id, 'worker') or '?', 0, entry, 'FORCE', 'JUSTID')
        end

        -- One that runs keeps its key from others until it has ended, or its worker can say nothing any more.
        local function forget(id, hasended)
            local found = redis.pcall('HMGET', job(id), 'state', 'key', 'dead', 'deleted')
            local state, key, dead, deleted = found[1], found[2], found[3], found[4]
            if not state then
                clear(id)
                return found.err ~= nil
            end
            if state == 'running' and key and not hasended then
                if deleted then return false end
                redis.call('HSET', job(id), 'deleted', 1)
                redis.call('HDEL', job(id), 'payload')
                redis.call('ZREM', P .. ':in:running', id)
                redis.call('ZADD', P .. ':in:deleted', id, id)
                return true
            end
            redis.call('ZREM', P .. ':in:deleted', id)
            unready(id)
            redis.call('ZREM', P .. ':in:' .. state, id)
            redis.call('ZREM', P .. ':scheduled', id)
            redis.call('ZREM', P .. ':done', id)
            if dead then redis.call('XDEL', P .. ':dead', dead) end
            if key then
                redis.call('ZREM', P .. ':key:' .. key, id)
                redis.call('ZREM', P .. ':held:' .. key, id)
                if state == 'waiting' or state == 'running' then letgo(id, key) end
            end
            redis.call('DEL', job(id))
            return true
        end

        local function bury(id, reason)
            move(id, 'dead')
            local entry = redis.call('XADD', P .. ':dead', '*', 'id', id, 'kind', get(id, 'kind') or '?', 'error', reason)
            redis.call('HSET', job(id), 'error', reason, 'finished', NOW, 'dead', entry)
            local surplus = redis.call('XLEN', P .. ':dead') - DEAD_LIMIT
            if surplus > 0 then
                for _, old in ipairs(redis.call('XRANGE', P .. ':dead', '-', '+', 'COUNT', math.min(surplus, 16))) do
                    -- Others may have added entries, with numbers that are of jobs that live.
                    local of = old[2][1] == 'id' and old[2][2]
                    if not of or get(of, 'dead') ~= old[1] or not forget(of) then
                        redis.call('XDEL', P .. ':dead', old[1])
                    end
                end
            end
        end

        local function lostreason(id)
            local worker, attempts, maximum = unpack(redis.call('HMGET', job(id), 'worker', 'attempts', 'maximum'))
            return 'its worker ' .. (worker or '?') .. ' was lost while it ran, in attempt ' .. (attempts or '?')
                .. ' of ' .. (maximum or '?')
        end

        -- Whether a job that was lost may be tried again.
        local function spent(id)
            local attempts, maximum = unpack(redis.call('HMGET', job(id), 'attempts', 'maximum'))
            return whole(attempts, 0, 1000000, 0) >= whole(maximum, 1, 1000000, 1)
        end

        local function holds(id, claim)
            local state, claims = unpack(redis.call('HMGET', job(id), 'state', 'claims'))
            return state == 'running' and claims == claim
        end

        -- A job of a key that is scheduled, waits or is held. Others that are said to are gone, in whichever way.
        local function pending(key)
            for _, id in ipairs(redis.call('ZRANGE', P .. ':key:' .. key, 0, 99)) do
                if PENDING[get(id, 'state') or ''] then return id end
                redis.call('ZREM', P .. ':key:' .. key, id)
            end
        end

        -- Adds the jobs that begin at an argument: ten of each.
        local FIELDS = 10
        local function enqueue(first, count, limit)
            local found, fresh, batch = {}, 0, {}
            for n = 0, count - 1 do
                local at = first + n * FIELDS
                local key, unique = ARGV[at + 2], ARGV[at + 3] == '1'
                local known = unique and (pending(key) or batch[key])
                if known then found[n] = known else
                    fresh = fresh + 1
                    if key ~= '' then batch[key] = batch[key] or '@' .. n end
                end
            end
            local length = 0
            for _, state in ipairs({ 'scheduled', 'waiting', 'held', 'running' }) do
                length = length + redis.call('ZCARD', P .. ':in:' .. state)
            end
            if length + fresh > limit then return nil, redis.error_reply('FULL ' .. length) end
            local reply, ids = {}, {}
            for n = 0, count - 1 do
                local at = first + n * FIELDS
                local id = found[n]
                if id then
                    if string.sub(id, 1, 1) == '@' then id = ids[tonumber(string.sub(id, 2))] end
                    reply[#reply + 1] = { id, 1 }
                else
                    id = string.format('%.0f', redis.call('INCR', P .. ':id'))
                    local delay, at_time = tonumber(ARGV[at + 5]), tonumber(ARGV[at + 6])
                    local due = at_time > 0 and at_time or NOW + delay
                    redis.call('HSET', job(id), 'kind', ARGV[at], 'payload', ARGV[at + 1], 'priority', ARGV[at + 4],
                        'due', math.max(due, NOW), 'maximum', ARGV[at + 7], 'backoff', ARGV[at + 8],
                        'timeout', ARGV[at + 9], 'created', NOW, 'attempts', 0, 'claims', 0)
                    if ARGV[at + 2] ~= '' then redis.call('HSET', job(id), 'key', ARGV[at + 2]) end
                    if due > NOW then
                        redis.call('ZADD', P .. ':scheduled', due, id)
                        move(id, 'scheduled')
                        -- Who sleeps until the next one is due has to know of one before it.
                        if redis.call('ZRANK', P .. ':scheduled', id) == 0 then wake(1) end
                    else
                        ready(id)
                        wake(1)
                    end
                    reply[#reply + 1] = { id, 0 }
                end
                ids[n] = id
            end
            return reply
        end

        """
}
