/// Replaces the escapes of a string that the scanner has accepted (RFC 8259 §7).
enum JSONUnescaping {
    static func string(_ escaped: UnsafeBufferPointer<UInt8>) -> String {
        // Each escape is longer than what it stands for.
        String(unsafeUninitializedCapacity: escaped.count) { unescape(escaped, into: $0) }
    }

    private static func unescape(
        _ escaped: UnsafeBufferPointer<UInt8>, into output: UnsafeMutableBufferPointer<UInt8>
    ) -> Int {
        var at = 0
        var end = 0
        while at < escaped.count {
            guard escaped[at] == UInt8(ascii: "\\") else {
                output[end] = escaped[at]
                at += 1
                end += 1
                continue
            }
            switch escaped[at + 1] {
            case UInt8(ascii: "u"):
                for unit in UTF8.encode(scalar(escaped, &at)).unsafelyUnwrapped {
                    output[end] = unit
                    end += 1
                }
                continue
            case UInt8(ascii: "b"): output[end] = 0x08
            case UInt8(ascii: "f"): output[end] = 0x0C
            case UInt8(ascii: "n"): output[end] = 0x0A
            case UInt8(ascii: "r"): output[end] = 0x0D
            case UInt8(ascii: "t"): output[end] = 0x09
            case let character: output[end] = character
            }
            at += 2
            end += 1
        }
        return end
    }

    /// The character of the escape at `at`, of which a pair of surrogates makes one.
    private static func scalar(_ escaped: UnsafeBufferPointer<UInt8>, _ at: inout Int) -> Unicode.Scalar {
        var value = unit(escaped, at + 2)
        at += 6
        if value & 0xFC00 == 0xD800 {
            value = 0x10000 + (value & 0x3FF) << 10 + unit(escaped, at + 2) & 0x3FF
            at += 6
        }
        return Unicode.Scalar(value) ?? "\u{FFFD}"
    }

    private static func unit(_ escaped: UnsafeBufferPointer<UInt8>, _ start: Int) -> UInt32 {
        var value: UInt32 = 0
        for i in start..<(start + 4) { value = value << 4 | (JSONScanner.hexadecimalDigit(escaped[i]) ?? 0) }
        return value
    }
}
