extension JSONScanner {
    /// Scans the string that begins at the quote: its escapes are checked, and that it is UTF-8 (RFC 3629 §4).
    mutating func string() throws(JSONSyntaxError) {
        at &+= 1
        let start = at
        var hasEscapes = false
        while true {
            at = WordScan.firstSpecial(bytes, from: at, to: count, stopsAtNonASCII: true)
            guard at < count else { throw error("expected the string's end") }
            switch bytes[at] {
            case UInt8(ascii: "\""):
                append(hasEscapes ? .escaped : .plain, from: start, to: at)
                at &+= 1
                return
            case UInt8(ascii: "\\"):
                hasEscapes = true
                try escape()
            case 0x80...: try character()
            default: throw error("a control character in a string must be escaped")
            }
        }
    }

    private mutating func escape() throws(JSONSyntaxError) {
        switch byte(at &+ 1) {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"), UInt8(ascii: "b"), UInt8(ascii: "f"),
            UInt8(ascii: "n"), UInt8(ascii: "r"), UInt8(ascii: "t"):
            at &+= 2
        case UInt8(ascii: "u"):
            let unit = try hexadecimal(at &+ 2)
            if unit & 0xFC00 == 0xD800 {
                guard byte(at &+ 6) == UInt8(ascii: "\\"), byte(at &+ 7) == UInt8(ascii: "u"),
                    try hexadecimal(at &+ 8) & 0xFC00 == 0xDC00
                else { throw error("half a surrogate pair") }
                at &+= 12
            } else {
                guard unit & 0xFC00 != 0xDC00 else { throw error("half a surrogate pair") }
                at &+= 6
            }
        default: throw error("there is no such escape")
        }
    }

    private func hexadecimal(_ start: Int) throws(JSONSyntaxError) -> UInt32 {
        var value: UInt32 = 0
        for i in start..<(start &+ 4) {
            guard let digit = Self.hexadecimalDigit(byte(i)) else { throw error("\\u needs four hexadecimal digits") }
            value = value << 4 | digit
        }
        return value
    }

    /// What a hexadecimal digit stands for.
    static func hexadecimalDigit(_ byte: UInt8) -> UInt32? {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): UInt32(byte &- 0x30)
        case UInt8(ascii: "a")...UInt8(ascii: "f"): UInt32(byte &- 0x57)
        case UInt8(ascii: "A")...UInt8(ascii: "F"): UInt32(byte &- 0x37)
        default: nil
        }
    }

    /// A character beyond ASCII: the well-formed sequences are those of the table in RFC 3629 §4.
    private mutating func character() throws(JSONSyntaxError) {
        let second = byte(at &+ 1)
        let length: Int
        switch bytes[at] {
        case 0xC2...0xDF where second & 0xC0 == 0x80: length = 2
        case 0xE0 where second >= 0xA0 && second < 0xC0, 0xED where second >= 0x80 && second < 0xA0: length = 3
        case 0xE1...0xEC where second & 0xC0 == 0x80, 0xEE...0xEF where second & 0xC0 == 0x80: length = 3
        case 0xF0 where second >= 0x90 && second < 0xC0, 0xF4 where second >= 0x80 && second < 0x90: length = 4
        case 0xF1...0xF3 where second & 0xC0 == 0x80: length = 4
        default: throw error("expected UTF-8")
        }
        for i in 2..<max(length, 2) where byte(at &+ i) & 0xC0 != 0x80 { throw error("expected UTF-8") }
        at &+= length
    }

    /// Scans the number that begins at `at` with a digit or a minus.
    mutating func number() throws(JSONSyntaxError) {
        let start = at
        var kind = JSONTape.Kind.integer
        if byte(at) == UInt8(ascii: "-") { at &+= 1 }
        if byte(at) == UInt8(ascii: "0") {
            at &+= 1
            if isDigit(at) { throw error("a number must not begin with 0") }
        } else {
            try digits()
        }
        if byte(at) == UInt8(ascii: ".") {
            kind = .decimal
            at &+= 1
            try digits()
        }
        if byte(at) | 0x20 == UInt8(ascii: "e") {
            kind = .decimal
            at &+= 1
            if byte(at) == UInt8(ascii: "+") || byte(at) == UInt8(ascii: "-") { at &+= 1 }
            try digits()
        }
        append(kind, from: start, to: at)
    }

    private func isDigit(_ index: Int) -> Bool { byte(index) &- 0x30 < 10 }

    private mutating func digits() throws(JSONSyntaxError) {
        guard isDigit(at) else { throw error("expected a digit") }
        repeat { at &+= 1 } while isDigit(at)
    }
}
