import MartletClient
import MartletLoop

/// A WebSocket that could not be opened: which one, and why.
///
/// What keeps a connection from being made at all is told by the errors of MartletNet's `connect`: `ResolutionError` and
/// `ConnectError`, and by `TLSError` where no TLS can be agreed on.
public nonisolated struct WebSocketClientError: Error, Hashable, Sendable {
    /// What went wrong. More may be added: always have a `default`.
    public struct Code: Hashable, Sendable {
        private let rawValue: Int

        /// The URL, or the proxy's, is malformed or of another scheme.
        public static let invalidURL = Code(rawValue: 0)
        /// A field or a subprotocol cannot be sent.
        public static let invalidRequest = Code(rawValue: 2)
        /// The proxy cannot be connected to.
        public static let proxyUnreachable = Code(rawValue: 3)
        /// The proxy wants other credentials than it got: 407.
        public static let proxyUnauthorized = Code(rawValue: 4)
        /// The proxy does not connect to the host, with another status.
        public static let proxyRefused = Code(rawValue: 5)
        /// The connection ended before the response did.
        public static let endedEarly = Code(rawValue: 6)
        /// What came is no HTTP response.
        public static let malformedResponse = Code(rawValue: 7)
        /// The server wants other credentials than it got: 401.
        public static let unauthorized = Code(rawValue: 8)
        /// The server does not open a WebSocket, with another status.
        public static let refused = Code(rawValue: 9)
        /// The server sends elsewhere, to where it cannot be followed or for too many times.
        public static let redirected = Code(rawValue: 10)
        /// The server switches protocols and breaks the rules of RFC 6455 §4.1 or RFC 7692 §7.1 in doing so.
        public static let handshake = Code(rawValue: 11)

        /// What MartletClient tells in the course of a handshake.
        init(_ code: HTTPClientError.Code) {
            self =
                switch code {
                case .endedEarly: .endedEarly
                case .handshake: .handshake
                default: .malformedResponse
                }
        }

        private init(rawValue: Int) { self.rawValue = rawValue }
    }

    /// What went wrong.
    public let code: Code
    /// The URL that was asked for in the end, without user and password.
    public let url: String
    /// What has happened, for a person.
    public let reason: String
    /// The status code of the response, the proxy's or the server's; `nil` where there was none.
    public let status: Int?
    /// The beginning of the response's body, at most 1 KiB of it; empty where there was none. Characters that could do
    /// harm to a terminal or a log are replaced.
    public let body: String
    /// What the response's Retry-After says in seconds.
    public let retryAfter: Duration?

    init(
        _ code: Code, url: String, _ reason: String, status: Int? = nil, body: String = "", retryAfter: Duration? = nil
    ) {
        self.code = code
        self.url = url
        self.reason = reason
        self.status = status
        self.body = body
        self.retryAfter = retryAfter
    }
}

nonisolated extension WebSocketClientError: RetryHint {}

nonisolated extension WebSocketClientError: CustomStringConvertible {
    /// `cannot open ws://example.org/chat: the server answers with 403 Forbidden: …`
    public var description: String {
        let excerpt = body.prefix(200)
        return "cannot open \(url): \(reason)" + (excerpt.isEmpty ? "" : ": \(excerpt)")
    }
}
