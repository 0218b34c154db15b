nonisolated extension TOMLParser {
    /// Whatever may stand behind `=`.
    mutating func value(depth: Int) throws(TOMLError) -> TOMLValue {
        switch peek {
        case UInt8(ascii: "\""):
            return .string(starts(with: "\"\"\"") ? try multilineString(UInt8(ascii: "\"")) : try basicString())
        case UInt8(ascii: "'"):
            return .string(starts(with: "'''") ? try multilineString(UInt8(ascii: "'")) : try literalString())
        case UInt8(ascii: "["), UInt8(ascii: "{"):
            guard depth < Self.deepest else { throw error("nested deeper than \(Self.deepest) levels") }
            return peek == UInt8(ascii: "[") ? .array(try array(depth: depth)) : .table(try inlineTable(depth: depth))
        default:
            return try scalar()
        }
    }

    private mutating func array(depth: Int) throws(TOMLError) -> TOMLArray {
        let array = TOMLArray(isOfHeaders: false)
        index += 1
        while true {
            try skipLines()
            if peek == UInt8(ascii: "]") { break }
            let position = self.position
            array.elements.append(.init(value: try value(depth: depth + 1), position: position))
            try skipLines()
            if peek == UInt8(ascii: "]") { break }
            guard peek == UInt8(ascii: ",") else { throw error("expected , or ] in an array, found \(found)") }
            index += 1
        }
        index += 1
        return array
    }

    private mutating func inlineTable(depth: Int) throws(TOMLError) -> TOMLTable {
        let table = TOMLTable(.dotted)
        index += 1
        skipBlanks()
        while peek != UInt8(ascii: "}") {
            try keyValue(into: table, depth: depth + 1)
            skipBlanks()
            if peek == UInt8(ascii: "}") { break }
            guard peek == UInt8(ascii: ",") else { throw error("expected , or } in a table, found \(found)") }
            index += 1
            skipBlanks()
            if peek == UInt8(ascii: "}") { throw error("expected a key after the comma, found \"}\"") }
        }
        index += 1
        close(table)
        return table
    }

    /// Nothing may be added to an inline table, nor to what dotted keys made within it.
    private func close(_ table: TOMLTable) {
        table.origin = .inline
        for key in table.keys {
            if case .table(let inner)? = table[key]?.value, inner.origin == .dotted { close(inner) }
        }
    }

    // MARK: Numbers, booleans, dates

    private mutating func scalar() throws(TOMLError) -> TOMLValue {
        let start = index
        while let byte = peek, Self.isScalar(byte) { index += 1 }
        let text = String(decoding: bytes[start..<index], as: UTF8.self)
        if let value = Self.boolean(text) ?? Self.dateTime(text) ?? Self.integer(text) ?? Self.float(text) {
            return value
        }
        if Self.isDecimal(text) { throw error("the number \(text) does not fit into 64 bits", at: start) }
        let isWord = text.utf8.first.map { ($0 | 0x20) &- 0x61 < 26 } ?? false
        let advice = isWord ? "; write strings in quotes: \"\(text)\"" : ""
        throw error("expected a value, found \(text.isEmpty ? found : text)\(advice)", at: start)
    }

    private func error(_ message: String, at start: Int) -> TOMLError {
        var there = self
        there.index = start
        return there.error(message)
    }

    private static func isScalar(_ byte: UInt8) -> Bool {
        (byte | 0x20) &- 0x61 < 26 || byte &- 0x30 < 10 || "_+-.:".utf8.contains(byte)
    }

    private static func boolean(_ text: String) -> TOMLValue? {
        text == "true" ? .boolean(true) : text == "false" ? .boolean(false) : nil
    }

    private static func dateTime(_ text: String) -> TOMLValue? {
        let bytes = Array(text.utf8)
        let digits = bytes.prefix { $0 &- 0x30 < 10 }.count
        guard digits < bytes.count else { return nil }
        let isDate = digits == 4 && bytes[4] == UInt8(ascii: "-")
        let isTime = digits == 2 && bytes[2] == UInt8(ascii: ":")
        return isDate || isTime ? .dateTime(text) : nil
    }

    private static func integer(_ text: String) -> TOMLValue? {
        for (prefix, radix) in [("0x", 16), ("0o", 8), ("0b", 2)] where text.hasPrefix(prefix) {
            guard let digits = digits(text.dropFirst(2), radix: radix) else { return nil }
            return Int64(digits, radix: radix).map { .integer($0) }
        }
        guard isDecimal(text) else { return nil }
        return Int64(text.filter { $0 != "_" }).map { .integer($0) }
    }

    /// A sign, perhaps, and digits without a leading zero.
    private static func isDecimal(_ text: String) -> Bool {
        guard let digits = digits(unsigned(text), radix: 10) else { return false }
        return digits == "0" || !digits.hasPrefix("0")
    }

    private static func float(_ text: String) -> TOMLValue? {
        let magnitude = unsigned(text)
        if magnitude == "inf" || magnitude == "nan" { return Double(text).map { .float($0) } }
        let halves = magnitude.split(omittingEmptySubsequences: false) { $0 == "e" || $0 == "E" }
        let parts = halves[0].split(separator: ".", omittingEmptySubsequences: false)
        guard halves.count <= 2, parts.count <= 2, halves.count + parts.count > 2, isDecimal(String(parts[0])),
            !parts[0].hasPrefix("+"), !parts[0].hasPrefix("-"),
            parts.count == 1 || digits(parts[1], radix: 10) != nil,
            halves.count == 1 || digits(unsigned(String(halves[1])), radix: 10) != nil
        else { return nil }
        return Double(text.filter { $0 != "_" }).map { .float($0) }
    }

    private static func unsigned(_ text: String) -> Substring {
        text.hasPrefix("+") || text.hasPrefix("-") ? text.dropFirst() : text[...]
    }

    /// The digits without the underscores between them; nil when something else is there.
    private static func digits(_ text: Substring, radix: Int) -> String? {
        let groups = text.split(separator: "_", omittingEmptySubsequences: false)
        let isValid = groups.allSatisfy { group in
            !group.isEmpty
                && group.utf8.allSatisfy { Character(UnicodeScalar($0)).hexDigitValue.map { $0 < radix } ?? false }
        }
        return isValid ? groups.joined() : nil
    }
}
