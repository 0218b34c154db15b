import MartletLoop

/// How a datagram socket is made. What does not apply to an address, such as multicast to a Unix socket, is ignored.
public struct DatagramOptions: Sendable {
    /// Bytes of the longest datagram that can be received; longer ones are cut. At most 2 MiB.
    public var largest = 64 << 10
    /// Bytes that the kernel holds of what has arrived (SO_RCVBUF); beyond, it drops what comes. `nil`: the system's.
    public var receiveBuffer: Int?
    /// Bytes that the kernel holds of what is to go, before sending has to wait (SO_SNDBUF). `nil`: the system's.
    public var sendBuffer: Int?
    /// Whether several sockets may be bound to the address: of a multicast group, each gets everything (SO_REUSEADDR).
    public var reusesAddress = false
    /// Whether several sockets may be bound to the address, the kernel spreading datagrams by sender (SO_REUSEPORT).
    public var reusesPort = false
    /// For IPv6 addresses: whether IPv4 is left to others (IPV6_V6ONLY).
    public var ipv6Only = true
    /// Whether broadcast addresses may be sent to (SO_BROADCAST).
    public var broadcasts = false
    /// Whether the kernel may hand over datagrams of one sender put together, which costs less when there are many
    /// (UDP_GRO). They come apart here: nothing else changes.
    public var coalesces = true
    /// How many networks a multicast datagram may cross; 1 stays in its own.
    public var multicastHops = 1
    /// Whether this machine gets the multicast datagrams that it sends, too.
    public var multicastLoops = true
    /// Hears of errors that the network reports about datagrams that were sent, such as that nobody listens there,
    /// while `datagrams` is iterated, which goes on.
    public var onError: @MainActor @Sendable (SystemError) -> Void = { _ in }

    /// The defaults.
    public init() {}
}
