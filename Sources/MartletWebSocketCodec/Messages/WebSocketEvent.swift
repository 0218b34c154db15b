/// What ``WebSocketDecoder`` has found. Bytes belong to the decoder or to its input: they hold until the next call.
public enum WebSocketEvent {
    /// The two kinds of messages.
    public enum Kind: UInt8, Hashable, Sendable {
        /// UTF-8, already checked.
        case text
        /// Any bytes.
        case binary

        /// The opcode of the first frame of such a message.
        public var opcode: WebSocketOpcode { self == .text ? .text : .binary }
    }

    /// A whole message, inflated if it was compressed.
    case message(Kind, UnsafeRawBufferPointer)
    /// The next part of a message, with ``WebSocketDecoder/Delivery/pieces``. Parts of a text message are cut between
    /// characters. Only one that is the last can be empty.
    case piece(Kind, UnsafeRawBufferPointer, isFirst: Bool, isLast: Bool)
    /// The peer asks for a pong with these bytes, at most 125, RFC 6455 §5.5.2.
    case ping(UnsafeRawBufferPointer)
    /// The answer to a ping, at most 125 bytes, or a sign of life, RFC 6455 §5.5.3.
    case pong(UnsafeRawBufferPointer)
    /// The peer closes, and sends nothing more. Without a code it gave none.
    case close(code: WebSocketCloseCode?, reason: String)
}
