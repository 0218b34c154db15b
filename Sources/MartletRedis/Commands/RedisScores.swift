/// Members of a sorted set with their scores: `["ada": 36, "grace": 85]`.
public nonisolated struct RedisScores: ExpressibleByDictionaryLiteral, Sendable {
    /// Members and scores, in order.
    public var elements: [(any RedisArgument, Double)]

    /// Members and scores as written.
    public init(dictionaryLiteral elements: (any RedisArgument, Double)...) { self.elements = elements }

    /// The members and scores of a sequence.
    public init<Member: RedisArgument>(_ pairs: some Sequence<(Member, Double)>) {
        elements = pairs.map { ($0, $1) }
    }

    /// The members and scores of a dictionary, in its order.
    public init<Member: RedisArgument & Hashable>(_ dictionary: [Member: Double]) {
        elements = dictionary.map { ($0.key, $0.value) }
    }
}
