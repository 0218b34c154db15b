import MartletRESP

/// What an answer can be turned into.
///
/// An answer that is of another kind, or null where the type knows no nothing, is an error that names both; `Optional`
/// is for answers that may be null.
public nonisolated protocol RedisDecodable: Sendable {
    /// Turns an answer into it.
    ///
    /// - Throws: ``RedisMismatch`` when it is not of the kind.
    init(redis value: RESPValue) throws(RedisMismatch)

    /// Turns an answer into an array of it. For the one type whose arrays are no array in the answer: bytes.
    static func array(redis value: RESPValue) throws(RedisMismatch) -> [Self]

    /// Turns an answer into one of it or nothing. For types for which there is another nothing than null.
    static func optional(redis value: RESPValue) throws(RedisMismatch) -> Self?
}

/// An answer that is not of the type that was asked for.
public nonisolated struct RedisMismatch: Error, Hashable, Sendable, CustomStringConvertible {
    /// What was asked for: `"an integer"`.
    public let expected: String
    /// What there was: `"array"`.
    public let found: String

    /// A mismatch.
    public init(expected: String, found: RESPValue) {
        self.expected = expected
        // A value may be secret; what the server says of an error is not.
        if case .error(let reply) = found { self.found = "error: \(reply.text)" } else { self.found = found.kind }
    }

    /// A mismatch with a description of one's own.
    public init(expected: String, found: String) {
        self.expected = expected
        self.found = found
    }

    /// `expected an integer, got: array`
    public var description: String { "expected \(expected), got: \(found)" }
}

nonisolated extension RedisDecodable {
    /// Null is nothing.
    public static func optional(redis value: RESPValue) throws(RedisMismatch) -> Self? {
        value.isNull ? nil : try Self(redis: value)
    }

    /// Turns an array, a set, or a map's keys and values in turn, into an array.
    public static func array(redis value: RESPValue) throws(RedisMismatch) -> [Self] {
        guard let elements = value.elements else { throw RedisMismatch(expected: "an array", found: value) }
        var all: [Self] = []
        all.reserveCapacity(elements.count)
        for element in elements { all.append(try Self(redis: element)) }
        return all
    }
}

nonisolated extension RedisError {
    /// Turns an answer into a type.
    public static func decode<Result: RedisDecodable>(
        _ value: RESPValue, as type: Result.Type, command: String
    ) throws(RedisError) -> Result {
        do throws(RedisMismatch) {
            return try Result(redis: value)
        } catch {
            throw RedisError(.unexpectedAnswer, command: command, error.description, cause: error)
        }
    }
}
