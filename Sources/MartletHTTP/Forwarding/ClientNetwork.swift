/// The network that a client counts as: its IPv4 address, or the first bits of its IPv6 address, of which a single
/// subscriber has as many as it likes (RFC 6177: a /64 at least).
public struct ClientNetwork: Hashable, Sendable {
    /// The address's first bits, the rest of them 0; an IPv4 address in the low 32.
    public let bits: UInt128
    /// Whether it is an IPv4 address. One that is written as IPv6 (`::ffff:192.0.2.1`) is.
    public let isIPv4: Bool

    /// The network of an address without brackets or port; nil when `address` is none.
    ///
    /// - Parameters:
    ///   - address: an IPv4 or IPv6 address; a zone behind it (`%eth0`) is ignored.
    ///   - prefix4: how many bits of an IPv4 address count, 0 to 32; what lies outside counts as the nearest.
    ///   - prefix6: how many bits of an IPv6 address count, 0 to 128; what lies outside counts as the nearest.
    public init?(_ address: some StringProtocol, prefix4: Int = 32, prefix6: Int = 64) {
        guard let address = NetworkAddress(address) else { return nil }
        let ignored = address.width - min(max(address.isIPv4 ? prefix4 : prefix6, 0), address.width)
        // A smart shift: by the whole width it leaves 0.
        bits = (address.bits >> UInt128(ignored)) << UInt128(ignored)
        isIPv4 = address.isIPv4
    }
}
