/// How `connect` reaches the other side. What does not apply to an address, such as TCP's options to a Unix socket, is
/// ignored.
public nonisolated struct ConnectOptions: Hashable, Sendable {
    /// The address, and port unless it is 0, to connect from; `nil` leaves both to the kernel.
    public var localAddress: SocketAddress?
    /// Whether small writes leave at once (TCP_NODELAY).
    public var noDelay = true
    /// Probes of a connection on which nothing happens; `nil` leaves them off.
    public var keepAlive: ListenOptions.KeepAlive?
    /// Which addresses of a host are tried.
    public var family = AddressFamily.any
    /// How long one address of a host is tried alone before the next one is tried beside it (RFC 8305 §5).
    public var attemptDelay: Duration = .milliseconds(250)
    /// How long IPv6 addresses are waited for when IPv4 addresses are there already (RFC 8305 §3).
    public var resolutionDelay: Duration = .milliseconds(50)

    /// The defaults.
    public init() {}
}
