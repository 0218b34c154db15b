/// Base 64, RFC 4648 §4 and §5: strict, and in one pass.
public enum Base64 {
    /// The characters, and whether the text is filled up to a multiple of four.
    public enum Alphabet: Sendable {
        /// `+` and `/`, padded with `=`.
        case standard
        /// `-` and `_`, not padded, for URLs, cookies and JSON Web Tokens.
        case url
    }

    /// The text of `bytes`.
    public static func encode(_ bytes: Span<UInt8>, _ alphabet: Alphabet = .standard) -> String {
        var text: [UInt8] = []
        text.reserveCapacity((bytes.count + 2) / 3 * 4)
        var i = 0
        while i < bytes.count {
            let left = min(bytes.count - i, 3)
            var group = UInt32(bytes[i]) << 16
            if left > 1 { group |= UInt32(bytes[i + 1]) << 8 }
            if left > 2 { group |= UInt32(bytes[i + 2]) }
            for digit in 0...left {
                text.append(character(UInt8(truncatingIfNeeded: group >> (18 - 6 * UInt32(digit))) & 0x3F, alphabet))
            }
            if alphabet == .standard { for _ in left..<3 { text.append(ASCII.equals) } }
            i += left
        }
        return String(decoding: text, as: UTF8.self)
    }

    /// The text of `bytes`.
    public static func encode(_ bytes: [UInt8], _ alphabet: Alphabet = .standard) -> String {
        encode(bytes.span, alphabet)
    }

    /// The bytes that `text` stands for.
    ///
    /// Nil when a character is of another alphabet, white space included; when the padding is not that of the
    /// alphabet; and when the last character has bits that stand for nothing, so that no two texts mean the same bytes.
    public static func decode(_ text: Span<UInt8>, _ alphabet: Alphabet = .standard) -> [UInt8]? {
        var end = text.count
        if alphabet == .standard {
            guard end % 4 == 0 else { return nil }
            while end > 0, text.count - end < 2, text[end - 1] == ASCII.equals { end -= 1 }
        }
        guard end % 4 != 1 else { return nil }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(end / 4 * 3 + 2)
        var bits: UInt32 = 0
        var bitCount = 0
        for i in 0..<end {
            guard let digit = value(text[i], alphabet) else { return nil }
            bits = bits << 6 | UInt32(digit)
            bitCount += 6
            if bitCount >= 8 {
                bitCount -= 8
                bytes.append(UInt8(truncatingIfNeeded: bits >> UInt32(bitCount)))
                bits &= 1 << UInt32(bitCount) - 1
            }
        }
        return bits == 0 ? bytes : nil
    }

    /// The bytes that `text` stands for, see ``decode(_:_:)-(Span<UInt8>,_)``.
    public static func decode(_ text: String, _ alphabet: Alphabet = .standard) -> [UInt8]? {
        decode(text.utf8.span, alphabet)
    }

    /// The bytes that `text` stands for, see ``decode(_:_:)-(Span<UInt8>,_)``.
    public static func decode(_ text: Substring, _ alphabet: Alphabet = .standard) -> [UInt8]? {
        decode(text.utf8.span, alphabet)
    }

    private static func character(_ value: UInt8, _ alphabet: Alphabet) -> UInt8 {
        switch value {
        case ..<26: 0x41 + value
        case ..<52: 0x61 + value - 26
        case ..<62: ASCII.zero + value - 52
        case 62: alphabet == .standard ? ASCII.plus : ASCII.hyphen
        default: alphabet == .standard ? ASCII.slash : ASCII.underscore
        }
    }

    private static func value(_ character: UInt8, _ alphabet: Alphabet) -> UInt8? {
        switch character {
        case 0x41...0x5A: character - 0x41
        case 0x61...0x7A: character - 0x61 + 26
        case 0x30...0x39: character - ASCII.zero + 52
        case ASCII.plus where alphabet == .standard, ASCII.hyphen where alphabet == .url: 62
        case ASCII.slash where alphabet == .standard, ASCII.underscore where alphabet == .url: 63
        default: nil
        }
    }
}
