/// A name of one state of a resource, RFC 9110 §8.8.3: `"abc"`, or `W/"abc"` when it is weak.
public struct EntityTag: Sendable {
    /// What is between the quotes.
    public let opaque: String
    /// Whether it stands for states that mean the same, not only for those that are the same bytes.
    public let isWeak: Bool

    /// A tag of one's own; nil when `opaque` has other than visible ASCII characters, or a quote.
    public init?(opaque: String, isWeak: Bool = false) {
        guard opaque.utf8.allSatisfy({ Self.isOpaque($0) && $0 < 0x80 }) else { return nil }
        self.opaque = opaque
        self.isWeak = isWeak
    }

    /// Reads a tag; nil when `text` is none. `W` is of upper case and there is no white space, as the grammar has it.
    public init?(_ text: String) {
        var reader = FieldReader(text)
        guard let tag = reader.entityTag(), reader.isAtEnd else { return nil }
        self = tag
    }

    fileprivate init(unchecked opaque: Substring, isWeak: Bool) {
        self.opaque = String(opaque)
        self.isWeak = isWeak
    }

    /// Whether both are strong and the same: the comparison of If-Match and If-Range (RFC 9110 §8.8.3.2).
    public func matchesStrongly(_ other: EntityTag) -> Bool {
        !isWeak && !other.isWeak && matchesWeakly(other)
    }

    /// Whether both have the same opaque part: the comparison of If-None-Match (RFC 9110 §8.8.3.2).
    public func matchesWeakly(_ other: EntityTag) -> Bool {
        opaque.utf8.elementsEqual(other.opaque.utf8)
    }

    /// `etagc`
    fileprivate static func isOpaque(_ byte: UInt8) -> Bool {
        byte > 0x20 && byte != ASCII.quote && byte != 0x7F
    }
}

extension EntityTag: Hashable {
    /// Whether both are written the same, byte for byte.
    public static func == (left: EntityTag, right: EntityTag) -> Bool {
        left.isWeak == right.isWeak && left.matchesWeakly(right)
    }

    /// Hashes what `==` compares.
    public func hash(into hasher: inout Hasher) {
        hasher.combine(isWeak)
        for byte in opaque.utf8 { hasher.combine(byte) }
    }
}

extension EntityTag: CustomStringConvertible {
    /// The tag as a field has it.
    public var description: String { (isWeak ? "W/\"" : "\"") + opaque + "\"" }
}

extension FieldReader {
    mutating func entityTag() -> EntityTag? {
        var reader = self
        let isWeak = reader.next == UInt8(ascii: "W")
        if isWeak {
            _ = reader.skip(UInt8(ascii: "W"))
            guard reader.skip(ASCII.slash) else { return nil }
        }
        guard reader.skip(ASCII.quote) else { return nil }
        let opaque = reader.take(while: EntityTag.isOpaque)
        guard reader.skip(ASCII.quote) else { return nil }
        self = reader
        return EntityTag(unchecked: opaque, isWeak: isWeak)
    }
}
