/// Where a server is, RFC 9110 §4.3.1: what connections are shared for, and credentials kept to.
public nonisolated struct HTTPOrigin: Hashable, Sendable, CustomStringConvertible {
    /// `http`, `https`, `ws` or `wss`.
    public let scheme: String
    /// A name in lower case, or an address without brackets.
    public let host: String
    /// The port.
    public let port: UInt16

    /// `https://example.org:443`
    public var description: String {
        "\(scheme)://\(host.utf8.contains(UInt8(ascii: ":")) ? "[\(host)]" : host):\(port)"
    }
}
