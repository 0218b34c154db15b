/// A whole message.
public nonisolated enum WebSocketMessage: Hashable, Sendable {
    /// Text; on the wire UTF-8.
    case text(String)
    /// Any bytes.
    case binary([UInt8])

    /// The number of bytes that it has on the wire, before compression.
    public var byteCount: Int {
        switch self {
        case .text(let text): text.utf8.count
        case .binary(let bytes): bytes.count
        }
    }
}
