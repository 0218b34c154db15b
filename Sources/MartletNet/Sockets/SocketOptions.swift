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
        if let keepAlive = options.keepAlive {
            set(descriptor, SOL_SOCKET, SO_KEEPALIVE, 1)
            set(descriptor, tcp, TCP_KEEPIDLE, seconds(keepAlive.idle))
            set(descriptor, tcp, TCP_KEEPINTVL, seconds(keepAlive.interval))
            set(descriptor, tcp, TCP_KEEPCNT, keepAlive.count)
        }
    }

    private static func set(_ descriptor: Int32, _ level: Int32, _ name: Int32, _ value: Int32) {
        var value = value
        setsockopt(descriptor, level, name, &value, socklen_t(MemoryLayout<Int32>.size))
    }

    /// Whole seconds, at least one.
    private static func seconds(_ duration: Duration) -> Int32 {
        max(1, Int32(clamping: duration.components.seconds))
    }
}
