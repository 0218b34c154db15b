/// The name of an entry in a store: bytes, which usually are text.
///
/// Keys are in the order of their bytes. None is special: the empty one, and bytes that are no UTF-8, are keys like others.
public nonisolated struct StoreKey: Hashable, Sendable {
    /// Its bytes.
    public let bytes: [UInt8]

    /// A key of these bytes.
    public init(_ bytes: [UInt8]) { self.bytes = bytes }

    /// A key of the text's UTF-8.
    public init(_ text: some StringProtocol) { bytes = Array(text.utf8) }

    /// The text that it is; `nil` when it is no UTF-8.
    public var text: String? { String(validating: bytes, as: UTF8.self) }

    /// Whether it begins with another.
    public func hasPrefix(_ prefix: StoreKey) -> Bool { bytes.starts(with: prefix.bytes) }

    /// The first of all keys that come after every key with this prefix; `nil` when there are none.
    var endOfPrefix: StoreKey? {
        guard let index = bytes.lastIndex(where: { $0 < 255 }) else { return nil }
        var end = Array(bytes[...index])
        end[index] += 1
        return StoreKey(end)
    }
}

nonisolated extension StoreKey: Comparable {
    /// By bytes.
    public static func < (left: StoreKey, right: StoreKey) -> Bool {
        left.bytes.lexicographicallyPrecedes(right.bytes)
    }
}

nonisolated extension StoreKey: ExpressibleByStringInterpolation, CustomStringConvertible {
    /// A key of a text.
    public init(stringLiteral value: String) { self.init(value) }

    /// The key for a message: at most 64 bytes of it, what is no text in hexadecimal digits.
    public var description: String {
        let shown = bytes.prefix(64).map { byte in
            (0x20..<0x7F).contains(byte)
                ? String(UnicodeScalar(byte)) : "\\x" + (byte < 16 ? "0" : "") + String(byte, radix: 16)
        }.joined()
        return bytes.count > 64 ? shown + "…" : shown
    }
}
