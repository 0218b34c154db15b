/// The masking of a client's frames, RFC 6455 §5.3: each byte is combined with one of four by exclusive or. Masking twice
/// gives the bytes back.
///
/// The value is the key as it applies to the next byte, so that a payload may come in pieces of any length.
public struct WebSocketMask: Hashable, Sendable {
    /// The four bytes, the next one in the lowest bits.
    public private(set) var key: UInt32

    /// A mask by its key, the first byte in the lowest bits.
    public init(key: UInt32) { self.key = key }

    /// A mask that nobody can foretell, as a client needs for each frame, RFC 6455 §10.3.
    public static func random() -> WebSocketMask {
        WebSocketMask(key: .random(in: .min ... .max))
    }

    /// Masks or unmasks `bytes` in place.
    public mutating func apply(to bytes: UnsafeMutableRawBufferPointer) {
        guard let start = bytes.baseAddress else { return }
        combine(UnsafeRawPointer(start), start, bytes.count)
    }

    /// Writes `source`, masked or unmasked, to `destination`, which has room for it and does not overlap it.
    public mutating func copy(_ source: UnsafeRawBufferPointer, to destination: UnsafeMutableRawPointer) {
        guard let start = source.baseAddress else { return }
        combine(start, destination, source.count)
    }

    /// Every step loads before it stores, so `source` may be `destination`. 64 bytes a step, then 8, then one: the widest
    /// type makes the compiler use the widest registers it may.
    private mutating func combine(_ source: UnsafeRawPointer, _ destination: UnsafeMutableRawPointer, _ count: Int) {
        let word = (UInt64(key) << 32 | UInt64(key)).littleEndian
        let block = SIMD8<UInt64>(repeating: word)
        var i = 0
        while count &- i >= 64 {
            let bytes = source.loadUnaligned(fromByteOffset: i, as: SIMD8<UInt64>.self)
            destination.storeBytes(of: bytes ^ block, toByteOffset: i, as: SIMD8<UInt64>.self)
            i &+= 64
        }
        while count &- i >= 8 {
            let bytes = source.loadUnaligned(fromByteOffset: i, as: UInt64.self)
            destination.storeBytes(of: bytes ^ word, toByteOffset: i, as: UInt64.self)
            i &+= 8
        }
        while i < count {
            let byte = UInt8(truncatingIfNeeded: key)
            destination.storeBytes(
                of: source.load(fromByteOffset: i, as: UInt8.self) ^ byte, toByteOffset: i, as: UInt8.self)
            key = key >> 8 | key << 24
            i &+= 1
        }
    }
}
