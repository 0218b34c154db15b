/// Finds the bytes that matter in strings, eight at a time.
enum WordScan {
    private static let ones: UInt64 = 0x0101_0101_0101_0101
    private static let highBits: UInt64 = 0x8080_8080_8080_8080

    /// The number of leading bytes of a little-endian word that are neither quote, backslash, control character nor,
    /// when `stopsAtNonASCII`, beyond ASCII; 8 when all are plain.
    @inline(__always)
    static func plainBytes(_ word: UInt64, stopsAtNonASCII: Bool) -> Int {
        let quote = word ^ (ones &* 0x22)
        let backslash = word ^ (ones &* 0x5C)
        // A byte that borrowed from the one above may mark that one wrongly, never one below: the lowest mark is right.
        var marks = (quote &- ones) & ~quote
        marks |= (backslash &- ones) & ~backslash
        marks |= (word &- (ones &* 0x20)) & ~word
        if stopsAtNonASCII { marks |= word }
        return (marks & highBits).trailingZeroBitCount >> 3
    }

    /// The first byte in `range` that `plainBytes` stops at, or the end of the range.
    @inline(__always)
    static func firstSpecial(
        _ bytes: UnsafePointer<UInt8>, from start: Int, to end: Int, stopsAtNonASCII: Bool
    ) -> Int {
        var at = start
        while end &- at >= 8 {
            // Eight bytes from `at` on end within the range.
            let word = UnsafeRawPointer(bytes + at).loadUnaligned(as: UInt64.self).littleEndian
            let plain = plainBytes(word, stopsAtNonASCII: stopsAtNonASCII)
            at &+= plain
            if plain < 8 { return at }
        }
        while at < end {
            let byte = bytes[at]
            if byte < 0x20 || byte == 0x22 || byte == 0x5C || (stopsAtNonASCII && byte >= 0x80) { return at }
            at &+= 1
        }
        return at
    }
}
