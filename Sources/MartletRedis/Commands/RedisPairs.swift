/// Pairs for a command: fields and values of a hash or a stream, keys and values, settings.
///
/// ```swift
/// try await client.hset("user:1", ["name": "Ada", "visits": 1])
/// try await client.hset("user:1", RedisPairs(rows.map { ($0.name, $0.value) }))
/// ```
///
/// Both sides may be of any types that are arguments, and they are sent in the order in which they are written.
public nonisolated struct RedisPairs: ExpressibleByDictionaryLiteral, Sendable {
    /// The pairs, in order.
    public var elements: [(any RedisArgument, any RedisArgument)]

    /// Pairs as written.
    public init(dictionaryLiteral elements: (any RedisArgument, any RedisArgument)...) { self.elements = elements }

    /// The pairs of a sequence, such as a dictionary.
    public init<First: RedisArgument, Second: RedisArgument>(_ pairs: some Sequence<(First, Second)>) {
        elements = pairs.map { ($0, $1) }
    }

    /// The pairs of a dictionary, in its order.
    public init<First: RedisArgument & Hashable, Second: RedisArgument>(_ dictionary: [First: Second]) {
        elements = dictionary.map { ($0.key, $0.value) }
    }
}
