/// The elements of a comma-separated list, RFC 9110 §5.6.1, without white space around them.
///
/// Empty elements are skipped. A comma in a quoted string does not separate; when a string is not closed, its element
/// reaches to the end.
struct ListElements: Sequence, IteratorProtocol {
    private var rest: Substring.UTF8View

    init(_ field: String) { rest = field[...].utf8 }

    mutating func next() -> Substring? {
        while !rest.isEmpty {
            let end = endOfElement()
            let element = Substring(rest[..<end]).trimmed
            rest = rest[end...].dropFirst()
            if !element.isEmpty { return element }
        }
        return nil
    }

    private func endOfElement() -> Substring.UTF8View.Index {
        var isQuoted = false
        var isEscaped = false
        let bytes = rest.span
        for offset in bytes.indices {
            let byte = bytes[offset]
            if isEscaped {
                isEscaped = false
            } else if byte == ASCII.quote {
                isQuoted.toggle()
            } else if isQuoted {
                isEscaped = byte == ASCII.backslash
            } else if byte == ASCII.comma {
                return rest.index(rest.startIndex, offsetBy: offset)
            }
        }
        return rest.endIndex
    }
}
