/// What lines say.
enum RESPText {
    static var ok: String { "OK" }

    /// Text; what is no UTF-8 is replaced by U+FFFD.
    @inline(__always)
    static func string(_ text: UnsafeRawBufferPointer) -> String {
        if text.count == 2, text[0] == UInt8(ascii: "O"), text[1] == UInt8(ascii: "K") { return ok }
        return String(decoding: text, as: UTF8.self)
    }

    /// An integer of 64 bits.
    @inline(__always)
    static func integer(_ text: UnsafeRawBufferPointer) throws(RESPError) -> Int64 {
        var index = 0
        var isNegative = false
        if let first = text.first, first == UInt8(ascii: "-") || first == UInt8(ascii: "+") {
            isNegative = first == UInt8(ascii: "-")
            index = 1
        }
        guard index < text.count else { throw RESPError(.value, "an integer has no digits") }
        // Of 18 digits no sum can overflow.
        guard text.count - index <= 18 else { return try longInteger(text) }
        var value: Int64 = 0
        while index < text.count {
            let digit = text[index] &- UInt8(ascii: "0")
            guard digit <= 9 else { throw RESPError(.value, "an integer has other characters than digits") }
            value = value &* 10 &+ Int64(digit)
            index += 1
        }
        return isNegative ? -value : value
    }

    @inline(never)
    private static func longInteger(_ text: UnsafeRawBufferPointer) throws(RESPError) -> Int64 {
        guard let value = Int64(String(decoding: text, as: UTF8.self)) else {
            throw RESPError(.value, "an integer does not fit into 64 bits, or has other characters than digits")
        }
        return value
    }

    /// A length: not negative, but -1 where that stands for null.
    @inline(__always)
    static func length(_ text: UnsafeRawBufferPointer, orNull: Bool) throws(RESPError) -> Int {
        guard let first = text.first, first != UInt8(ascii: "+") else {
            throw RESPError(.length, "a length is no number")
        }
        let length: Int64
        do throws(RESPError) { length = try integer(text) } catch { throw RESPError(.length, "a length is no number") }
        guard length >= 0 || (orNull && length == -1), first != UInt8(ascii: "-") || length == -1 else {
            throw RESPError(.length, "a length is negative")
        }
        return Int(length)
    }

    /// A double: digits with point and exponent, `inf`, `-inf`, `nan`.
    static func double(_ text: UnsafeRawBufferPointer) throws(RESPError) -> Double {
        let string = String(decoding: text, as: UTF8.self)
        switch string.lowercased() {
        case "inf", "+inf": return .infinity
        case "-inf": return -.infinity
        case "nan", "-nan", "+nan": return .nan
        default: break
        }
        guard string.utf8.allSatisfy(isOfDouble), let value = Double(string) else {
            throw RESPError(.value, "a double is no number")
        }
        return value
    }

    private static func isOfDouble(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x30...0x39, UInt8(ascii: "-"), UInt8(ascii: "+"), UInt8(ascii: "."), UInt8(ascii: "e"), UInt8(ascii: "E"):
            true
        default: false
        }
    }

    static func boolean(_ text: UnsafeRawBufferPointer) throws(RESPError) -> Bool {
        switch (text.count, text.first) {
        case (1, UInt8(ascii: "t")): return true
        case (1, UInt8(ascii: "f")): return false
        default: throw RESPError(.value, "a boolean is neither t nor f")
        }
    }

    /// The digits of an integer of any size.
    static func bigNumber(_ text: UnsafeRawBufferPointer) throws(RESPError) -> String {
        var digits = text[...]
        if let first = digits.first, first == UInt8(ascii: "-") || first == UInt8(ascii: "+") { digits.removeFirst() }
        guard !digits.isEmpty, digits.allSatisfy({ (0x30...0x39).contains($0) }) else {
            throw RESPError(.value, "a big number has other characters than digits")
        }
        return String(decoding: text, as: UTF8.self)
    }
}
