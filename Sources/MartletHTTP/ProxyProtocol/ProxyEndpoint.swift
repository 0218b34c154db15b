/// One end of a connection, as a proxy tells it.
public enum ProxyEndpoint: Hashable, Sendable {
    /// The four octets of an IPv4 address, the first one highest, and a port.
    case ipv4(UInt32, port: UInt16)
    /// The sixteen octets of an IPv6 address, the first one highest, and a port.
    case ipv6(UInt128, port: UInt16)
    /// The path of a Unix socket, up to 108 bytes: in the abstract namespace when the first one is NUL, and of no bytes
    /// when the socket has no name.
    case unix(path: [UInt8])
    /// The proxy does not say.
    case unspecified

    /// The port, nil where there is none.
    public var port: UInt16? {
        switch self {
        case .ipv4(_, let port), .ipv6(_, let port): port
        case .unix, .unspecified: nil
        }
    }

    /// The IP address as text, an IPv6 address in the form of RFC 5952 without brackets; nil where there is none.
    public var host: String? {
        switch self {
        case .ipv4(let address, _): IPText.ipv4(address)
        case .ipv6(let address, _): IPText.ipv6(address)
        case .unix, .unspecified: nil
        }
    }
}
