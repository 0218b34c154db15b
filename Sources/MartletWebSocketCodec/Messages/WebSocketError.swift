/// The peer breaks the protocol or a limit: it gets a close frame with ``code``, then the connection ends, RFC 6455 §7.1.7.
public struct WebSocketError: Error, Hashable, Sendable {
    /// What the close frame says.
    public let code: WebSocketCloseCode
    /// What is wrong, for a person. It quotes nothing of what was received, and fits into the reason of a close frame.
    public let message: String

    /// An error to close with `code`.
    public init(_ code: WebSocketCloseCode, _ message: String) {
        self.code = code
        self.message = message
    }
}

extension WebSocketError: CustomStringConvertible {
    /// Code and message, as a log shows them.
    public var description: String { "\(code): \(message)" }
}

extension WebSocketError {
    static func protocolError(_ message: String) -> WebSocketError { WebSocketError(.protocolError, message) }
}
