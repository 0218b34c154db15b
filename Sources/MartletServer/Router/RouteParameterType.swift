import MartletHTTP

/// What a parameter of a route's pattern takes: `{id:int}`. A segment that is something else is not the route's, and
/// goes on to the next one: `/{id:int}` and `/{name}` stand side by side.
public nonisolated enum RouteParameterType: String, CaseIterable, Sendable {
    /// Any segment that is not empty; what `{name}` means.
    case text
    /// A decimal integer that fits 64 bits with sign.
    case integer = "int"
    /// A decimal number, with or without fraction and exponent.
    case number = "double"
    /// A UUID in its usual form, RFC 9562 §4: 8-4-4-4-12 hexadecimal digits.
    case uuid

    /// Whether a segment is of this type, its escapes decoded.
    func matches(_ segment: ByteRange, in bytes: Span<UInt8>, hasEscape: Bool) -> Bool {
        guard hasEscape else { return matches(bytes.extracting(segment.range)) }
        guard let decoded = try? PercentEncoding.decode(segment, in: bytes) else { return false }
        return matches(decoded.span)
    }

    private func matches(_ bytes: Span<UInt8>) -> Bool {
        switch self {
        case .text: true
        case .integer: Self.isInteger(bytes)
        case .number: Self.isNumber(bytes)
        case .uuid: Self.isUUID(bytes)
        }
    }

    private static func isDigit(_ byte: UInt8) -> Bool { byte &- 0x30 < 10 }

    private static func isInteger(_ bytes: Span<UInt8>) -> Bool {
        // 19 digits and a sign; `Int` judges those that may not fit.
        let first = bytes[0] == 0x2D ? 1 : 0
        guard bytes.count > first, bytes.count - first <= 19 else { return false }
        for i in first..<bytes.count where !isDigit(bytes[i]) { return false }
        return bytes.count - first < 19 || Int(String(ByteRange(0, bytes.count), in: bytes)) != nil
    }

    private static func isNumber(_ bytes: Span<UInt8>) -> Bool {
        var i = bytes[0] == 0x2D ? 1 : 0
        func digits() -> Int {
            let start = i
            while i < bytes.count, isDigit(bytes[i]) { i += 1 }
            return i - start
        }
        guard digits() > 0 else { return false }
        if i < bytes.count, bytes[i] == 0x2E {
            i += 1
            guard digits() > 0 else { return false }
        }
        if i < bytes.count, bytes[i] | 0x20 == 0x65 {
            i += 1
            if i < bytes.count, bytes[i] == 0x2B || bytes[i] == 0x2D { i += 1 }
            guard digits() > 0 else { return false }
        }
        return i == bytes.count
    }

    private static func isUUID(_ bytes: Span<UInt8>) -> Bool {
        guard bytes.count == 36 else { return false }
        for i in 0..<36 {
            let byte = bytes[i]
            let isHyphenHere = i == 8 || i == 13 || i == 18 || i == 23
            if isHyphenHere ? byte != 0x2D : !(isDigit(byte) || (byte | 0x20) &- 0x61 < 6) { return false }
        }
        return true
    }
}
