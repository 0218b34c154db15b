/// Bytes that are no RESP, or exceed a limit. Nobody can tell where the next value would start: the connection is of no
/// use any more.
public struct RESPError: Error, Hashable, Sendable, CustomStringConvertible {
    /// What is wrong. More may be added: always have a `default`.
    public struct Code: RawRepresentable, Hashable, Sendable {
        /// The code's name, in words joined by hyphens.
        public let rawValue: String

        /// A code by its name.
        public init(rawValue: String) { self.rawValue = rawValue }

        /// The first byte of a value names no type.
        public static let type = Code(rawValue: "type")
        /// A line does not end with CR LF, or is too long.
        public static let line = Code(rawValue: "line")
        /// A length is no number, or one that its type cannot have.
        public static let length = Code(rawValue: "length")
        /// The text of an integer, a double, a boolean, a big number or null is none.
        public static let value = Code(rawValue: "value")
        /// Something stands where it cannot: a push within an array, the end of an aggregate that has a length.
        public static let nesting = Code(rawValue: "nesting")
        /// A limit of ``RESPLimits`` is exceeded.
        public static let tooLarge = Code(rawValue: "too-large")
    }

    /// What is wrong.
    public let code: Code
    /// What is wrong, for a person.
    public let message: String

    /// An error.
    public init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }

    /// The message.
    public var description: String { message }
}
