import Glibc

/// The system's blocking lookups, for the thread pool.
nonisolated enum SystemLookup {
    /// Addresses of a name, in the order in which they are to be tried (RFC 6724; man 3 getaddrinfo).
    static func addresses(_ query: Resolver.Query) throws(ResolutionError) -> [SocketAddress] {
        var hints = addrinfo()
        hints.ai_family = query.family.rawValue
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        hints.ai_flags = AI_ADDRCONFIG
        var list: UnsafeMutablePointer<addrinfo>?
        let status = getaddrinfo(query.host, query.service, &hints, &list)
        let errorNumber = errno
        guard status == 0 else { throw ResolutionError(host: query.host, status: status, errorNumber: errorNumber) }
        defer { freeaddrinfo(list) }
        var addresses: [SocketAddress] = []
        var next = list
        while let entry = next {
            next = entry.pointee.ai_next
            guard let pointer = entry.pointee.ai_addr else { continue }
            let bytes = UnsafeRawBufferPointer(start: pointer, count: Int(entry.pointee.ai_addrlen))
            if let address = SocketAddress(system: bytes), !addresses.contains(address) { addresses.append(address) }
        }
        return addresses
    }

    /// The name of an address, and of its port (man 3 getnameinfo).
    static func name(of address: SocketAddress) throws(ResolutionError) -> HostName {
        var host = [CChar](repeating: 0, count: Int(NI_MAXHOST))
        var service = [CChar](repeating: 0, count: Int(NI_MAXSERV))
        let (status, errorNumber) = address.withSystemAddress { pointer, length in
            let status = getnameinfo(
                pointer, length, &host, socklen_t(host.count), &service, socklen_t(service.count), NI_NAMEREQD)
            return (status, errno)
        }
        guard status == 0 else {
            throw ResolutionError(host: "\(address)", status: status, errorNumber: errorNumber)
        }
        return HostName(host: text(host), service: text(service))
    }

    private static func text(_ characters: [CChar]) -> String {
        String(decoding: characters.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
    }
}

/// What an address is called.
public nonisolated struct HostName: Hashable, Sendable {
    /// The host's name.
    public let host: String
    /// The name of the port, `http`, or its number where it has no name.
    public let service: String

    /// A name, for one's own lookup function.
    public init(host: String, service: String) {
        self.host = host
        self.service = service
    }
}
