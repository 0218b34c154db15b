/// The elements of a comma-separated list from its end on, without white space around them; empty ones are skipped.
///
/// Proxies append to what a client sent. Read from the front, a quote that the client has left open would swallow what
/// they append; read from the end, it spoils only what the client wrote itself.
struct TrailingElements: Sequence, IteratorProtocol {
    private var rest: Substring.UTF8View
    /// Whether a comma in a quoted string does not separate.
    private let hasQuotedStrings: Bool

    init(_ field: String, hasQuotedStrings: Bool) {
        rest = field[...].utf8
        self.hasQuotedStrings = hasQuotedStrings
    }

    mutating func next() -> Substring? {
        while !rest.isEmpty {
            let comma = lastComma()
            let start = comma.map { rest.index(after: $0) } ?? rest.startIndex
            let element = Substring(rest[start...]).trimmed
            rest = rest[..<(comma ?? rest.startIndex)]
            if !element.isEmpty { return element }
        }
        return nil
    }

    private func lastComma() -> Substring.UTF8View.Index? {
        let bytes = rest.span
        var isQuoted = false
        var offset = bytes.count
        while offset > 0 {
            offset -= 1
            if bytes[offset] == ASCII.quote, hasQuotedStrings {
                if !isQuoted || !isEscaped(offset, bytes) { isQuoted.toggle() }
            } else if bytes[offset] == ASCII.comma, !isQuoted {
                return rest.index(rest.startIndex, offsetBy: offset)
            }
        }
        return nil
    }

    /// Whether an odd number of backslashes is in front.
    private func isEscaped(_ offset: Int, _ bytes: Span<UInt8>) -> Bool {
        var first = offset
        while first > 0, bytes[first - 1] == ASCII.backslash { first -= 1 }
        return (offset - first) % 2 == 1
    }
}
