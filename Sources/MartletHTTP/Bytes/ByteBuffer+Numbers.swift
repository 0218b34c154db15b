extension ByteBuffer {
    /// Appends `value` in decimal digits.
    public mutating func append(decimal value: UInt64) {
        guard value < 100 else { return append(value, radix: 10, mostDigits: 20) }
        reserve(2)
        // `reserve` has allocated two bytes from `last` on.
        let (tens, ones) = value.quotientAndRemainder(dividingBy: 10)
        let start = base.unsafelyUnwrapped + last
        if tens > 0 { start.storeBytes(of: UInt8(truncatingIfNeeded: tens) &+ 0x30, as: UInt8.self) }
        start.storeBytes(
            of: UInt8(truncatingIfNeeded: ones) &+ 0x30, toByteOffset: tens > 0 ? 1 : 0, as: UInt8.self)
        last &+= tens > 0 ? 2 : 1
    }

    /// Appends `value` in lower-case hexadecimal digits, without leading zeros.
    public mutating func append(hex value: UInt64) {
        append(value, radix: 16, mostDigits: 16)
    }

    @inline(__always)
    private mutating func append(_ value: UInt64, radix: UInt64, mostDigits: Int) {
        var digits = 1
        var rest = value / radix
        while rest != 0 {
            digits &+= 1
            rest /= radix
        }
        reserve(mostDigits)
        var remaining = value
        var offset = last &+ digits
        repeat {
            offset &-= 1
            let digit = UInt8(truncatingIfNeeded: remaining % radix)
            // `reserve` has allocated `mostDigits` bytes from `last` on.
            base.unsafelyUnwrapped.storeBytes(
                of: digit &+ (digit < 10 ? 0x30 : 0x57), toByteOffset: offset, as: UInt8.self)
            remaining /= radix
        } while remaining != 0
        last &+= digits
    }
}
