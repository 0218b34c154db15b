/// How a socket listens. What does not apply to an address, such as TCP's options to a Unix socket, is ignored.
public nonisolated struct ListenOptions: Hashable, Sendable {
    /// Connections that may wait to be accepted; the kernel caps it at net.core.somaxconn (man 2 listen).
    public var backlog: Int32 = 4096
    /// Whether several sockets may be bound to the address, the kernel spreading connections (SO_REUSEPORT, man 7
    /// socket).
    public var reusesPort = false
    /// Whether to make sure first that nobody else listens there, which SO_REUSEPORT alone would not notice.
    public var claimsAddress = true
    /// Waits that long for a connection's first bytes before it is accepted (TCP_DEFER_ACCEPT, whole seconds, man 7
    /// tcp).
    public var deferAccept: Duration?
    /// Whether small writes leave at once (TCP_NODELAY).
    public var noDelay = true
    /// Probes of connections on which nothing happens; `nil` leaves them off.
    public var keepAlive: KeepAlive?
    /// For `[::]` and other IPv6 addresses: whether IPv4 is left to others (IPV6_V6ONLY).
    public var ipv6Only = true
    /// The mode of a Unix socket's file; `nil` leaves it to the umask.
    public var mode: UInt32?

    /// TCP's keep-alive (man 7 tcp), in whole seconds.
    public struct KeepAlive: Hashable, Sendable {
        /// Idle before the first probe (TCP_KEEPIDLE).
        public var idle: Duration
        /// Between probes (TCP_KEEPINTVL).
        public var interval: Duration
        /// Unanswered probes until the connection is dropped (TCP_KEEPCNT).
        public var count: Int32

        /// Keep-alive probes with these times.
        public init(idle: Duration = .seconds(60), interval: Duration = .seconds(15), count: Int32 = 4) {
            self.idle = idle
            self.interval = interval
            self.count = count
        }
    }

    /// The defaults.
    public init() {}
}
