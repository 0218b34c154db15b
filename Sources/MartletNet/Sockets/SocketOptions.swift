import CMartlet
import Glibc

/// Options of sockets by name (man 7 socket, man 7 tcp, man 7 ipv6).
///
/// They are set before binding and inherited by accepted connections, so that accepting costs one system call. An
/// option that the kernel refuses for this family is one that does not apply to it.
nonisolated enum SocketOptions {
    static func apply(_ options: ListenOptions, to descriptor: Int32, address: SocketAddress) {
        guard !address.isUnix else { return }
        set(descriptor, SOL_SOCKET, SO_REUSEADDR, 1)
        if options.reusesPort { set(descriptor, SOL_SOCKET, SO_REUSEPORT, 1) }
        switch address {
        case .any: set(descriptor, Int32(IPPROTO_IPV6), IPV6_V6ONLY, 0)
        case .ipv6: set(descriptor, Int32(IPPROTO_IPV6), IPV6_V6ONLY, options.ipv6Only ? 1 : 0)
        default: break
        }
        let tcp = Int32(IPPROTO_TCP)
        if options.noDelay { set(descriptor, tcp, TCP_NODELAY, 1) }
        if let wait = options.deferAccept { set(descriptor, tcp, TCP_DEFER_ACCEPT, seconds(wait)) }
        if let keepAlive = options.keepAlive { apply(keepAlive, to: descriptor) }
    }

    static func apply(_ options: ConnectOptions, to descriptor: Int32, address: SocketAddress) {
        guard !address.isUnix else { return }
        if options.noDelay { set(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, 1) }
        if let keepAlive = options.keepAlive { apply(keepAlive, to: descriptor) }
        // Leaves the choice of a local port until the connection is made, so that one port serves for many peers.
        if options.localAddress?.port == 0 { set(descriptor, Int32(IPPROTO_IP), IP_BIND_ADDRESS_NO_PORT, 1) }
    }

    @MainActor
    static func apply(_ options: DatagramOptions, to descriptor: Int32, address: SocketAddress?) {
        if let bytes = options.receiveBuffer { set(descriptor, SOL_SOCKET, SO_RCVBUF, Int32(clamping: bytes)) }
        if let bytes = options.sendBuffer { set(descriptor, SOL_SOCKET, SO_SNDBUF, Int32(clamping: bytes)) }
        guard let address, !address.isUnix else { return }
        if options.reusesAddress { set(descriptor, SOL_SOCKET, SO_REUSEADDR, 1) }
        if options.reusesPort { set(descriptor, SOL_SOCKET, SO_REUSEPORT, 1) }
        if options.broadcasts { set(descriptor, SOL_SOCKET, SO_BROADCAST, 1) }
        // A slot must hold what is put together, or else it is cut. A kernel without it hands over each by itself.
        if options.coalesces, options.largest >= 64 << 10 { _ = martlet_enable_gro(descriptor) }
        let hops = Int32(clamping: max(0, min(options.multicastHops, 255)))
        let loops: Int32 = options.multicastLoops ? 1 : 0
        set(descriptor, Int32(IPPROTO_IP), IP_MULTICAST_TTL, hops)
        set(descriptor, Int32(IPPROTO_IP), IP_MULTICAST_LOOP, loops)
        guard address.family == AF_INET6 else { return }
        let ipv6 = Int32(IPPROTO_IPV6)
        set(descriptor, ipv6, IPV6_MULTICAST_HOPS, hops)
        set(descriptor, ipv6, IPV6_MULTICAST_LOOP, loops)
        if case .any = address {
            set(descriptor, ipv6, IPV6_V6ONLY, 0)
        } else {
            set(descriptor, ipv6, IPV6_V6ONLY, options.ipv6Only ? 1 : 0)
        }
    }

    static func apply(_ keepAlive: ListenOptions.KeepAlive, to descriptor: Int32) {
        let tcp = Int32(IPPROTO_TCP)
        set(descriptor, SOL_SOCKET, SO_KEEPALIVE, 1)
        set(descriptor, tcp, TCP_KEEPIDLE, seconds(keepAlive.idle))
        set(descriptor, tcp, TCP_KEEPINTVL, seconds(keepAlive.interval))
        set(descriptor, tcp, TCP_KEEPCNT, keepAlive.count)
    }

    /// Returns whether the kernel took it; `errno` says why not.
    @discardableResult
    static func set(_ descriptor: Int32, _ level: Int32, _ name: Int32, _ value: Int32) -> Bool {
        var value = value
        return setsockopt(descriptor, level, name, &value, socklen_t(MemoryLayout<Int32>.size)) == 0
    }

    static func get(_ descriptor: Int32, _ level: Int32, _ name: Int32) -> Int32? {
        var value: Int32 = 0
        var length = socklen_t(MemoryLayout<Int32>.size)
        return getsockopt(descriptor, level, name, &value, &length) == 0 ? value : nil
    }

    /// Takes the error that an operation left behind (SO_ERROR); 0 for none.
    static func pendingError(of descriptor: Int32) -> Int32 {
        get(descriptor, SOL_SOCKET, SO_ERROR) ?? errno
    }

    /// Whole seconds, at least one.
    private static func seconds(_ duration: Duration) -> Int32 {
        max(1, Int32(clamping: duration.components.seconds))
    }
}
