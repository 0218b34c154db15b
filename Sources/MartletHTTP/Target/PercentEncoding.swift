/// Decoding of percent-encoded octets, RFC 3986 §2.1: exactly once, and never half.
public enum PercentEncoding {
    /// The value of the escape that begins at `offset`, nil when `%` and two hexadecimal digits do not stand there.
    @inline(__always)
    static func escape(in bytes: Span<UInt8>, at offset: Int, to end: Int) -> UInt8? {
        guard offset &+ 2 < end,
            let high = ASCII.hexValue(bytes[offset &+ 1]), let low = ASCII.hexValue(bytes[offset &+ 2])
        else { return nil }
        return high << 4 | low
    }

    /// What keeps escaped text from being decoded.
    enum Defect: Error {
        case escape, encoding, nul

        /// The defect in words that follow a name.
        var message: String {
            switch self {
            case .escape: "% is not followed by two hexadecimal digits"
            case .encoding: "the decoded text is not UTF-8"
            case .nul: "%00 is not allowed"
            }
        }
    }

    /// The bytes that `range` stands for. With `plusIsSpace`, `+` means a space, as it does in a form's query but not
    /// in a path.
    ///
    /// - Throws: 400 when a `%` is not followed by two hexadecimal digits. An escape that yields `%` is not
    ///   decoded again.
    public static func decode(
        _ range: ByteRange, in bytes: Span<UInt8>, plusIsSpace: Bool = false
    ) throws(HTTP1Error) -> [UInt8] {
        do throws(Defect) {
            return try octets(range, in: bytes, plusIsSpace: plusIsSpace)
        } catch {
            throw HTTP1Error(.target, "target: \(error.message)")
        }
    }

    /// The text that `range` stands for.
    ///
    /// - Throws: 400 when an escape is malformed, when the decoded bytes are not UTF-8, or when they contain NUL,
    ///   which would end the text early for everything written in C.
    public static func string(
        _ range: ByteRange, in bytes: Span<UInt8>, plusIsSpace: Bool = false
    ) throws(HTTP1Error) -> String {
        do throws(Defect) {
            return try text(range, in: bytes, plusIsSpace: plusIsSpace)
        } catch {
            throw HTTP1Error(.target, "target: \(error.message)")
        }
    }

    /// The text that `range` stands for, or why there is none, for callers that name the place themselves.
    static func text(_ range: ByteRange, in bytes: Span<UInt8>, plusIsSpace: Bool) throws(Defect) -> String {
        let decoded = try octets(range, in: bytes, plusIsSpace: plusIsSpace)
        guard let text = String(validating: decoded, as: UTF8.self) else { throw .encoding }
        guard !decoded.contains(0) else { throw .nul }
        return text
    }

    private static func octets(
        _ range: ByteRange, in bytes: Span<UInt8>, plusIsSpace: Bool
    ) throws(Defect) -> [UInt8] {
        var decoded: [UInt8] = []
        decoded.reserveCapacity(range.count)
        let end = Int(range.end)
        var i = Int(range.start)
        while i < end {
            let byte = bytes[i]
            if byte == ASCII.percent {
                guard let value = escape(in: bytes, at: i, to: end) else { throw .escape }
                decoded.append(value)
                i += 3
            } else {
                decoded.append(byte == ASCII.plus && plusIsSpace ? ASCII.space : byte)
                i += 1
            }
        }
        return decoded
    }

    /// Whether every `%` in `range` is followed by two hexadecimal digits and none of the escapes is NUL.
    public static func isValid(_ range: ByteRange, in bytes: Span<UInt8>) -> Bool {
        let end = Int(range.end)
        for i in range.range where bytes[i] == ASCII.percent {
            guard let value = escape(in: bytes, at: i, to: end), value != 0 else { return false }
        }
        return true
    }
}
