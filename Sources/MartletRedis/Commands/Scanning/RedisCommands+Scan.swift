extension RedisCommands {
    /// All keys of the database, a page at a time: see ``RedisScan`` for what may be missing or come twice.
    ///
    /// - Parameters:
    ///   - pattern: those that match it (`user:*`); all when `nil`.
    ///   - type: those that hold this type: `"hash"`, `"stream"` (since Redis 6.0); all when `nil`.
    ///   - count: about how many keys the server looks at for a page, 10 when `nil`. It blocks others meanwhile.
    ///   - resultType: the type of a key.
    public func scanKeys<Key: RedisDecodable>(
        matching pattern: String? = nil, type: String? = nil, count: Int? = nil, as resultType: Key.Type = String.self
    ) -> RedisScan<Key> {
        RedisScan { (cursor) async throws(RedisError) in
            try await scan(cursor: cursor, pattern: pattern, count: count, type: type, as: resultType)
        }
    }

    /// All fields of a hash with their values, a page at a time: see ``RedisScan`` for what may be missing or come twice.
    ///
    /// - Parameters:
    ///   - key: the hash.
    ///   - pattern: those whose names match it; all when `nil`.
    ///   - count: about how many fields the server looks at for a page, 10 when `nil`. Small hashes come whole.
    ///   - resultType: the type of a value.
    public func scanFields<Value: RedisDecodable>(
        _ key: some RedisArgument, matching pattern: String? = nil, count: Int? = nil,
        as resultType: Value.Type = String.self
    ) -> RedisScan<RedisField<Value>> {
        RedisScan { (cursor) async throws(RedisError) in
            try await hscan(key, cursor: cursor, pattern: pattern, count: count, as: resultType)
        }
    }

    /// The names of all fields of a hash, a page at a time: see ``RedisScan`` for what may be missing or come twice. Needs
    /// Redis 7.4.
    ///
    /// - Parameters:
    ///   - key: the hash.
    ///   - pattern: those that match it; all when `nil`.
    ///   - count: about how many fields the server looks at for a page, 10 when `nil`. Small hashes come whole.
    ///   - resultType: the type of a name.
    public func scanFieldNames<Name: RedisDecodable>(
        _ key: some RedisArgument, matching pattern: String? = nil, count: Int? = nil,
        as resultType: Name.Type = String.self
    ) -> RedisScan<Name> {
        RedisScan { (cursor) async throws(RedisError) in
            try await hscanNames(key, cursor: cursor, pattern: pattern, count: count, as: resultType)
        }
    }

    /// All members of a set, a page at a time: see ``RedisScan`` for what may be missing or come twice.
    ///
    /// - Parameters:
    ///   - key: the set.
    ///   - pattern: those that match it; all when `nil`.
    ///   - count: about how many members the server looks at for a page, 10 when `nil`. Small sets come whole.
    ///   - resultType: the type of a member.
    public func scanMembers<Member: RedisDecodable>(
        _ key: some RedisArgument, matching pattern: String? = nil, count: Int? = nil,
        as resultType: Member.Type = String.self
    ) -> RedisScan<Member> {
        RedisScan { (cursor) async throws(RedisError) in
            try await sscan(key, cursor: cursor, pattern: pattern, count: count, as: resultType)
        }
    }

    /// All members of a sorted set with their scores, in no order, a page at a time: see ``RedisScan`` for what may be
    /// missing or come twice.
    ///
    /// - Parameters:
    ///   - key: the sorted set.
    ///   - pattern: those that match it; all when `nil`.
    ///   - count: about how many members the server looks at for a page, 10 when `nil`. Small sorted sets come whole.
    ///   - resultType: the type of a member.
    public func scanScores<Member: RedisDecodable>(
        _ key: some RedisArgument, matching pattern: String? = nil, count: Int? = nil,
        as resultType: Member.Type = String.self
    ) -> RedisScan<RedisScored<Member>> {
        RedisScan { (cursor) async throws(RedisError) in
            try await zscan(key, cursor: cursor, pattern: pattern, count: count, as: resultType)
        }
    }
}
