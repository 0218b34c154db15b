/// Eight bytes at a time in one register.
///
/// The tests set the top bit of each byte that they hit. They subtract, and a borrow can set one too many: but only above
/// a byte that is hit for true. So the lowest hit is always true, and no hit at all is true as well.
package enum SWAR {
    /// The top bit of each byte.
    @inlinable
    package static var topBits: UInt64 { 0x8080_8080_8080_8080 }

    /// `byte` eight times.
    @inlinable @inline(__always)
    package static func all(_ byte: UInt8) -> UInt64 { UInt64(byte) &* 0x0101_0101_0101_0101 }

    /// Hits bytes that are 0; other bits than the top ones mean nothing.
    @inlinable @inline(__always)
    package static func zeros(_ word: UInt64) -> UInt64 { (word &- 0x0101_0101_0101_0101) & ~word }
}
