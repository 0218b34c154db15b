import MartletHTTP

/// A URL that a client is given, RFC 3986 §3, read strictly:
/// `scheme://[user[:password]@]host[:port][/path][?query][#fragment]`.
///
/// ```swift
/// let url: HTTPURL = "https://example.org/search?q=swift"
/// let next = try url.resolving("../index.html")
/// ```
///
/// What a URL cannot contain as it is has to be escaped by whoever makes it: nothing is repaired here, because two
/// readers might repair it differently. Its text shows neither user nor password.
public nonisolated struct HTTPURL: Sendable {
    // Behind one reference, because a URL goes through many hands and is changed by none.
    private final class Parts: Sendable {
        let scheme: String
        let authorization: String?
        let host: String
        let port: UInt16
        let target: String

        init(scheme: String, authorization: String?, host: String, port: UInt16, target: String) {
            self.scheme = scheme
            self.authorization = authorization
            self.host = host
            self.port = port
            self.target = target
        }
    }

    private let parts: Parts

    /// `http`, `https`, `ws` or `wss`.
    public var scheme: String { parts.scheme }
    /// The user and password in it, as a value of Authorization (RFC 7617); `nil` without.
    public var authorization: String? { parts.authorization }
    /// A name in lower case, an IPv4 address, or an IPv6 address without brackets.
    public var host: String { parts.host }
    /// That of the URL, or the scheme's.
    public var port: UInt16 { parts.port }
    /// Path and query, as a request has them: begins with `/`.
    public var target: String { parts.target }

    /// Reads an absolute URL. A fragment is dropped, because it is not the server's (RFC 9110 §4.2.5); `ws` and `wss` may
    /// have none (RFC 6455 §3).
    ///
    /// - Throws: ``HTTPURLError`` for what is no such URL.
    public init(parsing text: String) throws(HTTPURLError) {
        guard let colon = text.firstRange(of: "://") else {
            throw HTTPURLError("it is not of the form scheme://host[:port][/path][?query]")
        }
        let scheme = text[..<colon.lowerBound].lowercased()
        guard let defaultPort = Self.defaultPort(of: scheme) else {
            throw HTTPURLError("its scheme is none of http, https, ws and wss")
        }
        var rest = text[colon.upperBound...].utf8
        if let fragment = rest.firstIndex(of: UInt8(ascii: "#")) {
            guard scheme.utf8.first == UInt8(ascii: "h") else {
                throw HTTPURLError("it has a fragment, which cannot be asked for (RFC 6455 §3); write # as %23")
            }
            rest = rest[..<fragment]
        }
        let end = rest.firstIndex { $0 == UInt8(ascii: "/") || $0 == UInt8(ascii: "?") } ?? rest.endIndex
        var authority = rest[..<end]
        var authorization: String?
        if let at = authority.firstIndex(of: UInt8(ascii: "@")) {
            authorization = try Self.authorization(authority[..<at])
            authority = authority[authority.index(after: at)...]
        }
        let (host, port) = try Self.hostAndPort(authority, defaultPort)
        parts = Parts(
            scheme: scheme, authorization: authorization, host: host, port: port, target: try Self.target(rest[end...]))
    }

    private init(_ parts: Parts) { self.parts = parts }

    static func defaultPort(of scheme: String) -> UInt16? {
        switch scheme {
        case "http", "ws": 80
        case "https", "wss": 443
        case "socks5", "socks5h": 1080
        default: nil
        }
    }

    /// Whether both are the same object: a quick look before comparing texts.
    func isIdentical(to other: HTTPURL) -> Bool { parts === other.parts }

    private static func hostAndPort(
        _ authority: Substring.UTF8View, _ defaultPort: UInt16
    ) throws(HTTPURLError) -> (String, UInt16) {
        var host = authority
        var digits: Substring.UTF8View?
        let isIPv6 = authority.first == UInt8(ascii: "[")
        let afterHost =
            isIPv6 ? authority.firstIndex(of: UInt8(ascii: "]")) ?? authority.startIndex : authority.startIndex
        if let colon = authority[afterHost...].firstIndex(of: UInt8(ascii: ":")) {
            host = authority[..<colon]
            digits = authority[authority.index(after: colon)...]
        }
        let port = try digits.map { digits throws(HTTPURLError) in try Self.port(digits, defaultPort) } ?? defaultPort
        return (try isIPv6 ? ipv6Address(host) : name(host), port)
    }

    private static func port(_ digits: Substring.UTF8View, _ defaultPort: UInt16) throws(HTTPURLError) -> UInt16 {
        if digits.isEmpty { return defaultPort }
        guard digits.count <= 5, digits.allSatisfy({ (0x30...0x39).contains($0) }),
            let port = UInt16(Substring(digits)), port > 0
        else { throw HTTPURLError("its port is no number between 1 and 65535") }
        return port
    }

    private static func name(_ bytes: Substring.UTF8View) throws(HTTPURLError) -> String {
        guard !bytes.isEmpty else { throw HTTPURLError("it has no host") }
        // 253 characters are the most that the name system takes, and one more is the dot of its root.
        guard bytes.count <= 254, bytes.allSatisfy(isNameByte) else {
            throw HTTPURLError(
                "its host is no name of letters, digits, \"-\", \"_\" and \".\"; write others in Punycode")
        }
        return Substring(bytes).lowercased()
    }

    private static func ipv6Address(_ bytes: Substring.UTF8View) throws(HTTPURLError) -> String {
        let address = Substring(bytes.dropFirst().dropLast())
        guard bytes.last == UInt8(ascii: "]"), !address.utf8.contains(UInt8(ascii: "%")),
            IPAddressBytes(String(address))?.bytes.count == 16
        else { throw HTTPURLError("its host is no IPv6 address in brackets") }
        return address.lowercased()
    }

    /// `Basic …` of `user:password`, RFC 7617 §2.
    private static func authorization(_ bytes: Substring.UTF8View) throws(HTTPURLError) -> String {
        let parts = bytes.split(separator: UInt8(ascii: ":"), maxSplits: 1, omittingEmptySubsequences: false)
        let user = try unescaped(parts[0])
        guard !user.contains(UInt8(ascii: ":")) else {
            throw HTTPURLError("its user contains a colon, which cannot be sent (RFC 7617 §2)")
        }
        let password = parts.count == 2 ? try unescaped(parts[1]) : []
        return "Basic " + Base64.encode(user + [UInt8(ascii: ":")] + password)
    }

    private static func unescaped(_ bytes: Substring.UTF8View) throws(HTTPURLError) -> [UInt8] {
        var result: [UInt8] = []
        var rest = bytes
        while let byte = rest.popFirst() {
            if byte == UInt8(ascii: "%") {
                guard let high = rest.popFirst().flatMap(hexValue), let low = rest.popFirst().flatMap(hexValue) else {
                    throw HTTPURLError("its user or password has a % without two hexadecimal digits; write % as %25")
                }
                result.append(high << 4 | low)
            } else {
                guard isTargetByte(byte), byte != UInt8(ascii: "@") else {
                    throw HTTPURLError("its user or password has a character that has to be escaped, as in %40")
                }
                result.append(byte)
            }
        }
        guard result.allSatisfy({ $0 >= 0x20 && $0 != 0x7F }) else {
            throw HTTPURLError("its user or password has a control character")
        }
        return result
    }

    private static func target(_ bytes: Substring.UTF8View) throws(HTTPURLError) -> String {
        var rest = bytes
        while let byte = rest.popFirst() {
            if byte == UInt8(ascii: "%") {
                guard rest.popFirst().flatMap(hexValue) != nil, rest.popFirst().flatMap(hexValue) != nil else {
                    throw HTTPURLError("it has a % without two hexadecimal digits; write % as %25")
                }
            } else if !isTargetByte(byte) {
                throw HTTPURLError("its path or query has a character that has to be escaped, as a space is by %20")
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

nonisolated extension HTTPURL {
    /// The path of the target, without the query.
    public var path: Substring { target.prefix { $0 != "?" } }

    /// What is behind the question mark; `nil` without one.
    public var query: Substring? { target.firstIndex(of: "?").map { target[target.index(after: $0)...] } }

    /// Whether it is spoken over TLS: `https` and `wss`.
    public var isSecure: Bool { scheme.utf8.last == UInt8(ascii: "s") && scheme.utf8.count != 2 }

    /// Where its server is.
    public var origin: HTTPOrigin { HTTPOrigin(scheme: scheme, host: host, port: port) }

    /// Host and port, as CONNECT names them: `example.org:80`, `[::1]:80`.
    public var authority: String { "\(bracketedHost):\(port)" }

    /// The value of Host: the port is left out where it is the scheme's.
    public var hostField: String { port == Self.defaultPort(of: scheme) ? bracketedHost : authority }

    private var bracketedHost: String { host.utf8.contains(UInt8(ascii: ":")) ? "[\(host)]" : host }

    /// Whether credentials for one are for the other, too: scheme, host and port are the same.
    public func hasSameOrigin(as other: HTTPURL) -> Bool {
        scheme == other.scheme && host == other.host && port == other.port
    }

    /// This URL with parameters behind those that it has, percent-encoded.
    ///
    /// ```swift
    /// let url = base.adding(query: [("q", "swift & more"), ("page", "2")])
    /// ```
    public func adding(query parameters: [(name: String, value: String)]) -> HTTPURL {
        guard !parameters.isEmpty else { return self }
        let separator = query == nil ? "?" : (query == "" ? "" : "&")
        let text = FormEncoder.encode(parameters.map { ($0.name, $0.value) })
        return replacing(target: target + separator + text, authorization: authorization)
    }

    /// This URL without the user and password in it.
    var withoutCredentials: HTTPURL { authorization == nil ? self : replacing(target: target, authorization: nil) }

    private func replacing(target: String, authorization: String?) -> HTTPURL {
        HTTPURL(Parts(scheme: scheme, authorization: authorization, host: host, port: port, target: target))
    }
}

nonisolated extension HTTPURL: Hashable {
    /// Whether all parts are the same, user and password included.
    public static func == (one: HTTPURL, other: HTTPURL) -> Bool {
        one.parts === other.parts
            || (one.hasSameOrigin(as: other) && one.target == other.target && one.authorization == other.authorization)
    }

    /// Adds the parts that are most likely to differ.
    public func hash(into hasher: inout Hasher) {
        hasher.combine(host)
        hasher.combine(port)
        hasher.combine(target)
    }
}

nonisolated extension HTTPURL: ExpressibleByStringLiteral {
    /// A URL that stands in the program. One that cannot be understood ends the program; use `init(parsing:)` for text
    /// that comes from outside.
    public init(stringLiteral text: String) {
        do {
            self = try HTTPURL(parsing: text)
        } catch {
            fatalError("\"\(Self.redacted(text))\" is no URL: \(error.reason)")
        }
    }
}

nonisolated extension HTTPURL: CustomStringConvertible {
    /// The URL without user and password.
    public var description: String { "\(scheme)://\(hostField)\(target)" }

    /// A text that may be a URL, for a message: without what may be a password, and not without end.
    public static func redacted(_ text: String) -> String {
        let start = text.firstRange(of: "://")?.upperBound ?? text.startIndex
        let end = text[start...].firstIndex { $0 == "/" || $0 == "?" || $0 == "#" } ?? text.endIndex
        let host = text[start..<end].lastIndex(of: "@").map { text.index(after: $0) } ?? start
        return String((text[..<start] + text[host...]).prefix(200))
    }
}

/// Why a text is no URL: a sentence about it, without the text, which may contain a password.
public nonisolated struct HTTPURLError: Error, Hashable, Sendable, CustomStringConvertible {
    /// What is wrong with it: `its host is no IPv6 address in brackets`.
    public let reason: String

    package init(_ reason: String) {
        self.reason = reason
    }

    /// The reason.
    public var description: String { reason }
}
