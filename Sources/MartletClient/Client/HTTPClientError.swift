import MartletLoop

/// A request that got no response, or a response that did not come whole: which one, and why.
///
/// A response with a status of 4xx or 5xx is no error: see ``HTTPClientResponse/requireSuccess()``.
public nonisolated struct HTTPClientError: Error, Sendable {
    /// What went wrong. More may be added: always have a `default`.
    public struct Code: RawRepresentable, Hashable, Sendable {
        /// The code's name, in words joined by hyphens.
        public let rawValue: String

        /// A code by its name.
        public init(rawValue: String) { self.rawValue = rawValue }

        /// The URL, or that of the proxy, is malformed or of a scheme that cannot be spoken.
        public static let invalidURL = Code(rawValue: "invalid-url")
        /// A method, a field or a body that cannot be sent.
        public static let invalidRequest = Code(rawValue: "invalid-request")
        /// The name of the server has no address, or cannot be looked up.
        public static let resolution = Code(rawValue: "resolution")
        /// No address of the server can be connected to.
        public static let connection = Code(rawValue: "connection")
        /// ``HTTPClientSettings/allowsAddress`` refuses every address that the server has.
        public static let addressRefused = Code(rawValue: "address-refused")
        /// TLS cannot be agreed on, or the server's certificate is not good: the cause is a `TLSError`.
        public static let tls = Code(rawValue: "tls")
        /// The proxy cannot be reached, or does not connect to the server.
        public static let proxy = Code(rawValue: "proxy")
        /// The proxy wants other credentials than it got: 407.
        public static let proxyUnauthorized = Code(rawValue: "proxy-unauthorized")
        /// It took longer than ``HTTPClientTimeouts`` allow; ``HTTPClientError/phase`` says what.
        public static let timeout = Code(rawValue: "timeout")
        /// All connections are taken, and more requests wait for one than may.
        public static let poolExhausted = Code(rawValue: "pool-exhausted")
        /// The client is shut down.
        public static let shutDown = Code(rawValue: "shut-down")
        /// The connection failed while it was written to or read from.
        public static let connectionLost = Code(rawValue: "connection-lost")
        /// The connection ended before the response was whole.
        public static let endedEarly = Code(rawValue: "ended-early")
        /// What came is no HTTP/1 response.
        public static let malformedResponse = Code(rawValue: "malformed-response")
        /// Head or body of the response are larger than ``HTTPClientLimits`` allow.
        public static let tooLarge = Code(rawValue: "too-large")
        /// The body cannot be decompressed.
        public static let malformedCoding = Code(rawValue: "malformed-coding")
        /// The body grows by more than ``HTTPClientLimits/expansion`` when it is decompressed.
        public static let compressionBomb = Code(rawValue: "compression-bomb")
        /// There are more redirects than may be followed, or they go round in a circle.
        public static let tooManyRedirects = Code(rawValue: "too-many-redirects")
        /// The response redirects to where it cannot, or may not, be followed.
        public static let redirect = Code(rawValue: "redirect")
        /// The request would have to be sent again, and its body cannot be.
        public static let bodyNotRepeatable = Code(rawValue: "body-not-repeatable")
        /// The body of the request was not written as it was announced.
        public static let requestBody = Code(rawValue: "request-body")
        /// The body of the response has been read, or is being read by another task.
        public static let bodyConsumed = Code(rawValue: "body-consumed")
        /// The status is not 2xx: ``HTTPClientResponse/requireSuccess()``.
        public static let status = Code(rawValue: "status")
        /// The body is no JSON, or does not fit the type.
        public static let json = Code(rawValue: "json")
        /// The server switches protocols and breaks the rules of the other one in doing so.
        package static let handshake = Code(rawValue: "handshake")
    }

    /// A part of a request's way that has a time limit of its own.
    public enum Phase: String, Hashable, Sendable {
        /// Waiting for one of the pool's connections.
        case pool = "a free connection"
        /// Looking up the server's name.
        case resolve = "the name's address"
        /// Connecting.
        case connect = "the connection"
        /// The handshake of TLS.
        case tls = "the TLS handshake"
        /// The handshake with a proxy.
        case proxy = "the proxy"
        /// From the request to the first byte of the response.
        case firstByte = "the first byte of the response"
        /// The next bytes of the response.
        case betweenBytes = "the next bytes of the response"
        /// Room to send more of the request.
        case send = "the server to take the request"
        /// All of it.
        case total = "the whole exchange"
    }

    /// What went wrong.
    public let code: Code
    /// The URL that was asked for in the end, without user and password.
    public let url: String
    /// What has happened, for a person.
    public let reason: String
    /// With ``Code-swift.struct/timeout``, what took too long.
    public var phase: Phase?
    /// The status of the response, where there was one.
    public var status: Int?
    /// What the response's Retry-After says.
    public var retryAfter: Duration?
    /// What was thrown below, such as a `ConnectError`, a `TLSError` or an `HTTP1Error`.
    public var cause: (any Error)?
    /// The beginning of a response's body, for messages, where one is at fault.
    package var excerpt = ""
    /// With ``Code-swift.struct/proxy``, whether there is no connection to the proxy itself.
    package var isProxyUnreachable = false
    /// Whether no byte of the request can have been acted on, so that any request may be sent again.
    public var isUnsent = false

    /// An error about one URL.
    public init(
        _ code: Code, url: HTTPURL, _ reason: String, phase: Phase? = nil, status: Int? = nil, cause: (any Error)? = nil
    ) {
        self.init(code, url: "\(url)", reason, phase: phase, status: status, cause: cause)
    }

    init(
        _ code: Code, url: String, _ reason: String, phase: Phase? = nil, status: Int? = nil, cause: (any Error)? = nil
    ) {
        self.code = code
        self.url = url
        self.reason = reason
        self.phase = phase
        self.status = status
        self.cause = cause
    }
}

nonisolated extension HTTPClientError: RetryHint {}

nonisolated extension HTTPClientError: CustomStringConvertible {
    /// `http://example.org/a: the connection ended after 3 of 10 bytes of the body`
    public var description: String { "\(url): \(reason)" + (excerpt.isEmpty ? "" : ": \(excerpt.prefix(200))") }
}
