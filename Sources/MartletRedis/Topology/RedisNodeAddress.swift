/// Where a node of a cluster, a master, a replica or a sentinel listens.
public nonisolated struct RedisNodeAddress: Hashable, Sendable, Comparable, CustomStringConvertible {
    /// A name, or an address in digits: IPv6 without brackets.
    public let host: String
    /// The port, not 0.
    public let port: UInt16

    /// The most bytes that a host has in what a server says: those of a name of the DNS.
    static let longestHost = 255

    /// An address.
    public init(host: String, port: UInt16) {
        self.host = host
        self.port = port
    }

    /// Reads `host:port`, the host perhaps in brackets; IPv6 needs none, because the last colon divides.
    ///
    /// - Parameters:
    ///   - text: as servers write it in MOVED and ASK.
    ///   - asked: whose answer it is, whose host is meant where none is named.
    init?(_ text: Substring, from asked: String?) {
        guard let colon = text.lastIndex(of: ":") else { return nil }
        var host = text[..<colon]
        if host.hasPrefix("["), host.hasSuffix("]"), host.count > 2 { host = host.dropFirst().dropLast() }
        self.init(host: String(host), port: Self.port(text[text.index(after: colon)...]), from: asked)
    }

    /// An address as a server says it; `nil` when there is none such.
    ///
    /// - Parameters:
    ///   - host: what it names; nothing, or an empty text, where it does not know how it is reached.
    ///   - port: its port.
    ///   - asked: whose answer it is, whose host is meant where none is named.
    init?(host: String?, port: Int?, from asked: String?) {
        guard let port, let port = UInt16(exactly: port), port > 0 else { return nil }
        let named = host.flatMap { $0.isEmpty ? nil : $0 } ?? asked
        // A question mark stands for a node that prefers names and has none.
        guard let named, named != "?", Self.isHost(named) else { return nil }
        self.init(host: named, port: port)
    }

    private static func port(_ text: Substring) -> Int? {
        let isNumber = (1...5).contains(text.utf8.count) && text.utf8.allSatisfy { (0x30...0x39).contains($0) }
        return isNumber ? Int(text) : nil
    }

    /// Whether it can be a host: what is refused would only fail later, in the resolver, or lead astray who reads a
    /// log.
    private static func isHost(_ text: String) -> Bool {
        (1...longestHost).contains(text.utf8.count)
            && text.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F && $0 != UInt8(ascii: "/") }
    }

    /// `host:port`, with brackets around IPv6.
    public var description: String { host.utf8.contains(UInt8(ascii: ":")) ? "[\(host)]:\(port)" : "\(host):\(port)" }

    /// By host, then port.
    public static func < (left: RedisNodeAddress, right: RedisNodeAddress) -> Bool {
        (left.host, left.port) < (right.host, right.port)
    }
}
