/// The value of a number that the scanner has accepted: exact for integers, correctly rounded for the others.
struct JSONNumber {
    private let text: UnsafeBufferPointer<UInt8>

    /// Of the bytes of a number, which must outlive this value.
    init(_ text: UnsafeBufferPointer<UInt8>) { self.text = text }

    /// The number when it is whole and fits; whole are also `1.0` and `1e3`.
    @inline(__always)
    func integer<Value: FixedWidthInteger>(_ type: Value.Type, isInteger: Bool) -> Value? {
        guard isInteger, text.count < 20 else { return wholeNumber() }
        var rest = text[...]
        let isNegative = rest.first == UInt8(ascii: "-")
        if isNegative { rest.removeFirst() }
        // At most nineteen digits: less than 2^64.
        var magnitude: UInt64 = 0
        for digit in rest { magnitude = magnitude &* 10 &+ UInt64(digit &- 0x30) }
        if !isNegative { return Value(exactly: magnitude) }
        return magnitude > UInt64(Int64.max) + 1 ? nil : Value(exactly: Int64(truncatingIfNeeded: 0 &- magnitude))
    }

    private func wholeNumber<Value: FixedWidthInteger>() -> Value? {
        let decimal = JSONDecimal(text)
        // Digits behind the point that are not 0 leave a fraction, which no exponent within reach makes whole.
        guard decimal.isExact, decimal.exponent >= 0 else { return decimal.isZero ? 0 : nil }
        var magnitude = decimal.digits
        for _ in 0..<(magnitude == 0 ? 0 : decimal.exponent) {
            let (product, overflowed) = magnitude.multipliedReportingOverflow(by: 10)
            if overflowed { return nil }
            magnitude = product
        }
        if !decimal.isNegative { return Value(exactly: magnitude) }
        return magnitude > UInt128(Int128.max) + 1 ? nil : Value(exactly: Int128(truncatingIfNeeded: 0 &- magnitude))
    }

    /// The nearest `Double`; nil when the number is beyond the largest.
    func double() -> Double? {
        let decimal = JSONDecimal(text)
        // Both are exact in a Double, so that one division or multiplication rounds once.
        if decimal.isExact, decimal.digits <= 1 << 53, decimal.exponent.magnitude <= 22 {
            let digits = Double(UInt64(truncatingIfNeeded: decimal.digits))
            let power = Self.powersOfTen[Int(decimal.exponent.magnitude)]
            let magnitude = decimal.exponent < 0 ? digits / power : digits * power
            return decimal.isNegative ? -magnitude : magnitude
        }
        guard let value = Double(String(decoding: text, as: UTF8.self)), value.isFinite else { return nil }
        return value
    }

    /// The nearest `Float`; nil when the number is beyond the largest.
    func float() -> Float? {
        guard let value = Float(String(decoding: text, as: UTF8.self)), value.isFinite else { return nil }
        return value
    }

    private static let powersOfTen: [Double] = [
        1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19,
        1e20, 1e21, 1e22,
    ]
}
