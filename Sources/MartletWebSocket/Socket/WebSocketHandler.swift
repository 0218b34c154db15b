import MartletServer
import MartletWebSocketCodec

/// Speaks on WebSockets without waiting for anything: the loop calls it directly.
///
/// One object serves all sockets of a route. It costs no task, so that an idle socket takes half the memory and a message
/// less time than with a closure that waits. Where something has to be waited for, it starts a task, or the route is given
/// a closure.
///
/// ```swift
/// final class Echo: WebSocketHandler {
///     func received(_ message: WebSocketMessageView, on socket: WebSocket) { socket.post(message) }
/// }
/// router.webSocket("/echo", handler: Echo())
/// ```
public protocol WebSocketHandler: AnyObject {
    /// A WebSocket has been opened, with the request that asked for it.
    func opened(_ socket: WebSocket, for request: Request)
    /// A message has come.
    func received(_ message: WebSocketMessageView, on socket: WebSocket)
    /// A WebSocket has ended.
    func closed(_ socket: WebSocket, _ end: WebSocketClosed)
}

extension WebSocketHandler {
    /// Does nothing.
    public func opened(_ socket: WebSocket, for request: Request) {}
    /// Does nothing.
    public func closed(_ socket: WebSocket, _ end: WebSocketClosed) {}
}

/// A message where it lies in the receive buffer: valid during the call that it is given to.
public nonisolated struct WebSocketMessageView {
    /// Text or binary.
    public let kind: WebSocketEvent.Kind
    /// The bytes; of a text they are UTF-8.
    public let bytes: UnsafeRawBufferPointer

    /// A copy to keep.
    public var message: WebSocketMessage {
        switch kind {
        case .text: .text(String(decoding: bytes, as: UTF8.self))
        case .binary: .binary(Array(bytes))
        }
    }
}
