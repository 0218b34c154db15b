/// A number as digits and a power of ten, without trailing zeros.
struct JSONDecimal {
    private(set) var isNegative = false
    private(set) var digits: UInt128 = 0
    private(set) var exponent = 0
    /// Whether the digits fit: if not, `digits` and `exponent` say nothing.
    private(set) var isExact = true

    /// An exponent beyond this is as good as infinite, and sums of such still fit.
    private static let mostExponent = 1 << 40

    var isZero: Bool { isExact && digits == 0 }

    /// Of the bytes of a number that the scanner has accepted.
    init(_ text: UnsafeBufferPointer<UInt8>) {
        var isFraction = false
        // Zeros count only when another digit follows, so that many of them behind the point do not overflow.
        var zeros = 0
        var at = text.startIndex
        scanning: while at < text.endIndex {
            switch text[at] {
            case UInt8(ascii: "-"): isNegative = true
            case UInt8(ascii: "."): isFraction = true
            case UInt8(ascii: "e"), UInt8(ascii: "E"): break scanning
            case UInt8(ascii: "0"):
                if isFraction { exponent -= 1 }
                if digits != 0 { zeros += 1 }
            case let digit:
                if isFraction { exponent -= 1 }
                append(digit &- 0x30, after: zeros)
                zeros = 0
            }
            at += 1
        }
        exponent += zeros
        if at < text.endIndex { exponent += Self.exponent(text[(at + 1)...]) }
        if digits == 0 { exponent = 0 }
    }

    private mutating func append(_ digit: UInt8, after zeros: Int) {
        guard isExact else { return }
        if digits < 1_000_000_000_000_000, zeros == 0 {
            digits = digits &* 10 &+ UInt128(digit)
            return
        }
        for _ in 0...zeros {
            let (product, overflowed) = digits.multipliedReportingOverflow(by: 10)
            if overflowed {
                isExact = false
                return
            }
            digits = product
        }
        let (sum, overflowed) = digits.addingReportingOverflow(UInt128(digit))
        digits = sum
        if overflowed { isExact = false }
    }

    private static func exponent(_ text: Slice<UnsafeBufferPointer<UInt8>>) -> Int {
        var value = 0
        for byte in text where byte &- 0x30 < 10 {
            value = min(value * 10 + Int(byte &- 0x30), mostExponent)
        }
        return text.first == UInt8(ascii: "-") ? -value : value
    }
}
