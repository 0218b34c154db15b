import Glibc

/// Which Internet addresses are asked for.
public nonisolated enum AddressFamily: Hashable, Sendable {
    /// Both kinds.
    case any
    /// Four octets (RFC 791).
    case ipv4
    /// Sixteen octets (RFC 8200).
    case ipv6

    /// The kernel's number (man 7 address_families).
    var rawValue: Int32 {
        switch self {
        case .any: AF_UNSPEC
        case .ipv4: AF_INET
        case .ipv6: AF_INET6
        }
    }

    /// Whether an address is of this kind.
    func includes(_ address: SocketAddress) -> Bool {
        switch (self, address) {
        case (.any, _), (.ipv4, .ipv4), (.ipv6, .ipv6): true
        default: false
        }
    }
}
