extension ContentDisposition {
    /// Reads the value that a server sends, as leniently as browsers do: RFC 6266 §4, without its grammar's strictness
    /// where servers are known to be lax (names with spaces and without quotes).
    ///
    /// A kind that is unknown counts as an attachment. Of a name that is a path only the last part is taken. `filename*`
    /// goes before `filename`, unless it is malformed. Nil when the value does not begin with a kind.
    public init?(_ field: String) {
        var reader = FieldReader(field)
        reader.skipBlanks()
        guard let kind = reader.token() else { return nil }
        var names: [String: String] = [:]
        reader.skipBlanks()
        while reader.skip(ASCII.semicolon), names.count < 16 {
            reader.skipBlanks()
            if let name = reader.token()?.lowercased() {
                reader.skipBlanks()
                guard reader.skip(ASCII.equals) else { break }
                reader.skipBlanks()
                let value = reader.quotedString() ?? String(reader.untilSemicolon())
                // The first one counts, as everywhere where something is there twice.
                if names[name] == nil { names[name] = value }
            }
            _ = reader.untilSemicolon()
        }
        let filename = names["filename*"].flatMap(Self.decoded) ?? names["filename"]
        self.init(
            kind.equals(ignoringCase: Kind.inline.rawValue) ? .inline : .attachment,
            filename: filename.map(Self.lastPart).flatMap { Self.isVisible($0) ? $0 : nil })
    }

    /// Whether anything is left of a name without its control characters.
    private static func isVisible(_ name: String) -> Bool {
        name.utf8.contains { $0 >= 0x20 && $0 != 0x7F }
    }

    /// Scalar by scalar: a separator that a mark is combined with is another character, and separates all the same.
    private static func lastPart(_ path: String) -> String {
        let scalars = path.unicodeScalars
        let separator = scalars.lastIndex { $0 == "/" || $0 == "\\" }
        return String(scalars[(separator.map { scalars.index(after: $0) } ?? scalars.startIndex)...])
    }

    /// `ext-value`, RFC 8187 §3.2.1: `UTF-8'en'%c2%a3`.
    private static func decoded(_ value: String) -> String? {
        let parts = value.split(separator: "'", maxSplits: 2, omittingEmptySubsequences: false)
        guard parts.count == 3 else { return nil }
        let bytes = Array(parts[2].utf8)
        guard let octets = try? PercentEncoding.decode(ByteRange(0, bytes.count), in: bytes.span) else { return nil }
        switch parts[0].lowercased() {
        case "utf-8": return String(validating: octets, as: UTF8.self)
        case "iso-8859-1": return String(String.UnicodeScalarView(octets.map { Unicode.Scalar($0) }))
        default: return nil
        }
    }
}

extension FieldReader {
    /// Takes what stands before the next semicolon, without blanks at its end.
    fileprivate mutating func untilSemicolon() -> Substring {
        var text = take { $0 != ASCII.semicolon }
        while let last = text.utf8.last, last == ASCII.space || last == ASCII.tab { text.removeLast() }
        return text
    }
}
