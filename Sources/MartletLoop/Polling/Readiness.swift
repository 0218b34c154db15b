import CMartlet

/// What a descriptor is ready for, or what to watch it for.
public nonisolated struct Readiness: OptionSet, Hashable, Sendable {
    /// The kernel's bits (man 2 epoll_ctl).
    public let rawValue: UInt32

    /// A set from the kernel's bits.
    public init(rawValue: UInt32) {
        self.rawValue = rawValue
    }

    /// A read, receive or accept gets on: there is something, or the end, or an error to collect.
    public static let readable = Readiness(rawValue: EPOLLIN.rawValue)
    /// A write or send gets on.
    public static let writable = Readiness(rawValue: EPOLLOUT.rawValue)
    /// The peer sends nothing more (EPOLLRDHUP).
    public static let peerClosed = Readiness(rawValue: EPOLLRDHUP.rawValue)
    /// Both directions are closed (EPOLLHUP). Always watched.
    public static let hungUp = Readiness(rawValue: EPOLLHUP.rawValue)
    /// There is an error to collect (EPOLLERR). Always watched.
    public static let failed = Readiness(rawValue: EPOLLERR.rawValue)
    /// To be told once, and then of nothing until the interest is changed (EPOLLONESHOT).
    static let once = Readiness(rawValue: EPOLLONESHOT.rawValue)
}
