/// From where an address can be reached, as IANA's registries of special addresses say (RFC 6890, and what came later).
///
/// For whoever connects to addresses that somebody else has chosen: only `global` ones are not of this machine, of its
/// networks or of nobody. An IPv6 address in which an IPv4 address is embedded, and to which packets may reach
/// that, counts as that one, too.
public nonisolated enum AddressReach: String, Hashable, Sendable {
    /// From everywhere.
    case global
    /// This machine itself: `127.0.0.0/8`, `::1`, and Unix sockets.
    case loopback
    /// Inside an organisation: `10.0.0.0/8`, `172.16.0.0/12`, `192.168.0.0/16`, `fc00::/7`, `fec0::/10`.
    case `private`
    /// One link, where the services that tell a cloud's machines their secrets are: `169.254.0.0/16`, `fe80::/10`.
    case linkLocal
    /// Between a provider and its customers: `100.64.0.0/10`.
    case shared
    /// Several machines: `224.0.0.0/4`, `ff00::/8`.
    case multicast
    /// Nobody, or this machine in the eyes of many systems: `0.0.0.0/8`, `::`.
    case unspecified
    /// Documentation, benchmarks, protocols, and what nobody was given yet.
    case reserved
}

nonisolated extension SocketAddress {
    /// From where it can be reached.
    public var reach: AddressReach {
        switch self {
        case .ipv4(let host, _): host.reach
        case .ipv6(let host, _, _): host.reach
        case .any: .unspecified
        case .unix, .abstract: .loopback
        }
    }
}

nonisolated extension SocketAddress.IPv4 {
    /// From where it can be reached.
    public var reach: AddressReach {
        Self.special.first { prefix in (bits ^ prefix.bits) >> (32 - prefix.length) == 0 }?.reach ?? .global
    }

    /// iana.org/assignments/iana-ipv4-special-registry
    private static let special: [(bits: UInt32, length: UInt32, reach: AddressReach)] = [
        (0x0000_0000, 8, .unspecified), (0x0A00_0000, 8, .private), (0x6440_0000, 10, .shared),
        (0x7F00_0000, 8, .loopback), (0xA9FE_0000, 16, .linkLocal), (0xAC10_0000, 12, .private),
        (0xC000_0000, 24, .reserved), (0xC000_0200, 24, .reserved), (0xC058_6300, 24, .reserved),
        (0xC0A8_0000, 16, .private), (0xC612_0000, 15, .reserved), (0xC633_6400, 24, .reserved),
        (0xCB00_7100, 24, .reserved), (0xE000_0000, 4, .multicast), (0xF000_0000, 4, .reserved),
    ]
}

nonisolated extension SocketAddress.IPv6 {
    /// From where it can be reached.
    public var reach: AddressReach {
        if let embedded { return embedded.reach }
        if high == 0 { return low == 0 ? .unspecified : low == 1 ? .loopback : .reserved }
        if let prefix = Self.special.first(where: { (high ^ $0.high) >> (64 - $0.length) == 0 }) { return prefix.reach }
        // The only part of which addresses are given out, RFC 4291 §2.4.
        return high >> 61 == 1 ? .global : .reserved
    }

    /// The IPv4 address that packets for this one may reach: mapped (RFC 4291 §2.5.5.2), compatible (§2.5.5.1), translated
    /// (RFC 6052 §2.1, RFC 2765 §2.1) or 6to4 (RFC 3056). Teredo, whose addresses hide theirs, is reserved.
    private var embedded: SocketAddress.IPv4? {
        let last = UInt32(truncatingIfNeeded: low)
        if high == 0 {
            switch low >> 32 {
            case 0xFFFF, 0xFFFF_0000: return .init(bits: last)
            case 0 where last > 1: return .init(bits: last)
            default: return nil
            }
        }
        if high == 0x0064_FF9B_0000_0000, low >> 32 == 0 { return .init(bits: last) }
        if high >> 48 == 0x2002 { return .init(bits: UInt32(truncatingIfNeeded: high >> 16)) }
        return nil
    }

    /// iana.org/assignments/iana-ipv6-special-registry, the first 64 bits.
    private static let special: [(high: UInt64, length: UInt64, reach: AddressReach)] = [
        (0x0064_FF9B_0001_0000, 48, .private), (0x0100_0000_0000_0000, 64, .reserved),
        (0x2001_0000_0000_0000, 23, .reserved), (0x2001_0DB8_0000_0000, 32, .reserved),
        (0x3FFF_0000_0000_0000, 20, .reserved), (0x5F00_0000_0000_0000, 16, .reserved),
        (0xFC00_0000_0000_0000, 7, .private), (0xFE80_0000_0000_0000, 10, .linkLocal),
        (0xFEC0_0000_0000_0000, 10, .private), (0xFF00_0000_0000_0000, 8, .multicast),
    ]
}
