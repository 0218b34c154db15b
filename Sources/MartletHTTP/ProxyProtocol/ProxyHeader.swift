/// What a proxy says of a connection before its first byte: the PROXY protocol of HAProxy (proxy-protocol.txt,
/// version 1 §2.1, version 2 §2.2).
public struct ProxyHeader: Hashable, Sendable {
    /// Whose connection it is.
    public enum Command: Hashable, Sendable {
        /// The proxy's own, to see whether the server is alive: its real addresses count.
        case local
        /// That of a client.
        case proxy
    }

    /// How the client talks to the proxy.
    public enum Transport: Hashable, Sendable {
        /// TCP, or a Unix stream socket.
        case stream
        /// UDP, or a Unix datagram socket.
        case datagram
    }

    /// Whose connection it is.
    public var command: Command
    /// How the client talks to the proxy.
    public var transport: Transport
    /// The client's address.
    public var source: ProxyEndpoint
    /// The address that the client has connected to, of the same family.
    public var destination: ProxyEndpoint
    /// What else the proxy says, in version 2, in the order it was sent; without padding and checksum.
    public var extensions: [ProxyExtension]

    /// A header.
    public init(
        command: Command = .proxy, transport: Transport = .stream, source: ProxyEndpoint = .unspecified,
        destination: ProxyEndpoint = .unspecified, extensions: [ProxyExtension] = []
    ) {
        self.command = command
        self.transport = transport
        self.source = source
        self.destination = destination
        self.extensions = extensions
    }

    /// The value of the first extension of that kind.
    public func value(of kind: ProxyExtension.Kind) -> [UInt8]? {
        extensions.first { $0.kind == kind }?.value
    }
}

/// One type-length-value of a header of version 2.
public struct ProxyExtension: Hashable, Sendable {
    /// The type byte, with the names of proxy-protocol.txt §2.2.
    public struct Kind: RawRepresentable, Hashable, Sendable {
        /// The type byte.
        public let rawValue: UInt8

        /// A kind by its type byte.
        public init(rawValue: UInt8) { self.rawValue = rawValue }

        /// The protocol negotiated in TLS, such as `h2`.
        public static let alpn = Kind(rawValue: 0x01)
        /// The host name that the client has asked for in TLS.
        public static let authority = Kind(rawValue: 0x02)
        /// A CRC-32C of the header: checked, and not among the extensions.
        public static let crc32c = Kind(rawValue: 0x03)
        /// Padding: not among the extensions.
        public static let noop = Kind(rawValue: 0x04)
        /// Bytes that name the connection, at most 128.
        public static let uniqueID = Kind(rawValue: 0x05)
        /// What is known of the client's TLS: flags, a result and further extensions within.
        public static let ssl = Kind(rawValue: 0x20)
        /// The name of the network namespace.
        public static let networkNamespace = Kind(rawValue: 0x30)
    }

    /// The type.
    public let kind: Kind
    /// The value.
    public let value: [UInt8]

    /// An extension; its value has at most 65,535 bytes, and so has the header behind its first 16.
    public init(_ kind: Kind, _ value: [UInt8]) {
        self.kind = kind
        self.value = value
    }
}
