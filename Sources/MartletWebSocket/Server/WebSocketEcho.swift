import MartletServer

/// Sends each message back, text as text and binary as binary: for trying out and for measuring.
public final class WebSocketEcho: WebSocketHandler {
    /// One that serves any number of sockets.
    public init() {}

    deinit {}

    /// Sends the message back.
    public func received(_ message: WebSocketMessageView, on socket: WebSocket) {
        socket.post(message)
    }
}
