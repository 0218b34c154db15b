/// The Castagnoli checksum, RFC 3720 Appendix B.4, bit by bit: what it is computed of is short, and once a connection.
struct CRC32C {
    private var remainder = UInt32.max

    var value: UInt32 { ~remainder }

    mutating func add(_ byte: UInt8) {
        remainder ^= UInt32(byte)
        for _ in 0..<8 {
            remainder = remainder >> 1 ^ (remainder & 1 == 1 ? 0x82F6_3B78 : 0)
        }
    }
}
