/// One of the 16,384 parts into which Redis Cluster divides keys: CRC16 of the key, modulo their number.
///
/// Keys that share a hash tag, what stands between the first `{` and the next `}`, share a slot, if there is something
/// between them: `{user1000}.following` and `{user1000}.followers` do
/// (https://redis.io/docs/latest/operate/oss_and_stack/reference/cluster-spec/).
public nonisolated struct RedisSlot: Hashable, Sendable, Comparable, CustomStringConvertible {
    /// The number, from 0 to 16383.
    public let number: UInt16

    /// How many slots there are.
    public static let count = 16384

    /// A slot by its number; `nil` when there is no such slot.
    public init?(_ number: Int) {
        guard (0..<Self.count).contains(number) else { return nil }
        self.number = UInt16(number)
    }

    /// The slot of a key.
    public init(of key: some Collection<UInt8>) {
        number =
            key.withContiguousStorageIfAvailable { Self.slot(of: UnsafeRawBufferPointer($0)) }
            ?? Array(key).withUnsafeBytes { Self.slot(of: $0) }
    }

    /// The slot of a key.
    public init(of key: String) {
        var key = key
        number = key.withUTF8 { Self.slot(of: UnsafeRawBufferPointer($0)) }
    }

    private static func slot(of key: UnsafeRawBufferPointer) -> UInt16 {
        checksum(hashed(of: key)) & UInt16(count - 1)
    }

    /// What counts of a key: its hash tag, or all of it.
    private static func hashed(of key: UnsafeRawBufferPointer) -> Slice<UnsafeRawBufferPointer> {
        guard let open = key.firstIndex(of: UInt8(ascii: "{")) else { return key[...] }
        let rest = key[(open + 1)...]
        guard let close = rest.firstIndex(of: UInt8(ascii: "}")), close > rest.startIndex else { return key[...] }
        return rest[..<close]
    }

    /// CRC16 in the form called XMODEM: polynomial 1021, beginning with 0, nothing reflected.
    static func checksum(_ bytes: some Sequence<UInt8>) -> UInt16 {
        var checksum: UInt16 = 0
        for byte in bytes {
            checksum = checksum << 8 ^ table[Int(checksum >> 8 ^ UInt16(byte))]
        }
        return checksum
    }

    private static let table: [UInt16] = (0..<256).map { index in
        var value = UInt16(index) << 8
        for _ in 0..<8 { value = value & 0x8000 == 0 ? value << 1 : value << 1 ^ 0x1021 }
        return value
    }

    /// The smaller number first.
    public static func < (left: RedisSlot, right: RedisSlot) -> Bool { left.number < right.number }

    /// The number.
    public var description: String { String(number) }
}
