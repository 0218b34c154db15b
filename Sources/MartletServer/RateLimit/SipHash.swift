/// SipHash-2-4 (Aumasson and Bernstein, 2012): a hash that nobody can aim at who does not know the key.
///
/// `Hasher` is keyed as well, but anew in each process; processes that share a table need the same key.
nonisolated struct SipHash {
    private var v0: UInt64
    private var v1: UInt64
    private var v2: UInt64
    private var v3: UInt64
    private var count: UInt64 = 0

    init(key: (UInt64, UInt64)) {
        v0 = key.0 ^ 0x736f_6d65_7073_6575
        v1 = key.1 ^ 0x646f_7261_6e64_6f6d
        v2 = key.0 ^ 0x6c79_6765_6e65_7261
        v3 = key.1 ^ 0x7465_6462_7974_6573
    }

    /// Takes in eight bytes, as a little-endian number.
    mutating func add(_ word: UInt64) {
        count &+= 8
        compress(word)
    }

    /// Takes in a text: its length, then its bytes in words. No two sequences of texts are taken in alike.
    mutating func add(_ text: some StringProtocol) {
        add(UInt64(text.utf8.count))
        var word: UInt64 = 0
        var filled: UInt64 = 0
        for byte in text.utf8 {
            word |= UInt64(byte) << filled
            filled += 8
            if filled == 64 {
                add(word)
                word = 0
                filled = 0
            }
        }
        if filled > 0 { add(word) }
    }

    /// The hash of all that was taken in, and of fewer than eight bytes more.
    ///
    /// - Parameters:
    ///   - tail: the bytes, as a little-endian number.
    ///   - tailCount: how many they are.
    consuming func finish(tail: UInt64 = 0, tailCount: UInt64 = 0) -> UInt64 {
        compress((count &+ tailCount) << 56 | tail)
        v2 ^= 0xFF
        for _ in 0..<4 { round() }
        return v0 ^ v1 ^ v2 ^ v3
    }

    private mutating func compress(_ word: UInt64) {
        v3 ^= word
        round()
        round()
        v0 ^= word
    }

    private mutating func round() {
        v0 &+= v1
        v1 = Self.rotated(v1, 13) ^ v0
        v0 = Self.rotated(v0, 32)
        v2 &+= v3
        v3 = Self.rotated(v3, 16) ^ v2
        v0 &+= v3
        v3 = Self.rotated(v3, 21) ^ v0
        v2 &+= v1
        v1 = Self.rotated(v1, 17) ^ v2
        v2 = Self.rotated(v2, 32)
    }

    private static func rotated(_ word: UInt64, _ bits: UInt64) -> UInt64 { word &<< bits | word &>> (64 &- bits) }
}
