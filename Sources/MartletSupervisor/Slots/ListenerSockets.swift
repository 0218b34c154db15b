import Glibc
import MartletLoop
import MartletNet

/// The sockets of one listen address: one for each slot with SO_REUSEPORT, or one that all slots share where the kernel
/// cannot spread connections (Unix sockets) or somebody else opened it (systemd).
struct ListenerSockets {
    /// Where the sockets come from.
    enum Origin: Equatable {
        case bound
        case passed
    }

    /// As the configuration has it.
    private(set) var plan: ListenerPlan
    let origin: Origin
    private(set) var sockets: [ListeningSocket]
    private let isShared: Bool

    /// Binds the first socket of an address; the others follow with `grow`.
    init(binding plan: ListenerPlan) throws(SystemError) {
        self.plan = plan
        origin = .bound
        isShared = plan.address.isUnix
        sockets = [try ListeningSocket.bind(plan.address, options: Self.options(plan, isFirst: true))]
    }

    /// Takes over a socket that was passed.
    init(passed descriptor: Int32, address: SocketAddress, plan: ListenerPlan) {
        self.plan = plan
        origin = .passed
        isShared = true
        sockets = [ListeningSocket(descriptor: descriptor, address: address)]
    }

    /// Where it listens, with the port that it got.
    var address: SocketAddress { sockets[0].address }

    /// Whether the slots share one socket: every worker accepts from it, nobody has to adopt it.
    var sharesOneSocket: Bool { isShared }

    /// Binds sockets until there is one for each slot.
    ///
    /// - Throws: what kept one from being bound; those before it stay.
    mutating func grow(to slots: Int) throws(SystemError) {
        guard !isShared else { return }
        var next = plan
        next.address = address
        while sockets.count < slots {
            sockets.append(try ListeningSocket.bind(next.address, options: Self.options(next, isFirst: false)))
        }
    }

    /// The descriptor that a slot's worker accepts from; `nil` for a slot that has no socket of this address.
    func descriptor(forSlot slot: Int) -> Int32? {
        if isShared { return sockets[0].descriptor }
        return slot < sockets.count ? sockets[slot].descriptor : nil
    }

    /// Takes the name and options of a new configuration. The sockets are as they were bound.
    mutating func rename(as plan: ListenerPlan) {
        self.plan = plan
    }

    /// Removes the file of a Unix socket that was bound here, so that nobody finds it any more.
    func unlink() {
        if origin == .bound, case .unix(let path) = plan.address { Glibc.unlink(path) }
    }

    /// Closes the supervisor's descriptors; workers that still have theirs go on.
    func close() {
        for socket in sockets { socket.close() }
    }

    private static func options(_ plan: ListenerPlan, isFirst: Bool) -> ListenOptions {
        var options = plan.options
        options.reusesPort = !plan.address.isUnix
        options.claimsAddress = isFirst
        return options
    }
}
