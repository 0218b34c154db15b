import Glibc
import MartletLoop

/// A bound, listening, non-blocking, close-on-exec stream socket.
///
/// It does not accept: a `Listener` does, here or in another process that the descriptor is passed to.
public nonisolated struct ListeningSocket: Sendable {
    /// The socket's descriptor.
    public let descriptor: Int32
    /// Where it listens: with the port that the kernel chose when port 0 was asked for.
    public let address: SocketAddress

    /// Takes over a descriptor that listens already.
    public init(descriptor: Int32, address: SocketAddress) {
        self.descriptor = descriptor
        self.address = address
    }

    /// Binds and listens (man 2 bind, man 2 listen).
    ///
    /// A Unix socket's file that nobody serves any more is replaced; one that is served is not touched.
    ///
    /// - Throws: what kept it from listening, with advice: the address is in use or not this machine's, a permission is
    ///   missing.
    public static func bind(_ address: SocketAddress, options: ListenOptions) throws(SystemError) -> ListeningSocket {
        if case .unix(let path) = address { try removeStaleSocket(path, address: address) }
        if options.reusesPort, options.claimsAddress, !address.isUnix, address.port != 0 {
            var probe = options
            probe.reusesPort = false
            let descriptor = try bound(address, options: probe)
            Glibc.close(descriptor)
        }
        let descriptor = try bound(address, options: options)
        guard listen(descriptor, options.backlog) == 0 else {
            let code = errno
            Glibc.close(descriptor)
            throw failure(address, code: code)
        }
        if case .unix(let path) = address, let mode = options.mode { chmod(path, mode) }
        return ListeningSocket(descriptor: descriptor, address: bound(address, to: descriptor))
    }

    /// Closes the descriptor. Other processes' copies go on listening.
    public func close() {
        Glibc.close(descriptor)
    }

    /// The address that was asked for, with the port that it got.
    private static func bound(_ address: SocketAddress, to descriptor: Int32) -> SocketAddress {
        guard address.port == 0, let port = SocketAddress.local(of: descriptor)?.port else { return address }
        return address.with(port: port)
    }

    private static func bound(_ address: SocketAddress, options: ListenOptions) throws(SystemError) -> Int32 {
        var address = address
        let flags = Int32(SOCK_STREAM.rawValue | SOCK_NONBLOCK.rawValue | SOCK_CLOEXEC.rawValue)
        var descriptor = socket(address.family, flags, 0)
        if descriptor < 0, errno == EAFNOSUPPORT, case .any(let port) = address {
            address = .ipv4(SocketAddress.IPv4(bits: 0), port: port)
            descriptor = socket(address.family, flags, 0)
        }
        guard descriptor >= 0 else { throw failure(address, code: errno) }
        SocketOptions.apply(options, to: descriptor, address: address)
        guard address.withSystemAddress({ Glibc.bind(descriptor, $0, $1) }) == 0 else {
            let code = errno
            Glibc.close(descriptor)
            throw failure(address, code: code)
        }
        return descriptor
    }

    /// Removes the file of a Unix socket that refuses connections; it would keep `bind` from making a new one.
    private static func removeStaleSocket(_ path: String, address: SocketAddress) throws(SystemError) {
        var status = stat()
        guard lstat(path, &status) == 0 else { return }
        guard status.st_mode & S_IFMT == S_IFSOCK else {
            throw SystemError(
                "listen on", target: "\(address)", code: EEXIST,
                advice: "the file is no socket: remove it or choose another path")
        }
        let flags = Int32(SOCK_STREAM.rawValue | SOCK_NONBLOCK.rawValue | SOCK_CLOEXEC.rawValue)
        let probe = socket(AF_UNIX, flags, 0)
        guard probe >= 0 else { throw failure(address, code: errno) }
        defer { Glibc.close(probe) }
        let isServed = address.withSystemAddress { connect(probe, $0, $1) } == 0 || errno != ECONNREFUSED
        guard !isServed else { throw failure(address, code: EADDRINUSE) }
        unlink(path)
    }

    private static func failure(_ address: SocketAddress, code: Int32) -> SystemError {
        let advice: String? =
            switch code {
            case EADDRINUSE where address.isUnix: "another process serves it: stop that one or choose another path"
            case EADDRINUSE: "stop what listens there (\"ss -ltnp\" names it) or choose another port"
            case EACCES where address.isUnix: "its directory is not writable for this user"
            case EACCES: "run as root, add CAP_NET_BIND_SERVICE, or use socket activation"
            case EADDRNOTAVAIL: "no network interface of this machine has that address"
            case ENOENT where address.isUnix: "create its directory first"
            case EMFILE, ENFILE: "raise the limit of open files (LimitNOFILE, ulimit -n)"
            default: nil
            }
        return SystemError("listen on", target: "\(address)", code: code, advice: advice)
    }
}
