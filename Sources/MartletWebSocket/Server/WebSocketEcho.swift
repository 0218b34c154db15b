import MartletServer

/// Sends each message back, text as text and binary as binary: for trying out and for measuring.
///
/// It waits for nobody: a peer that sends without reading loses messages beyond ``WebSocketSettings/sendLimit``, which are
/// counted. A closure that awaits `send` makes such a peer wait in place of that.
public final class WebSocketEcho: WebSocketHandler {
    /// One that serves any number of sockets.
    public init() {}

    deinit {}

    /// Sends the message back.
    public func received(_ message: WebSocketMessageView, on socket: WebSocket) {
        socket.post(message)
    }
}
