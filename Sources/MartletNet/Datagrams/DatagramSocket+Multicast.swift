import CMartlet
import Glibc
import MartletLoop

/// Multicast groups (RFC 1112, RFC 4291 §2.7).
extension DatagramSocket {
    /// Receives what is sent to a group, too. The socket should be bound to the group's port, on any address.
    ///
    /// - Parameters:
    ///   - group: the group's address; its port has no meaning.
    ///   - interface: the network interface where, such as `eth0`; the one that routing chooses, unless given.
    /// - Throws: `DatagramError` when it is no group or there is no such interface; `SystemError`.
    public func join(_ group: SocketAddress, interface: String? = nil) throws {
        try change(group, interface: interface, joins: true)
    }

    /// Receives no more of a group, with the interface that it was joined with.
    public func leave(_ group: SocketAddress, interface: String? = nil) throws {
        try change(group, interface: interface, joins: false)
    }

    /// Sets the network interface that multicast datagrams leave by.
    public func setMulticastInterface(_ interface: String) throws {
        try check()
        let number = try Self.number(of: interface)
        let code = martlet_multicast_interface(descriptor, localAddress?.family ?? AF_INET, number)
        guard code == 0 else { throw SystemError("send multicast by", target: interface, code: -code) }
    }

    private func change(_ group: SocketAddress, interface: String?, joins: Bool) throws {
        try check()
        guard group.isMulticast else { throw DatagramError(.noGroup, "\(group)") }
        var number = try interface.map { try Self.number(of: $0) } ?? 0
        if number == 0, case .ipv6(_, _, let scope) = group { number = Int32(clamping: scope) }
        let code = group.withSystemAddress { address, _ in martlet_group(descriptor, address, number, joins) }
        guard code == 0 else { throw SystemError(joins ? "join" : "leave", target: "\(group)", code: -code) }
    }

    private static func number(of interface: String) throws -> Int32 {
        let number = if_nametoindex(interface)
        guard number > 0 else { throw DatagramError(.noInterface, interface) }
        return Int32(clamping: number)
    }
}

nonisolated extension SocketAddress {
    /// Whether it is the address of a multicast group.
    public var isMulticast: Bool {
        switch self {
        case .ipv4(let host, _): host.bits >> 28 == 0xe
        case .ipv6(let host, _, _): host.high >> 56 == 0xff
        case .any, .unix, .abstract: false
        }
    }
}
