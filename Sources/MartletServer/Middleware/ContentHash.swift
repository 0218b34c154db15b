/// A hash of 64 bits that is the same in every process: for telling states of a resource apart, not for keeping
/// somebody who writes both from making them alike.
nonisolated enum ContentHash {
    private static let factor: UInt64 = 0x9E37_79B9_7F4A_7C15

    /// Eight bytes at a time, each folded in by a multiplication of 64 bits to 128.
    static func hash(_ bytes: UnsafeRawBufferPointer) -> UInt64 {
        var hash = UInt64(bytes.count) ^ 0x2545_F491_4F6C_DD1D
        var offset = 0
        while bytes.count - offset >= 8 {
            hash = mix(hash ^ UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self)))
            offset += 8
        }
        var tail: UInt64 = 0
        while offset < bytes.count {
            tail = tail << 8 | UInt64(bytes[offset])
            offset += 1
        }
        return mix(mix(hash ^ tail) ^ factor)
    }

    private static func mix(_ word: UInt64) -> UInt64 {
        let product = (word ^ 0xD6E8_FEB8_6659_FD93).multipliedFullWidth(by: factor)
        // A fold alone would forget a word of nothing but zeros.
        return product.high ^ product.low &+ word.rotated
    }
}

nonisolated extension UInt64 {
    fileprivate var rotated: UInt64 { self << 23 | self >> 41 }

    /// Eleven letters, digits, `-` and `_`, which a string holds without memory of its own.
    var webSafeText: String {
        String(unsafeUninitializedCapacity: 11) { bytes in
            for index in 0..<11 {
                let digit = UInt8(truncatingIfNeeded: self >> UInt64(index * 6)) & 63
                bytes[index] =
                    switch digit {
                    case 0..<10: 0x30 + digit
                    case 10..<36: 0x41 + digit - 10
                    case 36..<62: 0x61 + digit - 36
                    case 62: 0x2D
                    default: 0x5F
                    }
            }
            return 11
        }
    }
}
