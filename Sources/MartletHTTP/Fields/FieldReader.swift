/// A cursor over a field value that takes one piece of the grammar of RFC 9110 §5.6 after the other.
///
/// A piece that is not there is nil or false and leaves the cursor where it was. Nothing is copied but quoted strings
/// with escapes: pieces are slices of the value.
struct FieldReader {
    private(set) var rest: Substring.UTF8View

    init(_ text: Substring) { rest = text.utf8 }

    init(_ text: String) { rest = text[...].utf8 }

    var isAtEnd: Bool { rest.isEmpty }

    var next: UInt8? { rest.first }

    mutating func skip(_ byte: UInt8) -> Bool {
        guard rest.first == byte else { return false }
        rest = rest.dropFirst()
        return true
    }

    /// Takes optional white space, which is spaces and tabs.
    mutating func skipBlanks() {
        while let byte = rest.first, byte == ASCII.space || byte == ASCII.tab { rest = rest.dropFirst() }
    }

    /// Takes bytes, perhaps none. A predicate that tells bytes above 0x7F apart would cut through a character.
    mutating func take(while predicate: (UInt8) -> Bool) -> Substring {
        let rest = rest
        let bytes = rest.span
        var count = 0
        while count < bytes.count, predicate(bytes[count]) { count &+= 1 }
        let end = rest.index(rest.startIndex, offsetBy: count)
        self.rest = rest[end...]
        return Substring(rest[..<end])
    }

    mutating func token() -> Substring? {
        let token = take(while: ByteClass.isToken)
        return token.isEmpty ? nil : token
    }

    /// A decimal number; the largest that fits stands for those that do not.
    mutating func decimal() -> UInt64? {
        let digits = take(while: ASCII.isDigit)
        if digits.isEmpty { return nil }
        return UInt64(digits) ?? .max
    }

    /// The text of a quoted string, without quotes and escapes.
    mutating func quotedString() -> String? {
        let start = rest
        guard skip(ASCII.quote) else { return nil }
        var text = ""
        while true {
            text += take { $0 != ASCII.quote && $0 != ASCII.backslash && !ASCII.isControl($0) }
            if skip(ASCII.quote) { return text }
            guard skip(ASCII.backslash), let escaped = next, !ASCII.isControl(escaped) else {
                rest = start
                return nil
            }
            // What is escaped is taken with the run behind it, unless it would end that run.
            if skip(ASCII.quote) { text += "\"" } else if skip(ASCII.backslash) { text += "\\" }
        }
    }

    mutating func tokenOrQuotedString() -> String? {
        next == ASCII.quote ? quotedString() : token().map(String.init)
    }
}
