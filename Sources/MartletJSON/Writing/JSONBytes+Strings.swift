extension JSONBytes {
    /// Appends `text` in quotes; quotes, backslashes and control characters in it are escaped (RFC 8259 §7).
    @inline(__always)
    mutating func append(quoted text: String) {
        var text = text
        text.withUTF8 { append(quoted: $0) }
    }

    @inline(__always)
    private mutating func append(quoted text: UnsafeBufferPointer<UInt8>) {
        reserve(text.count &+ 2)
        append(UInt8(ascii: "\""))
        if let bytes = text.baseAddress {
            var start = 0
            while true {
                let special = WordScan.firstSpecial(bytes, from: start, to: text.count, stopsAtNonASCII: false)
                append(UnsafeBufferPointer(start: bytes + start, count: special &- start))
                if special == text.count { break }
                appendEscape(bytes[special])
                start = special &+ 1
            }
        }
        append(UInt8(ascii: "\""))
    }

    @inline(never)
    private mutating func appendEscape(_ byte: UInt8) {
        switch byte {
        case UInt8(ascii: "\""): append("\\\"")
        case UInt8(ascii: "\\"): append("\\\\")
        case 0x08: append("\\b")
        case 0x09: append("\\t")
        case 0x0A: append("\\n")
        case 0x0C: append("\\f")
        case 0x0D: append("\\r")
        default:
            append("\\u00")
            append(byte < 0x10 ? UInt8(ascii: "0") : UInt8(ascii: "1"))
            append(byte & 0xF < 10 ? byte & 0xF &+ 0x30 : byte & 0xF &+ 0x57)
        }
    }
}
