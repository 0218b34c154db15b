/// Reads the extensions of one chunk byte by byte, to know that they are some; nobody uses them. RFC 9112 §7.1.1:
///
///     chunk-ext = *( BWS ";" BWS name [ BWS "=" BWS ( token / quoted-string ) ] )
///
///     blank ──";"──▶ nameStart ──▶ name ┬─blank─▶ nameEnd ┬─"="─▶ valueStart ┬──▶ token ────────────────┐
///       ▲                ▲              ├──────"="────────┼──────────▲       └─DQUOTE─▶ quoted ─▶ end ──┤
///       │                └──────";"─────┴───────";"───────┘                              ▲ │"\"         │
///       │                ▲                                                               └escaped       │
///       │                └──────────────────────────";"─────────────────────────────────────────────────┤
///       └──────────────────────────────────────────blank────────────────────────────────────────────────┘
///
/// The line may end behind a name, a token and a quoted string, and nowhere else.
struct ChunkExtensions {
    private enum State: UInt8 {
        case blank, nameStart, name, nameEnd, valueStart, token, quoted, escaped, end
    }

    private var state = State.blank

    /// Whether the line may end here.
    private var mayEnd: Bool { state == .name || state == .token || state == .end }

    /// Takes the next byte; whether it was the CR that ends the line.
    mutating func take(_ byte: UInt8) throws(HTTP1Error) -> Bool {
        if byte == ASCII.carriageReturn, mayEnd { return true }
        guard let next = following(byte) else { throw .unexpected(byte, in: "chunk extension", .chunk) }
        state = next
        return false
    }

    private func following(_ byte: UInt8) -> State? {
        let isBlank = byte == ASCII.space || byte == ASCII.tab
        switch state {
        case .quoted: return quoted(byte)
        case .escaped: return isBlank || Self.isText(byte) ? .quoted : nil
        case .blank: return isBlank ? .blank : byte == ASCII.semicolon ? .nameStart : nil
        case .nameStart: return isBlank ? .nameStart : ByteClass.isToken(byte) ? .name : nil
        case .name where ByteClass.isToken(byte): return .name
        case .name, .nameEnd:
            if isBlank { return .nameEnd }
            return byte == ASCII.equals ? .valueStart : byte == ASCII.semicolon ? .nameStart : nil
        case .valueStart:
            if isBlank { return .valueStart }
            return byte == ASCII.quote ? .quoted : ByteClass.isToken(byte) ? .token : nil
        case .token where ByteClass.isToken(byte): return .token
        case .token, .end: return isBlank ? .blank : byte == ASCII.semicolon ? .nameStart : nil
        }
    }

    private func quoted(_ byte: UInt8) -> State? {
        switch byte {
        case ASCII.quote: .end
        case ASCII.backslash: .escaped
        case ASCII.space, ASCII.tab: .quoted
        default: Self.isText(byte) ? .quoted : nil
        }
    }

    /// `VCHAR / obs-text`
    private static func isText(_ byte: UInt8) -> Bool { byte > 0x20 && byte != 0x7F }
}
