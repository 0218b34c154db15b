import Glibc
import MartletLoop
import MartletNet

/// All listening sockets of the daemon. They are opened here and stay open until the daemon ends, whatever becomes of
/// the workers; only an address that a reload removes from the configuration goes earlier.
struct SocketTable {
    /// In the order of the configuration; sockets that systemd passed and that no `[[listen]]` names come last.
    private(set) var listeners: [ListenerSockets] = []
    private var passed: [PassedSocket]

    /// A socket that was passed, with the address that it is bound to.
    struct PassedSocket {
        let descriptor: Int32
        let name: String
        let address: SocketAddress
    }

    init(passed: [PassedSocket]) {
        self.passed = passed
    }

    /// What changes when another list of listeners takes effect. Everything new is bound already.
    struct Change {
        fileprivate(set) var listeners: [ListenerSockets] = []
        fileprivate(set) var added: [ListenerSockets] = []
        fileprivate(set) var removed: [ListenerSockets] = []
        /// Sockets of addresses that an earlier change removed and this one has again, with how many there were.
        fileprivate(set) var reclaimed: [(listener: ListenerSockets, before: Int)] = []
        /// What the operator should know.
        fileprivate(set) var remarks: [String] = []

        /// Undoes what was bound.
        func cancel() {
            for listener in added where listener.origin == .bound {
                listener.unlink()
                listener.close()
            }
            for (listener, before) in reclaimed {
                for socket in listener.sockets.dropFirst(before) { socket.close() }
            }
        }
    }

    /// Prepares another list of listeners: keeps the sockets of addresses that stay, binds those of new ones.
    ///
    /// - Parameters:
    ///   - slots: how many slots there will be.
    ///   - leaving: sockets of addresses that were removed and are still open: bound again, they would be in their own
    ///     way.
    /// - Throws: when an address cannot be bound; then nothing has changed, but that there may be more slots.
    mutating func prepare(_ plans: [ListenerPlan], slots: Int, leaving: [ListenerSockets] = []) throws(SystemError)
        -> Change
    {
        var change = Change()
        // The file of a Unix socket is gone, and another one can be made.
        var leaving = leaving.filter { !$0.address.isUnix }
        for index in listeners.indices where plans.contains(where: { $0.address == listeners[index].plan.address }) {
            try listeners[index].grow(to: slots)
        }
        var unused = listeners
        var passed = passed
        do throws(SystemError) {
            for plan in plans {
                if let index = unused.firstIndex(where: { $0.plan.address == plan.address }) {
                    var kept = unused.remove(at: index)
                    if kept.origin == .bound, kept.plan.options != plan.options {
                        change.remarks.append(
                            "the options of \(plan.address) have changed: they take effect at the next start")
                    }
                    kept.rename(as: plan)
                    passed.removeAll { $0.descriptor == kept.sockets[0].descriptor }
                    change.listeners.append(kept)
                } else if let index = leaving.firstIndex(where: { $0.plan.address == plan.address }) {
                    var kept = leaving.remove(at: index)
                    let before = kept.sockets.count
                    kept.rename(as: plan)
                    change.reclaimed.append((kept, before))
                    try kept.grow(to: slots)
                    change.reclaimed[change.reclaimed.count - 1].listener = kept
                    change.listeners.append(kept)
                } else {
                    var made = try Self.make(plan, passed: &passed)
                    change.added.append(made)
                    try made.grow(to: slots)
                    change.added[change.added.count - 1] = made
                    change.listeners.append(made)
                }
            }
        } catch {
            change.cancel()
            throw error
        }
        for socket in passed {
            let plan = ListenerPlan(name: socket.name, address: socket.address)
            unused.removeAll { $0.origin == .passed && $0.sockets[0].descriptor == socket.descriptor }
            change.listeners.append(
                ListenerSockets(passed: socket.descriptor, address: socket.address, plan: plan))
        }
        change.removed = unused.filter { $0.origin == .bound }
        return change
    }

    /// A passed socket of the plan's name or address, or one that is bound now.
    private static func make(
        _ plan: ListenerPlan, passed: inout [PassedSocket]
    ) throws(SystemError) -> ListenerSockets {
        let index =
            passed.firstIndex { $0.name == plan.name && $0.address.isSame(as: plan.address) }
            ?? passed.firstIndex { $0.address.isSame(as: plan.address) }
            ?? passed.firstIndex { $0.name == plan.name }
        guard let index else { return try ListenerSockets(binding: plan) }
        let socket = passed.remove(at: index)
        return ListenerSockets(passed: socket.descriptor, address: socket.address, plan: plan)
    }

    /// Makes a prepared change effective. What it removes is still open: close it when nobody accepts from it any more.
    mutating func apply(_ change: Change) {
        listeners = change.listeners
    }

    /// How many slots have a socket. A socket that was ever bound gets its share of connections from the kernel, so
    /// that all of these slots have to be accepted from, wanted or not.
    var slotCount: Int { listeners.map(\.sockets.count).max() ?? 0 }

    /// Binds sockets for more slots.
    ///
    /// - Throws: when one cannot be bound; those that were stay, see `slotCount`.
    mutating func grow(to slots: Int) throws(SystemError) {
        for index in listeners.indices { try listeners[index].grow(to: slots) }
    }

    /// What a slot's worker accepts from.
    func endpoints(ofSlot slot: Int) -> [ListenerEndpoint] {
        listeners.compactMap { ListenerEndpoint($0, slot: slot) }
    }

    /// What a neighbour has to adopt so that nothing is left out: the slot's own sockets, not those that all share.
    func adoptableEndpoints(ofSlot slot: Int) -> [ListenerEndpoint] {
        listeners.filter { !$0.sharesOneSocket }.compactMap { ListenerEndpoint($0, slot: slot) }
    }

    /// Ends listening, but for workers that still hold copies.
    func close() {
        for listener in listeners {
            listener.unlink()
            listener.close()
        }
    }
}

/// A socket of one slot, as a worker gets it.
struct ListenerEndpoint {
    let description: ListenerDescription
    let descriptor: Int32

    init?(_ listener: ListenerSockets, slot: Int) {
        guard let descriptor = listener.descriptor(forSlot: slot) else { return nil }
        description = ListenerDescription(name: listener.plan.name, address: listener.address.description)
        self.descriptor = descriptor
    }
}

extension SocketTable {
    /// The sockets that systemd passed to this process, non-blocking from here on.
    ///
    /// - Throws: when one of them cannot be served.
    static func passedBySystemd() throws(SystemError) -> [PassedSocket] {
        var sockets: [PassedSocket] = []
        for socket in try SystemdNotifier.listenDescriptors() {
            let flags = fcntl(socket.descriptor, F_GETFL)
            guard flags >= 0, fcntl(socket.descriptor, F_SETFL, flags | O_NONBLOCK) == 0 else {
                throw SystemError("make non-blocking", target: "the passed socket \(socket.name)")
            }
            guard let address = SocketAddress.local(of: socket.descriptor) else {
                throw SystemError(
                    "serve", target: "the passed socket \(socket.name)", code: EAFNOSUPPORT,
                    advice: "only IPv4, IPv6 and Unix stream sockets can be served")
            }
            sockets.append(PassedSocket(descriptor: socket.descriptor, name: socket.name, address: address))
        }
        return sockets
    }
}

extension SocketAddress {
    /// Whether a socket bound to this address is what a configuration means by the other: `:80` is `[::]:80` to the
    /// kernel.
    fileprivate func isSame(as other: SocketAddress) -> Bool {
        if self == other { return true }
        guard case .any(let port) = other, case .ipv6(let host, port, _) = self else { return false }
        return host.high == 0 && host.low == 0
    }
}
