import Glibc

nonisolated extension SocketAddress {
    /// The address family of a socket for it (man 2 socket).
    var family: Int32 {
        switch self {
        case .ipv4: AF_INET
        case .ipv6, .any: AF_INET6
        case .unix, .abstract: AF_UNIX
        }
    }

    /// Calls `body` with the address as the kernel takes it, and its length.
    func withSystemAddress<Result>(_ body: (UnsafePointer<sockaddr>, socklen_t) -> Result) -> Result {
        var storage = sockaddr_storage()
        let length = withUnsafeMutableBytes(of: &storage) { fill($0) }
        return withUnsafePointer(to: &storage) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { body($0, length) }
        }
    }

    /// Writes a `sockaddr_in`, `sockaddr_in6` or `sockaddr_un` into zeroed storage; returns its length.
    private func fill(_ storage: UnsafeMutableRawBufferPointer) -> socklen_t {
        storage.storeBytes(of: sa_family_t(family), as: sa_family_t.self)
        switch self {
        case .ipv4(let host, let port):
            storage.storeBytes(of: port.bigEndian, toByteOffset: 2, as: UInt16.self)
            storage.storeBytes(of: host.bits.bigEndian, toByteOffset: 4, as: UInt32.self)
            return socklen_t(MemoryLayout<sockaddr_in>.size)
        case .ipv6(let host, let port, let scope):
            storage.storeBytes(of: port.bigEndian, toByteOffset: 2, as: UInt16.self)
            storage.storeBytes(of: host.high.bigEndian, toByteOffset: 8, as: UInt64.self)
            storage.storeBytes(of: host.low.bigEndian, toByteOffset: 16, as: UInt64.self)
            storage.storeBytes(of: scope, toByteOffset: 24, as: UInt32.self)
            return socklen_t(MemoryLayout<sockaddr_in6>.size)
        case .any(let port):
            storage.storeBytes(of: port.bigEndian, toByteOffset: 2, as: UInt16.self)
            return socklen_t(MemoryLayout<sockaddr_in6>.size)
        case .unix(let path):
            // The parser bounds the length to what sun_path holds with its terminating zero.
            for (index, byte) in path.utf8.prefix(107).enumerated() { storage[2 + index] = byte }
            return socklen_t(2 + min(path.utf8.count, 107) + 1)
        case .abstract(let name):
            for (index, byte) in name.utf8.prefix(107).enumerated() { storage[3 + index] = byte }
            return socklen_t(3 + min(name.utf8.count, 107))
        }
    }

    /// The address that the kernel reports: of a socket (`getsockname`) or of its peer (`getpeername`).
    ///
    /// - Returns: `nil` when the descriptor is no socket, has no such address, or is of another family.
    init?(
        of descriptor: Int32,
        asking call: (Int32, UnsafeMutablePointer<sockaddr>, UnsafeMutablePointer<socklen_t>) -> Int32
    ) {
        var storage = sockaddr_storage()
        var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
        let result = withUnsafeMutablePointer(to: &storage) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { call(descriptor, $0, &length) }
        }
        guard result == 0 else { return nil }
        let address = withUnsafeBytes(of: &storage) {
            SocketAddress(system: UnsafeRawBufferPointer(rebasing: $0.prefix(Int(length))))
        }
        guard let address else { return nil }
        self = address
    }

    /// The address in a `sockaddr_in`, `sockaddr_in6` or `sockaddr_un` of as many bytes; `nil` for other families.
    init?(system bytes: UnsafeRawBufferPointer) {
        guard bytes.count >= 2, let address = Self.read(bytes, length: bytes.count) else { return nil }
        self = address
    }

    private static func read(_ storage: UnsafeRawBufferPointer, length: Int) -> SocketAddress? {
        let port = length < 4 ? 0 : UInt16(bigEndian: storage.load(fromByteOffset: 2, as: UInt16.self))
        switch Int32(storage.load(as: sa_family_t.self)) {
        case AF_INET where length >= MemoryLayout<sockaddr_in>.size:
            return .ipv4(IPv4(bits: UInt32(bigEndian: storage.load(fromByteOffset: 4, as: UInt32.self))), port: port)
        case AF_INET6 where length >= MemoryLayout<sockaddr_in6>.size:
            let high = UInt64(bigEndian: storage.load(fromByteOffset: 8, as: UInt64.self))
            let low = UInt64(bigEndian: storage.load(fromByteOffset: 16, as: UInt64.self))
            if high == 0, low >> 32 == 0xffff {  // an IPv4 peer on a dual-stack socket (RFC 4291 §2.5.5.2)
                return .ipv4(IPv4(bits: UInt32(truncatingIfNeeded: low)), port: port)
            }
            let scope = storage.load(fromByteOffset: 24, as: UInt32.self)
            return .ipv6(IPv6(high: high, low: low), port: port, scope: scope)
        case AF_UNIX:
            let name = storage[2..<max(2, min(length, 110))]
            if name.first == 0 { return .abstract(String(decoding: name.dropFirst(), as: UTF8.self)) }
            return .unix(String(decoding: name.prefix { $0 != 0 }, as: UTF8.self))
        default:
            return nil
        }
    }

    /// The address that a socket is bound to (man 2 getsockname); `nil` when it has none.
    public static func local(of descriptor: Int32) -> SocketAddress? {
        SocketAddress(of: descriptor) { getsockname($0, $1, $2) }
    }

    /// The address of what a socket is connected to (man 2 getpeername); `nil` when it is not.
    public static func peer(of descriptor: Int32) -> SocketAddress? {
        SocketAddress(of: descriptor) { getpeername($0, $1, $2) }
    }
}
