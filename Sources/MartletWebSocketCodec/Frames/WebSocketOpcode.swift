/// What a frame carries, RFC 6455 §5.2. The other ten values are reserved.
public enum WebSocketOpcode: UInt8, Hashable, Sendable {
    /// The next part of the message under way.
    case continuation = 0x0
    /// The first, perhaps only, part of a text message: UTF-8.
    case text = 0x1
    /// The first, perhaps only, part of a binary message.
    case binary = 0x2
    /// The sender closes: code and reason.
    case close = 0x8
    /// Asks for a pong with the same payload.
    case ping = 0x9
    /// Answers a ping, or is sent unasked as a sign of life.
    case pong = 0xA

    /// Whether the frame stands for itself: it is never fragmented, and may come between the fragments of a message.
    public var isControl: Bool { rawValue & 0x8 != 0 }
}
