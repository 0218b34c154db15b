/// A small generator that gives the same numbers on every run, so that a failure can be seen again.
struct SplitMix64: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var word = state
        word = (word ^ word >> 30) &* 0xBF58_476D_1CE4_E5B9
        word = (word ^ word >> 27) &* 0x94D0_49BB_1331_11EB
        return word ^ word >> 31
    }

    /// Up to `most` bytes out of `alphabet`.
    mutating func bytes(upTo most: Int, from alphabet: [UInt8]) -> [UInt8] {
        (0..<Int.random(in: 0...most, using: &self)).map { _ in
            alphabet[Int.random(in: 0..<alphabet.count, using: &self)]
        }
    }

    /// `bytes` with some of them changed, removed, doubled or cut off.
    mutating func mutated(_ bytes: [UInt8]) -> [UInt8] {
        var bytes = bytes
        for _ in 0..<Int.random(in: 1...3, using: &self) where !bytes.isEmpty {
            let place = Int.random(in: 0..<bytes.count, using: &self)
            switch Int.random(in: 0..<5, using: &self) {
            case 0: bytes[place] = UInt8.random(in: 0...255, using: &self)
            case 1: bytes[place] ^= 1 << UInt8.random(in: 0..<8, using: &self)
            case 2: bytes.remove(at: place)
            case 3: bytes.insert(bytes[place], at: place)
            default: bytes.removeLast(bytes.count - place)
            }
        }
        return bytes
    }

    /// Where a stream of `count` bytes is cut, the end included.
    mutating func ends(_ count: Int) -> [Int] {
        var ends: [Int] = []
        while ends.last ?? 0 < count {
            ends.append(min((ends.last ?? 0) + Int.random(in: 1...9, using: &self), count))
        }
        return ends
    }
}
