import MartletHTTP
import MartletNet

/// A URL that a client is given, RFC 3986 §3, read strictly: `scheme://[user[:password]@]host[:port][/path][?query]`.
///
/// What a URL cannot contain as it is has to be escaped by whoever makes it: nothing is repaired here, because two
/// readers might repair it differently.
nonisolated struct ClientURL: Hashable, Sendable {
    /// In lower case.
    let scheme: String
    /// The user and password in it, as a value of Authorization (RFC 7617); `nil` without.
    let authorization: String?
    /// A name in lower case, an IPv4 address, or an IPv6 address without brackets.
    let host: String
    /// That of the URL, or the scheme's.
    let port: UInt16
    /// Path and query, as a request has them: begins with `/`.
    let target: String

    /// Reads an absolute URL.
    init(parsing text: String) throws(ClientURLError) {
        guard let colon = text.firstRange(of: "://") else {
            throw ClientURLError("it is not of the form scheme://host[:port][/path][?query]")
        }
        let scheme = text[..<colon.lowerBound].lowercased()
        guard let defaultPort = Self.defaultPorts[scheme] else {
            throw ClientURLError("its scheme is none of ws, wss, http and https")
        }
        self.scheme = scheme
        let rest = text[colon.upperBound...].utf8
        guard !rest.contains(UInt8(ascii: "#")) else {
            throw ClientURLError("it has a fragment, which cannot be asked for (RFC 6455 §3); write # as %23")
        }
        let end = rest.firstIndex { $0 == UInt8(ascii: "/") || $0 == UInt8(ascii: "?") } ?? rest.endIndex
        var authority = rest[..<end]
        if let at = authority.firstIndex(of: UInt8(ascii: "@")) {
            authorization = try Self.authorization(authority[..<at])
            authority = authority[authority.index(after: at)...]
        } else {
            authorization = nil
        }
        (host, port) = try Self.hostAndPort(authority, defaultPort)
        target = try Self.target(rest[end...])
    }

    private static let defaultPorts: [String: UInt16] = ["ws": 80, "http": 80, "wss": 443, "https": 443]

    private static func hostAndPort(
        _ authority: Substring.UTF8View, _ defaultPort: UInt16
    ) throws(ClientURLError) -> (String, UInt16) {
        var host = authority
        var digits: Substring.UTF8View?
        let isIPv6 = authority.first == UInt8(ascii: "[")
        let afterHost =
            isIPv6 ? authority.firstIndex(of: UInt8(ascii: "]")) ?? authority.startIndex : authority.startIndex
        if let colon = authority[afterHost...].firstIndex(of: UInt8(ascii: ":")) {
            host = authority[..<colon]
            digits = authority[authority.index(after: colon)...]
        }
        let port = try digits.map { digits throws(ClientURLError) in try Self.port(digits, defaultPort) } ?? defaultPort
        return (try isIPv6 ? ipv6Address(host) : name(host), port)
    }

    private static func port(_ digits: Substring.UTF8View, _ defaultPort: UInt16) throws(ClientURLError) -> UInt16 {
        if digits.isEmpty { return defaultPort }
        guard digits.count <= 5, digits.allSatisfy({ (0x30...0x39).contains($0) }),
            let port = UInt16(Substring(digits)), port > 0
        else { throw ClientURLError("its port is no number between 1 and 65535") }
        return port
    }

    private static func name(_ bytes: Substring.UTF8View) throws(ClientURLError) -> String {
        guard !bytes.isEmpty else { throw ClientURLError("it has no host") }
        // 253 characters are the most that the name system takes, and one more is the dot of its root.
        guard bytes.count <= 254, bytes.allSatisfy(isNameByte) else {
            throw ClientURLError(
                "its host is no name of letters, digits, \"-\", \"_\" and \".\"; write others in Punycode")
        }
        return Substring(bytes).lowercased()
    }

    private static func ipv6Address(_ bytes: Substring.UTF8View) throws(ClientURLError) -> String {
        let address = Substring(bytes.dropFirst().dropLast())
        guard bytes.last == UInt8(ascii: "]"), !address.utf8.contains(UInt8(ascii: "%")),
            (try? SocketAddress(parsing: "[\(address)]:0")) != nil
        else { throw ClientURLError("its host is no IPv6 address in brackets") }
        return address.lowercased()
    }

    /// `Basic …` of `user:password`, RFC 7617 §2.
    private static func authorization(_ bytes: Substring.UTF8View) throws(ClientURLError) -> String {
        let parts = bytes.split(separator: UInt8(ascii: ":"), maxSplits: 1, omittingEmptySubsequences: false)
        let user = try unescaped(parts[0])
        guard !user.contains(UInt8(ascii: ":")) else {
            throw ClientURLError("its user contains a colon, which cannot be sent (RFC 7617 §2)")
        }
        let password = parts.count == 2 ? try unescaped(parts[1]) : []
        return "Basic " + Base64.encode(user + [UInt8(ascii: ":")] + password)
    }

    private static func unescaped(_ bytes: Substring.UTF8View) throws(ClientURLError) -> [UInt8] {
        var result: [UInt8] = []
        var rest = bytes
        while let byte = rest.popFirst() {
            if byte == UInt8(ascii: "%") {
                guard let high = rest.popFirst().flatMap(hexValue), let low = rest.popFirst().flatMap(hexValue) else {
                    throw ClientURLError("its user or password has a % without two hexadecimal digits; write % as %25")
                }
                result.append(high << 4 | low)
            } else {
                guard isTargetByte(byte), byte != UInt8(ascii: "@") else {
                    throw ClientURLError("its user or password has a character that has to be escaped, as in %40")
                }
                result.append(byte)
            }
        }
        guard result.allSatisfy({ $0 >= 0x20 && $0 != 0x7F }) else {
            throw ClientURLError("its user or password has a control character")
        }
        return result
    }

    private static func target(_ bytes: Substring.UTF8View) throws(ClientURLError) -> String {
        var rest = bytes
        while let byte = rest.popFirst() {
            if byte == UInt8(ascii: "%") {
                guard rest.popFirst().flatMap(hexValue) != nil, rest.popFirst().flatMap(hexValue) != nil else {
                    throw ClientURLError("it has a % without two hexadecimal digits; write % as %25")
                }
            } else if !isTargetByte(byte) {
                throw ClientURLError("its path or query has a character that has to be escaped, as a space is by %20")
            }
        }
        let text = Substring(bytes)
        return text.hasPrefix("/") ? String(text) : "/" + text
    }

    private static func isNameByte(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"): true
        default: false
        }
    }

    /// `pchar`, `/` and `?`, escapes aside, RFC 3986 §3.3 and §3.4.
    private static func isTargetByte(_ byte: UInt8) -> Bool {
        isNameByte(byte) || "~!$&'()*+,;=:@/?".utf8.contains(byte)
    }

    private static func hexValue(_ byte: UInt8) -> UInt8? {
        Character(Unicode.Scalar(byte)).hexDigitValue.map { UInt8($0) }
    }
}

nonisolated extension ClientURL {
    /// Host and port, as CONNECT names them: `example.org:80`, `[::1]:80`.
    var authority: String { "\(bracketedHost):\(port)" }

    /// The value of Host: the port is left out where it is the scheme's.
    var hostField: String { port == Self.defaultPorts[scheme] ? bracketedHost : authority }

    private var bracketedHost: String { host.utf8.contains(UInt8(ascii: ":")) ? "[\(host)]" : host }

    /// Whether credentials for one are for the other, too.
    func hasSameOrigin(as other: ClientURL) -> Bool {
        scheme == other.scheme && host == other.host && port == other.port
    }
}

nonisolated extension ClientURL: CustomStringConvertible {
    /// The URL without user and password.
    var description: String { "\(scheme)://\(hostField)\(target)" }

    /// A text that may be a URL, for a message: without what may be a password, and not without end.
    static func redacted(_ text: String) -> String {
        let start = text.firstRange(of: "://")?.upperBound ?? text.startIndex
        let end = text[start...].firstIndex { $0 == "/" || $0 == "?" || $0 == "#" } ?? text.endIndex
        let host = text[start..<end].lastIndex(of: "@").map { text.index(after: $0) } ?? start
        return String((text[..<start] + text[host...]).prefix(200))
    }
}

/// Why a text is no URL: a sentence about it, without the text, which may contain a password.
nonisolated struct ClientURLError: Error, Hashable {
    let reason: String
    let code: WebSocketClientError.Code

    init(_ reason: String, code: WebSocketClientError.Code = .invalidURL) {
        self.reason = reason
        self.code = code
    }
}
