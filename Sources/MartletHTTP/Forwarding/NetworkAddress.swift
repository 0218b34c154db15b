import Glibc

/// An IP address as a number. An IPv4 address that is written as IPv6 (`::ffff:192.0.2.1`), as sockets for both show
/// it, is the IPv4 address.
struct NetworkAddress: Hashable {
    let bits: UInt128
    let isIPv4: Bool

    /// How many of the low bits are the address.
    var width: Int { isIPv4 ? 32 : 128 }

    /// Reads an address without brackets; a zone behind it (`%eth0`) is ignored. Nil when `text` is none.
    init?(_ text: some StringProtocol) {
        var reader = FieldReader(Substring(text))
        let digits = reader.take { ByteClass.of($0) & ByteClass.hexDigit != 0 || $0 == ASCII.colon || $0 == ASCII.dot }
        guard digits.utf8.count <= 45 else { return nil }
        if let address = Self.ipv4(digits) {
            guard reader.isAtEnd else { return nil }
            bits = UInt128(address)
            isIPv4 = true
        } else if let address = Self.ipv6(digits), reader.isAtEnd || reader.isZone() {
            isIPv4 = address >> 32 == 0xFFFF
            bits = isIPv4 ? address & 0xFFFF_FFFF : address
        } else {
            return nil
        }
    }

    private static func ipv4(_ text: Substring) -> UInt32? {
        var address: UInt32 = 0
        // 4 is the length of an IPv4 address, which is what inet_pton writes for this family.
        guard text.withCString({ inet_pton(AF_INET, $0, &address) }) == 1 else { return nil }
        return UInt32(bigEndian: address)
    }

    private static func ipv6(_ text: Substring) -> UInt128? {
        var address: UInt128 = 0
        // 16 is the length of an IPv6 address, which is what inet_pton writes for this family.
        guard text.withCString({ inet_pton(AF_INET6, $0, &address) }) == 1 else { return nil }
        return UInt128(bigEndian: address)
    }
}

extension FieldReader {
    /// Whether all that is left is `%` and the name of an interface, RFC 4007 §11.
    fileprivate mutating func isZone() -> Bool {
        guard skip(ASCII.percent) else { return false }
        let zone = take {
            ASCII.isLetter($0) || ASCII.isDigit($0) || $0 == ASCII.dot || $0 == ASCII.hyphen || $0 == ASCII.underscore
        }
        return isAtEnd && (1...15).contains(zone.utf8.count)
    }
}
