import CMartlet
import Glibc
import MartletLoop

/// A socket for datagrams: UDP, or a Unix datagram socket.
///
/// ```swift
/// let socket = try DatagramSocket(boundTo: ":5300")
/// defer { socket.close() }
/// for try await datagram in socket.datagrams {
///     try await socket.send(datagram.bytes, to: datagram.address)
/// }
/// ```
///
/// The queue of what has arrived is the kernel's, which drops what does not fit; sending waits when the kernel's queue
/// is full. Errors that the network reports about an earlier datagram (ICMP, on a connected socket: nobody listens
/// there) are thrown by the next `receive` or `send`; the socket goes on working.
///
/// Receiving fetches what is there with one system call, up to 32 datagrams, and hands them out one by one, or all at
/// once with `receiveBatch`. Several tasks may receive, each datagram going to one of them, and several may send.
public final class DatagramSocket: PollTarget {
    /// The descriptor, -1 once it is closed.
    private(set) var descriptor: Int32
    let options: DatagramOptions
    private let family: Int32
    private let isConnected: Bool
    private let name: String

    var isReadable = true
    var isWritable = true
    let readers = WaitQueue<Void, Void>()
    let writers = WaitQueue<Void, Void>()
    /// What was received with one call, last first.
    var arrived: [Datagram] = []
    /// Whether the kernel can cut what is sent into datagrams; taken to be so until it says otherwise.
    var canSegment: Bool

    /// Binds a socket: a server's, or a client's that sends to many.
    ///
    /// - Parameters:
    ///   - address: where to receive; with port 0, the kernel chooses one. A Unix socket's file must not exist, and is
    ///     removed by its owner.
    ///   - options: how.
    /// - Throws: when the address is in use or not this machine's, or a permission is missing.
    public convenience init(
        boundTo address: SocketAddress, options: DatagramOptions = DatagramOptions()
    ) throws(SystemError) {
        try self.init(local: address, peer: nil, options: options)
    }

    /// Connects a socket: it sends to one address, gets datagrams from there alone and hears of ICMP errors (man 2
    /// connect).
    ///
    /// - Parameters:
    ///   - address: the peer.
    ///   - local: where to send from; the kernel chooses, unless given. A Unix socket needs one to be answered.
    ///   - options: how.
    /// - Throws: when there is no way there.
    public convenience init(
        connectedTo address: SocketAddress, from local: SocketAddress? = nil,
        options: DatagramOptions = DatagramOptions()
    ) throws(SystemError) {
        try self.init(local: local, peer: address, options: options)
    }

    private convenience init(
        local: SocketAddress?, peer: SocketAddress?, options: DatagramOptions
    ) throws(SystemError) {
        let name = peer.map { " to \($0)" } ?? local.map { " at \($0)" } ?? ""
        let address = peer ?? local ?? .any(port: 0)
        let descriptor = try Self.socket(local: local, peer: peer, options: options)
        do throws(SystemError) {
            try self.init(
                descriptor, family: address.family, isConnected: peer != nil, name: name, options: options)
        } catch {
            Glibc.close(descriptor)
            throw error
        }
    }

    /// Takes over a datagram socket that exists already.
    ///
    /// - Throws: when the loop cannot watch it; it is still the caller's then.
    public convenience init(
        descriptor: Int32, options: DatagramOptions = DatagramOptions()
    ) throws(SystemError) {
        try self.init(
            descriptor, family: SocketAddress.local(of: descriptor)?.family ?? AF_UNIX,
            isConnected: SocketAddress.peer(of: descriptor) != nil, name: "", options: options)
    }

    private init(
        _ descriptor: Int32, family: Int32, isConnected: Bool, name: String, options: DatagramOptions
    ) throws(SystemError) {
        self.descriptor = descriptor
        self.family = family
        self.isConnected = isConnected
        self.name = name
        self.options = options
        canSegment = family != AF_UNIX
        try EventLoop.main.poller.add(
            descriptor, interest: [.readable, .writable], edgeTriggered: true, target: self)
    }

    /// Two connected Unix datagram sockets (man 2 socketpair). Both are to be closed.
    public static func pair() throws(SystemError) -> (DatagramSocket, DatagramSocket) {
        var ends: [Int32] = [-1, -1]
        let type = Int32(SOCK_DGRAM.rawValue | SOCK_CLOEXEC.rawValue)
        guard socketpair(AF_UNIX, type, 0, &ends) == 0 else { throw SystemError("make a pair of sockets") }
        var first: DatagramSocket?
        do throws(SystemError) {
            let made = try DatagramSocket(ends[0], family: AF_UNIX, isConnected: true, name: "", options: .init())
            first = made
            return (
                made, try DatagramSocket(ends[1], family: AF_UNIX, isConnected: true, name: "", options: .init())
            )
        } catch {
            if let first { first.close() } else { Glibc.close(ends[0]) }
            Glibc.close(ends[1])
            throw error
        }
    }

    // MARK: Addresses and ending

    /// Where it receives: with the port that the kernel chose. `nil` when it is closed or has no name.
    public var localAddress: SocketAddress? {
        descriptor >= 0 ? SocketAddress.local(of: descriptor) : nil
    }

    /// What it is connected to; `nil` when it is closed or not connected.
    public var peerAddress: SocketAddress? {
        descriptor >= 0 ? SocketAddress.peer(of: descriptor) : nil
    }

    /// Whether `close` has been called.
    public var isClosed: Bool { descriptor < 0 }

    /// Closes the socket. Whoever waits goes on with an error that says so; a second call does nothing.
    public func close() {
        guard descriptor >= 0 else { return }
        EventLoop.main.poller.remove(descriptor)
        Glibc.close(descriptor)
        letGo()
    }

    /// Somebody has closed the descriptor behind this socket's back, and the number is another's now.
    package func descriptorWasReplaced() {
        letGo()
    }

    private func letGo() {
        descriptor = -1
        arrived = []
        readers.answerAll(())
        writers.answerAll(())
    }

    package func readinessChanged(_ readiness: Readiness) {
        if !readiness.isDisjoint(with: [.writable, .failed]) {
            isWritable = true
            writers.answerAll(())
        }
        if !readiness.isDisjoint(with: [.readable, .failed, .hungUp]) {
            isReadable = true
            readers.answerFirst(())
        }
    }

    /// Whether readiness says that the peer has room: not so when a Unix socket sends to several.
    var signalsRoom: Bool { family != AF_UNIX || isConnected }

    func check() throws {
        if descriptor < 0 { throw DatagramError(.closed, name) }
    }

    func failure(_ operation: String, _ address: SocketAddress?, code: Int32) -> any Error {
        if descriptor < 0 { return DatagramError(.closed, name) }
        let advice: String? =
            switch code {
            case EMSGSIZE: "send less at a time: 65,507 bytes at most by UDP over IPv4"
            case ECONNREFUSED: "nobody receives there"
            case EACCES where family != AF_UNIX: "set DatagramOptions.broadcasts to send to a broadcast address"
            case EDESTADDRREQ: "give an address, or connect the socket"
            default: nil
            }
        let target = (address ?? peerAddress)?.description ?? localAddress?.description ?? "a datagram socket"
        return SystemError(operation, target: target, code: code, advice: advice)
    }

    // MARK: Making

    private static func socket(
        local: SocketAddress?, peer: SocketAddress?, options: DatagramOptions
    ) throws(SystemError) -> Int32 {
        let family = (peer ?? local)?.family ?? AF_INET6
        let type = Int32(SOCK_DGRAM.rawValue | SOCK_NONBLOCK.rawValue | SOCK_CLOEXEC.rawValue)
        let descriptor = Glibc.socket(family, type, 0)
        guard descriptor >= 0 else { throw SystemError("open a datagram socket") }
        var failed: SystemError?
        SocketOptions.apply(options, to: descriptor, address: local ?? peer)
        if let local, local.withSystemAddress({ bind(descriptor, $0, $1) }) != 0 {
            failed = SystemError("receive datagrams at", target: "\(local)", advice: advice(local))
        }
        if failed == nil, let peer, peer.withSystemAddress({ connect(descriptor, $0, $1) }) != 0 {
            failed = SystemError("connect to", target: "\(peer)")
        }
        guard let failed else { return descriptor }
        Glibc.close(descriptor)
        throw failed
    }

    private static func advice(_ address: SocketAddress) -> String? {
        guard errno == EADDRINUSE else { return nil }
        return address.isUnix
            ? "another process receives there, or has left the file behind: remove it then"
            : "stop what receives there (\"ss -lunp\" names it) or choose another port"
    }
}
