import Glibc

/// Sockets on 127.0.0.1, straight from the system calls: the tests do not lean on what they test.
enum Loopback {
    /// Binds to `port`, or to any free one when that is 0, and returns the port.
    static func bind(_ descriptor: Int32, port: UInt16) throws -> UInt16 {
        var address = address(port)
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let result = withUnsafeMutablePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { pointer in
                Glibc.bind(descriptor, pointer, size) == 0 ? getsockname(descriptor, pointer, &size) : -1
            }
        }
        guard result == 0 else { throw Failure("cannot bind a port on 127.0.0.1: errno \(errno)") }
        return UInt16(bigEndian: address.sin_port)
    }

    /// A listening socket without SO_REUSEPORT, as another program would hold it, and its port.
    static func listener() throws -> (descriptor: Int32, port: UInt16) {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        let port = try bind(descriptor, port: 0)
        guard listen(descriptor, 128) == 0 else { throw Failure("cannot listen: errno \(errno)") }
        return (descriptor, port)
    }

    /// Starts to connect, without blocking; returns the socket.
    static func connect(to port: UInt16) throws -> Int32 {
        let kind = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue) | Int32(SOCK_NONBLOCK.rawValue)
        let descriptor = socket(AF_INET, kind, 0)
        var address = address(port)
        let result = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                Glibc.connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard result == 0 || errno == EINPROGRESS else {
            let code = errno
            close(descriptor)
            throw Failure("cannot connect to 127.0.0.1:\(port): errno \(code)")
        }
        return descriptor
    }

    private static func address(_ port: UInt16) -> sockaddr_in {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        return address
    }
}
