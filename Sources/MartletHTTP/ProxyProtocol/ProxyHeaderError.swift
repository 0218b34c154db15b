/// Bytes that are no header of the PROXY protocol: the connection is to be closed without an answer.
public struct ProxyHeaderError: Error, Hashable, Sendable {
    /// What is wrong, for counters and logs. More may be added: always have a `default`.
    public struct Code: RawRepresentable, Hashable, Sendable {
        /// The code's name, in words joined by hyphens.
        public let rawValue: String

        /// A code by its name.
        public init(rawValue: String) { self.rawValue = rawValue }

        /// The connection does not begin with a header: the peer does not speak the protocol.
        public static let signature = Code(rawValue: "signature")
        /// The header is malformed.
        public static let malformed = Code(rawValue: "malformed")
        /// The header is larger than a limit.
        public static let tooLarge = Code(rawValue: "too-large")
        /// The checksum in the header is not that of the header.
        public static let checksum = Code(rawValue: "checksum")
    }

    /// What is wrong.
    public let code: Code
    /// What is wrong, for a person.
    public let message: String

    init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }
}

extension ProxyHeaderError: CustomStringConvertible {
    /// The message, as a log shows it.
    public var description: String { "PROXY protocol: \(message)" }
}
