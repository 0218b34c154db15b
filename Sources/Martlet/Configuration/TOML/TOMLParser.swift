/// Reads TOML 1.0 (https://toml.io/en/v1.0.0) into a tree whose keys know where they are written.
///
/// Our own, because the supervisor reads its file again at every reload and must survive whatever it finds there:
/// toml++, which TOMLKit wraps, aborts the process on `[=]`, on `methods = [}` and on `1979-05-27T`, and tells nobody
/// where a key was.
///
/// A document is a sequence of lines: `key = value` goes into the table that the last header opened. The rules for
/// which table may be opened or added to again are in ``TOMLTable/Origin``. Nesting and the length of dotted keys are
/// bounded, so no input can exhaust the stack.
nonisolated struct TOMLParser {
    /// Levels of brackets and braces, and parts of a dotted key.
    static let deepest = 32

    let bytes: [UInt8]
    var index = 0
    private var line = 1
    private var lineStart = 0
    private let root = TOMLTable(.header)
    private var current: TOMLTable

    /// Parses a whole document of valid UTF-8.
    static func parse(_ bytes: [UInt8]) throws(TOMLError) -> TOMLTable {
        var parser = TOMLParser(bytes)
        try parser.document()
        return parser.root
    }

    private init(_ bytes: [UInt8]) {
        self.bytes = bytes
        current = root
    }

    // MARK: Lines

    private mutating func document() throws(TOMLError) {
        if bytes.starts(with: [0xEF, 0xBB, 0xBF]) {  // a byte order mark
            index = 3
            lineStart = 3
        }
        while true {
            skipBlanks()
            switch peek {
            case nil: return
            case UInt8(ascii: "["): try header()
            case UInt8(ascii: "#"), UInt8(ascii: "\n"), UInt8(ascii: "\r"): break
            default: try keyValue(into: current, depth: 0)
            }
            try endOfLine()
        }
    }

    /// What may follow a value or a header: blanks, a comment, the line's end.
    private mutating func endOfLine() throws(TOMLError) {
        skipBlanks()
        try comment()
        if peek == nil { return }
        guard try newline() else { throw error("expected the end of the line, found \(found)") }
    }

    /// Skips blanks, comments and line ends, inside an array.
    mutating func skipLines() throws(TOMLError) {
        repeat {
            skipBlanks()
            try comment()
        } while try newline()
    }

    mutating func skipBlanks() {
        while peek == 0x20 || peek == 0x09 { index += 1 }
    }

    private mutating func comment() throws(TOMLError) {
        guard peek == UInt8(ascii: "#") else { return }
        while let byte = peek, byte != UInt8(ascii: "\n"), !(byte == UInt8(ascii: "\r") && isNewline(at: index)) {
            try refuseControl(byte)
            index += 1
        }
    }

    /// Takes one line end, if there is one.
    mutating func newline() throws(TOMLError) -> Bool {
        guard isNewline(at: index) else {
            if peek == UInt8(ascii: "\r") { throw error("a carriage return needs a line feed behind it") }
            return false
        }
        index += peek == UInt8(ascii: "\r") ? 2 : 1
        line += 1
        lineStart = index
        return true
    }

    // MARK: Headers and keys

    private mutating func header() throws(TOMLError) {
        let position = self.position
        index += 1
        let isArray = peek == UInt8(ascii: "[")
        if isArray { index += 1 }
        let name = try key()
        for _ in 0..<(isArray ? 2 : 1) {
            guard peek == UInt8(ascii: "]") else {
                throw error("expected \(isArray ? "]]" : "]") after the table's name, found \(found)")
            }
            index += 1
        }
        current = try open(name, isArray: isArray, at: position)
    }

    /// The table that a header opens.
    private func open(_ name: [Key], isArray: Bool, at position: TOMLPosition) throws(TOMLError) -> TOMLTable {
        var table = root
        for part in name.dropLast() { table = try superTable(part, in: table, at: position) }
        let last = name[name.count - 1]
        let opened = TOMLTable(.header)
        guard let existing = table[last.text] else {
            if isArray {
                let array = TOMLArray(isOfHeaders: true)
                array.elements.append(.init(value: .table(opened), position: position))
                table.add(last.text, .array(array), at: position)
            } else {
                table.add(last.text, .table(opened), at: position)
            }
            return opened
        }
        switch existing.value {
        case .array(let array) where isArray && array.isOfHeaders:
            array.elements.append(.init(value: .table(opened), position: position))
            return opened
        case .table(let implied) where !isArray && implied.origin == .implied:
            implied.origin = .header
            return implied
        default:
            throw redefinition(last, of: existing)
        }
    }

    /// The table that a part of a header's name leads to; the last one of an array of tables.
    private func superTable(
        _ part: Key, in table: TOMLTable, at position: TOMLPosition
    ) throws(TOMLError) -> TOMLTable {
        guard let existing = table[part.text] else {
            let implied = TOMLTable(.implied)
            table.add(part.text, .table(implied), at: position)
            return implied
        }
        switch existing.value {
        case .table(let inner) where inner.origin != .inline: return inner
        case .array(let array) where array.isOfHeaders:
            // An array of headers is made with its first element.
            if case .table(let inner)? = array.elements.last?.value { return inner }
            throw redefinition(part, of: existing)
        default: throw redefinition(part, of: existing)
        }
    }

    /// `key = value`, or `a.b = value`, which adds to the table `a`.
    mutating func keyValue(into table: TOMLTable, depth: Int) throws(TOMLError) {
        let name = try key()
        guard peek == UInt8(ascii: "=") else { throw error("expected = after the key, found \(found)") }
        index += 1
        skipBlanks()
        var table = table
        for part in name.dropLast() { table = try dottedTable(part, in: table) }
        let last = name[name.count - 1]
        if let existing = table[last.text] { throw redefinition(last, of: existing) }
        table.add(last.text, try value(depth: depth), at: last.position)
    }

    private func dottedTable(_ part: Key, in table: TOMLTable) throws(TOMLError) -> TOMLTable {
        guard let existing = table[part.text] else {
            let dotted = TOMLTable(.dotted)
            table.add(part.text, .table(dotted), at: part.position)
            return dotted
        }
        guard case .table(let inner) = existing.value, inner.origin == .dotted else {
            throw redefinition(part, of: existing)
        }
        return inner
    }

    struct Key {
        let text: String
        let position: TOMLPosition
    }

    /// A bare, quoted or dotted key, and the blanks around it.
    private mutating func key() throws(TOMLError) -> [Key] {
        var parts: [Key] = []
        while true {
            skipBlanks()
            let position = self.position
            parts.append(Key(text: try keyPart(), position: position))
            skipBlanks()
            guard peek == UInt8(ascii: ".") else { return parts }
            guard parts.count < Self.deepest else { throw error("a key of more than \(Self.deepest) parts") }
            index += 1
        }
    }

    private mutating func keyPart() throws(TOMLError) -> String {
        switch peek {
        case UInt8(ascii: "\""): return try basicString()
        case UInt8(ascii: "'"): return try literalString()
        default:
            let start = index
            while let byte = peek, Self.isBareKey(byte) { index += 1 }
            guard index > start else {
                throw error("expected a key, found \(found); quote keys that are not letters, digits, _ and -")
            }
            return String(decoding: bytes[start..<index], as: UTF8.self)
        }
    }

    private static func isBareKey(_ byte: UInt8) -> Bool {
        (byte | 0x20) &- 0x61 < 26 || byte &- 0x30 < 10 || byte == UInt8(ascii: "_") || byte == UInt8(ascii: "-")
    }

    private func redefinition(_ key: Key, of existing: TOMLTable.Entry) -> TOMLError {
        TOMLError(
            position: key.position, message: "\"\(key.text)\" is defined already, in line \(existing.position.line)")
    }

    // MARK: Bytes

    /// The next byte; nil at the end.
    var peek: UInt8? { index < bytes.count ? bytes[index] : nil }

    func isNewline(at index: Int) -> Bool {
        guard index < bytes.count else { return false }
        return bytes[index] == UInt8(ascii: "\n")
            || bytes[index] == UInt8(ascii: "\r") && index + 1 < bytes.count && bytes[index + 1] == UInt8(ascii: "\n")
    }

    func starts(with text: StaticString) -> Bool {
        let length = text.utf8CodeUnitCount
        guard bytes.count - index >= length else { return false }
        return (0..<length).allSatisfy { bytes[index + $0] == text.utf8Start[$0] }
    }

    func refuseControl(_ byte: UInt8) throws(TOMLError) {
        if byte < 0x20 && byte != 0x09 || byte == 0x7F {
            throw error("the control character \(found) has to be written as an escape, in a string")
        }
    }

    /// Where the next byte is.
    var position: TOMLPosition {
        // Continuation bytes of UTF-8 do not begin a scalar.
        let column = bytes[lineStart..<index].count { $0 & 0xC0 != 0x80 } + 1
        return TOMLPosition(line: line, column: column)
    }

    func error(_ message: String) -> TOMLError { TOMLError(position: position, message: message) }

    /// The next character, for a message.
    var found: String {
        guard index < bytes.count else { return "the end of the file" }
        if isNewline(at: index) { return "the end of the line" }
        // Enough bytes for any scalar; the text is valid UTF-8.
        guard
            let scalar = String(decoding: bytes[index..<min(index + 4, bytes.count)], as: UTF8.self).unicodeScalars
                .first
        else { return "nothing" }
        guard scalar.value >= 0x20, scalar.value != 0x7F else { return "U+" + String(scalar.value, radix: 16) }
        return "\"\(scalar)\""
    }
}
