import Glibc

/// An address that cannot be understood: what it says and how it should be written.
public nonisolated struct AddressError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The text that was refused.
    public let text: String
    /// What is wrong with it.
    public let reason: String

    /// `invalid address "localhost:80": …`
    public var description: String {
        "invalid address \"\(text)\": \(reason)"
    }
}

nonisolated extension SocketAddress: CustomStringConvertible {
    private static let forms = "write \"127.0.0.1:8080\", \"[::1]:8080\", \":8080\", \"unix:/path\" or \"unix:@name\""
    /// `sun_path` without its terminating zero (man 7 unix).
    private static let longestUnixName = 107

    /// Reads one of the forms that the type's description lists. Names of hosts are not resolved.
    public init(parsing text: String) throws(AddressError) {
        if text.hasPrefix("unix:") {
            self = try Self.unixAddress(text)
            return
        }
        guard let colon = text.lastIndex(of: ":") else {
            throw AddressError(text: text, reason: "it has no port; \(Self.forms)")
        }
        let digits = text[text.index(after: colon)...]
        guard !digits.isEmpty, digits.utf8.allSatisfy({ (0x30...0x39).contains($0) }), let port = UInt16(digits) else {
            throw AddressError(text: text, reason: "its port is no number between 0 and 65535; \(Self.forms)")
        }
        let host = text[..<colon]
        if host.isEmpty {
            self = .any(port: port)
        } else if host.hasPrefix("["), host.hasSuffix("]") {
            self = try Self.ipv6Address(host.dropFirst().dropLast(), port: port, text: text)
        } else {
            var address = in_addr()
            guard inet_pton(AF_INET, String(host), &address) == 1 else {
                throw AddressError(text: text, reason: "\"\(host)\" is no IP address; \(Self.forms)")
            }
            self = .ipv4(IPv4(bits: UInt32(bigEndian: address.s_addr)), port: port)
        }
    }

    private static func unixAddress(_ text: String) throws(AddressError) -> SocketAddress {
        let name = text.dropFirst("unix:".count)
        let isAbstract = name.hasPrefix("@")
        let bytes = isAbstract ? name.dropFirst() : name
        guard !bytes.isEmpty, bytes.utf8.count <= longestUnixName, !bytes.utf8.contains(0) else {
            throw AddressError(text: text, reason: "the name of a Unix socket has 1 to \(longestUnixName) bytes")
        }
        guard isAbstract || bytes.hasPrefix("/") else {
            throw AddressError(text: text, reason: "the path of a Unix socket starts with \"/\"")
        }
        return isAbstract ? .abstract(String(bytes)) : .unix(String(bytes))
    }

    private static func ipv6Address(
        _ host: Substring, port: UInt16, text: String
    ) throws(AddressError) -> SocketAddress {
        let parts = host.split(separator: "%", maxSplits: 1, omittingEmptySubsequences: false)
        var scope: UInt32 = 0
        if parts.count == 2 {
            scope = UInt32(parts[1]) ?? if_nametoindex(String(parts[1]))
            guard scope != 0 else {
                throw AddressError(text: text, reason: "there is no network interface \"\(parts[1])\"")
            }
        }
        var octets = (UInt64(0), UInt64(0))
        guard inet_pton(AF_INET6, String(parts[0]), &octets) == 1 else {
            throw AddressError(text: text, reason: "\"\(host)\" is no IPv6 address; \(forms)")
        }
        let address = IPv6(high: UInt64(bigEndian: octets.0), low: UInt64(bigEndian: octets.1))
        return .ipv6(address, port: port, scope: scope)
    }

    /// The form in which it is written in a configuration.
    public var description: String {
        switch self {
        case .ipv4(let host, let port): "\(host):\(port)"
        case .ipv6(let host, let port, let scope): "[\(host)\(scope == 0 ? "" : "%\(scope)")]:\(port)"
        case .any(let port): ":\(port)"
        case .unix(let path): "unix:\(path)"
        case .abstract(let name): "unix:@\(name)"
        }
    }
}

nonisolated extension SocketAddress {
    /// The IP address without port and brackets; `unix` of a Unix socket, and empty of ``any(port:)``.
    public var host: String {
        switch self {
        case .ipv4(let host, _): "\(host)"
        case .ipv6(let host, _, let scope): "\(host)\(scope == 0 ? "" : "%\(scope)")"
        case .any: ""
        case .unix, .abstract: "unix"
        }
    }
}

nonisolated extension SocketAddress: ExpressibleByStringLiteral {
    /// An address that stands in the program: `"127.0.0.1:8080"`. One that cannot be understood ends the program; use
    /// `init(parsing:)` for text that comes from outside.
    public init(stringLiteral text: String) {
        do {
            self = try SocketAddress(parsing: text)
        } catch {
            fatalError(error.description)
        }
    }
}

nonisolated extension SocketAddress {
    /// An IP address in digits, without brackets; `nil` when it is a name.
    init?(numeric host: String, port: UInt16) {
        let text = host.utf8.contains(UInt8(ascii: ":")) ? "[\(host)]:\(port)" : "\(host):\(port)"
        guard let address = try? SocketAddress(parsing: text) else { return nil }
        self = address
    }
}

nonisolated extension SocketAddress.IPv4: CustomStringConvertible {
    /// `127.0.0.1`
    public var description: String {
        "\(bits >> 24).\(bits >> 16 & 255).\(bits >> 8 & 255).\(bits & 255)"
    }
}

nonisolated extension SocketAddress.IPv6: CustomStringConvertible {
    /// The recommended form of RFC 5952: `2001:db8::1`.
    public var description: String {
        var octets = (high.bigEndian, low.bigEndian)
        var text = [CChar](repeating: 0, count: Int(INET6_ADDRSTRLEN))
        inet_ntop(AF_INET6, &octets, &text, socklen_t(text.count))
        return String(decoding: text.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
    }
}
