import MartletLoop

/// Decides which of a host's addresses to try when: Happy Eyeballs (RFC 8305), without doing any of it.
///
/// The rules:
/// - IPv6 and IPv4 addresses are looked up at the same time. IPv6 addresses are tried as soon as they are there, IPv4
///   addresses when IPv6 ones are there too, will not come, or have not come within the resolution delay (§3).
/// - Addresses are tried one after the other, the families in turn, IPv6 first (§4).
/// - The next one starts when the last one failed, or has not succeeded within the attempt delay (§5); all go on until
///   one succeeds.
struct HappyEyeballs {
    /// What is to be done next.
    enum Step: Equatable {
        /// Start to connect to this address, and ask again.
        case attempt(SocketAddress)
        /// Ask again when something has happened, and at this time at the latest.
        case wait(until: EventLoop.Instant)
        /// There is nothing left that could succeed.
        case giveUp
    }

    private let attemptDelay: Duration
    private let resolutionDelay: Duration
    /// Lookups that have no answer yet.
    private var lookups: Set<AddressFamily>
    private var ipv6: [SocketAddress] = []
    private var ipv4: [SocketAddress] = []
    /// When the first addresses came, if no attempt has started yet.
    private var ipv4Since: EventLoop.Instant?
    private var lastWasIPv6 = false
    private var hasStarted = false
    private var running = 0
    private var nextStart: EventLoop.Instant?

    init(lookups: Set<AddressFamily>, attemptDelay: Duration, resolutionDelay: Duration) {
        self.lookups = lookups
        // RFC 8305 §8: never less than 10 ms, so that there is no burst.
        self.attemptDelay = max(attemptDelay, .milliseconds(10))
        self.resolutionDelay = resolutionDelay
    }

    /// A lookup has ended with these addresses, or with none.
    mutating func resolved(_ family: AddressFamily, _ addresses: [SocketAddress], at now: EventLoop.Instant) {
        lookups.remove(family)
        ipv6 += addresses.filter { AddressFamily.ipv6.includes($0) }
        ipv4 += addresses.filter { AddressFamily.ipv4.includes($0) }
        if !ipv4.isEmpty, ipv4Since == nil { ipv4Since = now }
    }

    /// An attempt has failed: the next one need not wait for it.
    mutating func attemptFailed() {
        running -= 1
        nextStart = nil
    }

    /// What to do now.
    mutating func next(at now: EventLoop.Instant) -> Step {
        guard !ipv6.isEmpty || !ipv4.isEmpty else {
            return running == 0 && lookups.isEmpty ? .giveUp : .wait(until: .distantFuture)
        }
        if !hasStarted, ipv6.isEmpty, lookups.contains(.ipv6), let ipv4Since, now < ipv4Since + resolutionDelay {
            return .wait(until: ipv4Since + resolutionDelay)
        }
        if let nextStart, now < nextStart { return .wait(until: nextStart) }
        let takesIPv6 = ipv4.isEmpty || (!ipv6.isEmpty && !lastWasIPv6)
        let address = takesIPv6 ? ipv6.removeFirst() : ipv4.removeFirst()
        lastWasIPv6 = takesIPv6
        hasStarted = true
        running += 1
        nextStart = now + attemptDelay
        return .attempt(address)
    }
}
