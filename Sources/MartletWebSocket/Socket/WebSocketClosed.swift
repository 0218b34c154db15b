import MartletWebSocketCodec

/// A WebSocket has ended, and with which code.
public nonisolated struct WebSocketClosed: Error, Hashable, Sendable {
    /// The code: that of the peer's close frame, also where it answers one of this side, or of an error that this side has
    /// found; 1005 when the close frame had none, 1006 when there was no close frame.
    public let code: WebSocketCloseCode
    /// What was said with it.
    public let reason: String

    /// Whether this is the end that was meant to be: 1000, 1001 or no code.
    public var isNormal: Bool {
        code == .normalClosure || code == .goingAway || code == .noStatusReceived
    }
}

extension WebSocketClosed: CustomStringConvertible {
    /// Code and reason, as a log shows them.
    public nonisolated var description: String {
        reason.isEmpty ? "the WebSocket is closed (\(code))" : "the WebSocket is closed (\(code)): \(reason)"
    }
}
