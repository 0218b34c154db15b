/// A message that breaks the protocol or a limit: the connection is answered with ``status`` and closed.
///
/// After such an error nobody can tell where the next message would start, so no further byte of the
/// connection may be read as a request.
public struct HTTP1Error: Error, Equatable, Sendable {
    /// What is wrong, for counters and logs. More may be added: always have a `default`.
    public struct Code: RawRepresentable, Hashable, Sendable {
        /// The code's name, in words joined by hyphens.
        public let rawValue: String

        /// A code by its name.
        public init(rawValue: String) { self.rawValue = rawValue }

        /// The request line is not `method SP target SP version CRLF`.
        public static let requestLine = Code(rawValue: "request-line")
        /// The status line is not `version SP code SP reason CRLF`.
        public static let statusLine = Code(rawValue: "status-line")
        /// The target, its path or its escapes are malformed, or of a form that does not fit the method.
        public static let target = Code(rawValue: "target")
        /// The version is not HTTP/1.x.
        public static let version = Code(rawValue: "version")
        /// The method cannot be served at all.
        public static let method = Code(rawValue: "method")
        /// A line ends with something else than CR LF.
        public static let lineEnd = Code(rawValue: "line-end")
        /// A field line is malformed.
        public static let field = Code(rawValue: "field")
        /// Host is missing, repeated or malformed.
        public static let host = Code(rawValue: "host")
        /// Content-Length and Transfer-Encoding do not say unmistakably where the message ends.
        public static let framing = Code(rawValue: "framing")
        /// A transfer coding that is not chunked.
        public static let transferCoding = Code(rawValue: "transfer-coding")
        /// An expectation that is not 100-continue.
        public static let expectation = Code(rawValue: "expectation")
        /// A limit of ``HTTP1Limits`` or of the body is exceeded.
        public static let tooLarge = Code(rawValue: "too-large")
        /// The chunked coding of a body is malformed.
        public static let chunk = Code(rawValue: "chunk")
    }

    /// What is wrong.
    public let code: Code
    /// The status code to answer with.
    public let status: Int
    /// What is wrong, for a person: part of the message is quoted only where it is known to be printable.
    public let message: String

    /// An error to answer with `status`.
    public init(_ code: Code, status: Int = 400, _ message: String) {
        self.code = code
        self.status = status
        self.message = message
    }
}

extension HTTP1Error: CustomStringConvertible {
    /// Status and message, as a log shows them.
    public var description: String { "\(status): \(message)" }
}

extension HTTP1Error {
    /// `byte` in words that are safe to log.
    static func name(of byte: UInt8) -> String {
        switch byte {
        case ASCII.carriageReturn: "CR"
        case ASCII.lineFeed: "LF"
        case ASCII.space: "a space"
        case ASCII.tab: "a tab"
        case 0x21...0x7E: "\"\(Character(Unicode.Scalar(byte)))\""
        default: "byte 0x" + (byte < 16 ? "0" : "") + String(byte, radix: 16)
        }
    }

    /// `byte` cannot stand in `place`; a line end out of place is told apart because it is what attacks use.
    static func unexpected(_ byte: UInt8, in place: StaticString, _ code: Code) -> HTTP1Error {
        switch byte {
        case ASCII.lineFeed: HTTP1Error(.lineEnd, "\(place): LF without CR before it; lines end with CR LF")
        case ASCII.carriageReturn: HTTP1Error(.lineEnd, "\(place): CR where no line may end")
        default: HTTP1Error(code, "\(place): \(name(of: byte)) is not allowed here")
        }
    }

    /// A CR that `byte` follows instead of LF.
    static func bareCarriageReturn(before byte: UInt8, in place: StaticString) -> HTTP1Error {
        HTTP1Error(.lineEnd, "\(place): CR followed by \(name(of: byte)); lines end with CR LF")
    }
}
