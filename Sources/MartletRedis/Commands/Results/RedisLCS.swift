import MartletRESP

/// What two strings have in common, and where.
public nonisolated struct RedisLCS: RedisDecodable, Hashable {
    /// The length of all of it in bytes, also of the pieces that were too short to be told.
    public let length: Int
    /// Its pieces, the last one first.
    public let matches: [Match]

    /// A piece that is in both strings.
    public struct Match: RedisDecodable, Hashable {
        /// Its bytes in the first string.
        public let first: ClosedRange<Int>
        /// Its bytes in the second string.
        public let second: ClosedRange<Int>

        /// An array of two ranges and the length.
        public init(redis value: RESPValue) throws(RedisMismatch) {
            let parts = try value.elements("a match", count: 2, orMore: true)
            first = try Self.range(parts[0])
            second = try Self.range(parts[1])
        }

        private static func range(_ value: RESPValue) throws(RedisMismatch) -> ClosedRange<Int> {
            let ends = try [Int](redis: value)
            guard ends.count == 2, ends[0] <= ends[1] else { throw RedisMismatch(expected: "a range", found: value) }
            return ends[0]...ends[1]
        }
    }

    /// A map, or an array in turn, of `matches` and `len`.
    public init(redis value: RESPValue) throws(RedisMismatch) {
        matches = try [Match](redis: value.field("matches"))
        length = try Int(redis: value.field("len"))
    }
}
