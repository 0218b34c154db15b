/// A handshake that fails.
///
/// A server answers with ``status``, and with 426 also adds the fields of ``WebSocketHandshakeError/fields``. A client
/// closes the connection.
public struct WebSocketHandshakeError: Error, Hashable, Sendable {
    /// The status code to answer with: 400, 405 or 426. For a client that of the response.
    public let status: Int
    /// What is wrong, for a person. It quotes nothing of what was received.
    public let message: String

    /// An error to answer with `status`.
    public init(status: Int = 400, _ message: String) {
        self.status = status
        self.message = message
    }

    /// The fields that the answer needs, RFC 9110 §15.5.6 and §15.5.22, RFC 6455 §4.4.
    public var fields: [(name: String, value: String)] {
        switch status {
        case 405: [("Allow", "GET")]
        case 426:
            [
                ("Upgrade", "websocket"), ("Connection", "Upgrade"),
                ("Sec-WebSocket-Version", WebSocketHandshake.version),
            ]
        default: []
        }
    }
}

extension WebSocketHandshakeError: CustomStringConvertible {
    /// Status and message, as a log shows them.
    public var description: String { "\(status): \(message)" }
}
