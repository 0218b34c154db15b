/// A range of IP addresses that begin with the same bits, RFC 4632 §3.1: `10.0.0.0/8`, `2001:db8::/32`.
public struct AddressPrefix: Hashable, Sendable {
    private let address: NetworkAddress
    /// How many bits all addresses have in common: up to 32 for IPv4, 128 for IPv6.
    public let length: Int
    private let text: String

    /// Reads a prefix, or an address, which is the range of only itself. Bits behind the prefix do not count.
    ///
    /// Nil when `text` is neither.
    public init?(_ text: String) {
        let parts = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        guard let address = NetworkAddress(parts[0]) else { return nil }
        var length = address.width
        if parts.count > 1 {
            var reader = FieldReader(parts[1])
            guard let given = reader.decimal(), reader.isAtEnd, given <= UInt64(length) else { return nil }
            length = Int(given)
        }
        self.address = address
        self.length = length
        self.text = text
    }

    /// Whether `address` is an IP address in the range.
    ///
    /// An IPv4 address that is written as IPv6 is taken for the IPv4 address, and a zone (`%eth0`) is ignored.
    public func contains(_ address: String) -> Bool {
        guard let other = NetworkAddress(address), other.isIPv4 == self.address.isIPv4 else { return false }
        return (other.bits ^ self.address.bits) >> UInt128(other.width - length) == 0
    }

    /// Whether both are the same range, however it is written.
    public static func == (left: AddressPrefix, right: AddressPrefix) -> Bool {
        left.firstBits == right.firstBits && left.length == right.length
            && left.address.isIPv4 == right.address.isIPv4
    }

    /// Hashes what `==` compares.
    public func hash(into hasher: inout Hasher) {
        hasher.combine(firstBits)
        hasher.combine(length)
        hasher.combine(address.isIPv4)
    }

    private var firstBits: UInt128 { address.bits >> UInt128(address.width - length) }
}

extension AddressPrefix: CustomStringConvertible {
    /// The prefix as it was read.
    public var description: String { text }
}
