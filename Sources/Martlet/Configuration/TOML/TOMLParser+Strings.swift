nonisolated extension TOMLParser {
    /// `"text"`, with escapes.
    mutating func basicString() throws(TOMLError) -> String {
        let start = index
        index += 1
        var text: [UInt8] = []
        while let byte = peek, !isNewline(at: index) {
            switch byte {
            case UInt8(ascii: "\""):
                index += 1
                return String(decoding: text, as: UTF8.self)
            case UInt8(ascii: "\\"):
                text += try escape()
            default:
                try refuseControl(byte)
                text.append(byte)
                index += 1
            }
        }
        throw unclosed("\"", from: start)
    }

    /// `'text'`, in which nothing is an escape.
    mutating func literalString() throws(TOMLError) -> String {
        let start = index
        index += 1
        while let byte = peek, !isNewline(at: index) {
            if byte == UInt8(ascii: "'") {
                index += 1
                return String(decoding: bytes[(start + 1)..<(index - 1)], as: UTF8.self)
            }
            try refuseControl(byte)
            index += 1
        }
        throw unclosed("'", from: start)
    }

    /// `"""text"""` or `'''text'''`, over several lines; a line end right after the opening does not belong to it.
    mutating func multilineString(_ quote: UInt8) throws(TOMLError) -> String {
        let opening = position
        index += 3
        _ = try newline()
        var text: [UInt8] = []
        while let byte = peek {
            if byte == quote {
                let run = bytes[index...].prefix(5).prefix { $0 == quote }.count
                index += run
                // Up to two quotes may stand before the closing three.
                text += Array(repeating: quote, count: run >= 3 ? run - 3 : run)
                if run >= 3 { return String(decoding: text, as: UTF8.self) }
            } else if byte == UInt8(ascii: "\\"), quote == UInt8(ascii: "\"") {
                if try !lineContinuation() { text += try escape() }
            } else if try newline() {
                text.append(UInt8(ascii: "\n"))
            } else {
                try refuseControl(byte)
                text.append(byte)
                index += 1
            }
        }
        throw TOMLError(position: opening, message: "this string of several lines is not closed")
    }

    /// A backslash at a line's end takes with it all blanks and line ends up to the next text.
    private mutating func lineContinuation() throws(TOMLError) -> Bool {
        let backslash = index
        index += 1
        skipBlanks()
        guard try newline() else {
            index = backslash
            return false
        }
        repeat { skipBlanks() } while try newline()
        return true
    }

    private mutating func escape() throws(TOMLError) -> [UInt8] {
        index += 1
        guard let letter = peek else { throw error("expected an escape, found \(found)") }
        let replacement: UInt8
        switch letter {
        case UInt8(ascii: "b"): replacement = 0x08
        case UInt8(ascii: "t"): replacement = 0x09
        case UInt8(ascii: "n"): replacement = 0x0A
        case UInt8(ascii: "f"): replacement = 0x0C
        case UInt8(ascii: "r"): replacement = 0x0D
        case UInt8(ascii: "\""), UInt8(ascii: "\\"): replacement = letter
        case UInt8(ascii: "u"): return try scalar(digits: 4)
        case UInt8(ascii: "U"): return try scalar(digits: 8)
        default: throw error("\\\(String(decoding: [letter], as: UTF8.self)) is no escape; write \\\\ for a backslash")
        }
        index += 1
        return [replacement]
    }

    private mutating func scalar(digits: Int) throws(TOMLError) -> [UInt8] {
        let code = bytes[(index + 1)...].prefix(digits)
        guard code.count == digits, code.allSatisfy({ Character(UnicodeScalar($0)).isHexDigit }),
            let value = UInt32(String(decoding: code, as: UTF8.self), radix: 16), let scalar = UnicodeScalar(value)
        else { throw error("this escape needs \(digits) hexadecimal digits of a Unicode scalar") }
        index += 1 + digits
        return Array(String(scalar).utf8)
    }

    private func unclosed(_ quote: String, from start: Int) -> TOMLError {
        var opening = self
        opening.index = start
        return opening.error("this string is not closed; it needs \(quote) at its end")
    }
}
