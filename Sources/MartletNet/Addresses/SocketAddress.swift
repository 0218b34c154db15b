import Glibc
import MartletLoop

/// Where a socket listens or connects to.
///
/// | text | means |
/// |---|---|
/// | `127.0.0.1:8080` | IPv4 |
/// | `[::1]:8080`, `[fe80::1%eth0]:8080` | IPv6; `[::]` means all IPv6 addresses and nothing else |
/// | `:8080` | all addresses, IPv4 and IPv6, on one dual-stack socket (RFC 3493 §5.3); IPv4 alone where there is no IPv6 |
/// | `unix:/run/app.sock` | a Unix socket's file |
/// | `unix:@name` | a Unix socket in the abstract namespace (man 7 unix) |
public nonisolated enum SocketAddress: Hashable, Sendable {
    /// Four octets and a port.
    case ipv4(IPv4, port: UInt16)
    /// Sixteen octets, a port and the interface of a link-local address (0: none).
    case ipv6(IPv6, port: UInt16, scope: UInt32 = 0)
    /// Every address of the machine, of both families.
    case any(port: UInt16)
    /// A path in the file system, of at most 107 bytes.
    case unix(String)
    /// A name in the abstract namespace, of at most 107 bytes.
    case abstract(String)

    /// The octets of an IPv4 address, in the order in which they are written.
    public struct IPv4: Hashable, Sendable {
        /// In network order, the first octet highest.
        public let bits: UInt32

        /// An address from its 32 bits, the first octet highest.
        public init(bits: UInt32) { self.bits = bits }
    }

    /// The octets of an IPv6 address, in the order in which they are written.
    public struct IPv6: Hashable, Sendable {
        /// The first eight octets, the first one highest.
        public let high: UInt64
        /// The last eight octets.
        public let low: UInt64

        /// An address from its 128 bits.
        public init(high: UInt64, low: UInt64) {
            self.high = high
            self.low = low
        }
    }

    /// The port; `nil` for Unix sockets.
    public var port: UInt16? {
        switch self {
        case .ipv4(_, let port), .ipv6(_, let port, _), .any(let port): port
        case .unix, .abstract: nil
        }
    }

    /// Whether it is a Unix socket, with a file or without.
    public var isUnix: Bool { port == nil }

    /// The same address with another port; Unix sockets stay as they are.
    public func with(port: UInt16) -> SocketAddress {
        switch self {
        case .ipv4(let host, _): .ipv4(host, port: port)
        case .ipv6(let host, _, let scope): .ipv6(host, port: port, scope: scope)
        case .any: .any(port: port)
        case .unix, .abstract: self
        }
    }
}
