/// The parts of a URL of a server.
package nonisolated struct RedisURL {
    private(set) var endpoint: RedisEndpoint
    private(set) var isSecure = false
    private var sentinels: RedisSentinels?
    private(set) var user: String?
    private(set) var password: String?
    private(set) var database: Int?
    private(set) var clientName: String?
    private(set) var protocolVersion: RedisSettings.ProtocolVersion?
    private(set) var timeout: Duration?
    private(set) var connectTimeout: Duration?

    package init(_ text: String) throws(RedisError) {
        guard let colon = text.firstRange(of: "://") else {
            throw Self.invalid("it is not of the form redis://[[user]:password@]host[:port][/database]")
        }
        let scheme = text[..<colon.lowerBound].lowercased()
        var rest = text[colon.upperBound...]
        guard !rest.utf8.contains(where: { $0 <= 0x20 || $0 == 0x7f }) else {
            throw Self.invalid("it has spaces or control characters; write them as %20")
        }
        var fragment: Substring = ""
        if let mark = rest.firstIndex(of: "#") {
            fragment = rest[rest.index(after: mark)...]
            rest = rest[..<mark]
        }
        var query: Substring = ""
        if let mark = rest.firstIndex(of: "?") {
            query = rest[rest.index(after: mark)...]
            rest = rest[..<mark]
        }
        let slash = rest.firstIndex(of: "/") ?? rest.endIndex
        var authority = rest[..<slash]
        let path = rest[slash...]
        endpoint = .unix("")
        if let at = authority.lastIndex(of: "@") {
            try readCredentials(authority[..<at])
            authority = authority[authority.index(after: at)...]
        }
        switch scheme {
        case "redis", "rediss":
            isSecure = scheme == "rediss"
            let address = try Self.host(authority, port: RedisEndpoint.defaultPort)
            endpoint = .host(address.host, port: address.port)
            try readDatabase(path.dropFirst())
        case "unix", "redis+unix", "redis-socket":
            let file = try Self.decoded(path)
            guard authority.isEmpty, !file.isEmpty, file != "/" else {
                throw Self.invalid("the path of a Unix socket follows three slashes: unix:///run/redis.sock")
            }
            endpoint = .unix(file)
        case "redis+sentinel", "rediss+sentinel", "redis-sentinel", "rediss-sentinel":
            isSecure = scheme.hasPrefix("rediss")
            sentinels = RedisSentinels(try Self.hosts(authority), masterName: "")
            try readMaster(path, fragment)
        default:
            throw Self.invalid(
                "its scheme is none of redis, rediss, unix, redis+unix, redis+sentinel and rediss+sentinel")
        }
        for parameter in query.split(separator: "&") { try read(parameter) }
        if let sentinels { endpoint = .sentinels(try Self.checked(sentinels)) }
    }

    private mutating func readCredentials(_ text: Substring) throws(RedisError) {
        let colon = text.firstIndex(of: ":")
        let name = try Self.decoded(text[..<(colon ?? text.endIndex)])
        if !name.isEmpty { user = name }
        if let colon { password = try Self.decoded(text[text.index(after: colon)...]) }
    }

    private mutating func readDatabase(_ text: Substring) throws(RedisError) {
        if text.isEmpty { return }
        guard let number = Int(text), number >= 0, text.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else {
            throw Self.invalid("its database is no number")
        }
        database = number
    }

    // MARK: Sentinels

    private static func hosts(_ authority: Substring) throws(RedisError) -> [RedisNodeAddress] {
        let hosts = authority.split(separator: ",", omittingEmptySubsequences: false)
        guard hosts.count <= SentinelDirectory.most else {
            throw invalid("it names more than \(SentinelDirectory.most) sentinels")
        }
        var addresses: [RedisNodeAddress] = []
        for host in hosts {
            if host.isEmpty, hosts.count > 1 { throw invalid("there is no host between two commas, or at an end") }
            addresses.append(try self.host(host, port: RedisEndpoint.defaultSentinelPort))
        }
        return addresses
    }

    /// Reads `/master`, `/master/2`, or, with the master behind a `#`, nothing or `/2`.
    private mutating func readMaster(_ path: Substring, _ fragment: Substring) throws(RedisError) {
        var parts = path.split(separator: "/", omittingEmptySubsequences: false).dropFirst()
        if parts.last?.isEmpty == true { parts.removeLast() }
        if !fragment.isEmpty {
            sentinels?.masterName = try Self.decoded(fragment)
        } else if let name = parts.first, parts.count == 2 || Int(name) == nil {
            sentinels?.masterName = try Self.decoded(name)
            parts.removeFirst()
        }
        guard parts.count < 2 else {
            throw Self.invalid("its path is neither /master nor /master/database")
        }
        try readDatabase(parts.first ?? "")
    }

    private static func checked(_ sentinels: RedisSentinels) throws(RedisError) -> RedisSentinels {
        guard !sentinels.masterName.isEmpty else {
            throw invalid("it names sentinels, but no master: redis+sentinel://host:26379,host:26379/mymaster")
        }
        // As sentinels take them.
        guard sentinels.masterName.utf8.count <= 255,
            sentinels.masterName.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7f && $0 != UInt8(ascii: "/") })
        else { throw invalid("what it calls the master is no name that sentinels have") }
        return sentinels
    }

    private mutating func readOfSentinels(_ name: Substring, _ value: String) -> Bool {
        switch name {
        case "service_name", "master_name": sentinels?.masterName = value
        case "sentinel_user", "sentinel_username": sentinels?.user = value
        case "sentinel_password": sentinels?.password = value
        default: return false
        }
        return true
    }

    // MARK: Parameters

    private mutating func read(_ parameter: Substring) throws(RedisError) {
        let parts = parameter.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
        let value = try Self.decoded(parts.count == 2 ? parts[1] : "")
        switch parts[0] {
        case "db", "database": try readDatabase(Substring(value))
        case "client_name": clientName = value
        case "user", "username": user = value
        case "password": password = value
        case "protocol":
            guard let number = Int(value), let version = RedisSettings.ProtocolVersion(rawValue: number) else {
                throw Self.invalid("its protocol is neither 2 nor 3")
            }
            protocolVersion = version
        case "timeout": timeout = try Self.seconds(value)
        case "connect_timeout": connectTimeout = try Self.seconds(value)
        case _ where sentinels != nil && readOfSentinels(parts[0], value): break
        default:
            // Its name is not repeated: it may be the rest of a password with a question mark or an ampersand in it.
            throw Self.invalid(
                "it has another parameter than db, client_name, protocol, username, password, timeout and connect_timeout, "
                    + "or its password has characters that are not percent-encoded")
        }
    }

    private static func seconds(_ text: String) throws(RedisError) -> Duration {
        guard let seconds = Double(text), seconds > 0, seconds < 1e6 else {
            throw invalid("a timeout is no number of seconds")
        }
        return .seconds(seconds)
    }

    private static func host(_ authority: Substring, port standard: UInt16) throws(RedisError) -> RedisNodeAddress {
        var host = authority
        var digits: Substring?
        if authority.hasPrefix("[") {
            guard let end = authority.firstIndex(of: "]") else { throw invalid("its IPv6 address has no end") }
            host = authority[authority.index(after: authority.startIndex)..<end]
            let after = authority[authority.index(after: end)...]
            guard after.isEmpty || after.hasPrefix(":") else { throw invalid("its port is no number") }
            digits = after.isEmpty ? nil : after.dropFirst()
        } else if let colon = authority.lastIndex(of: ":") {
            host = authority[..<colon]
            digits = authority[authority.index(after: colon)...]
            guard !host.contains(":") else { throw invalid("an IPv6 address stands in brackets: redis://[::1]:6379") }
        }
        var port = standard
        if let digits, !digits.isEmpty {
            guard let number = UInt16(digits), number > 0, digits.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else {
                throw invalid("its port is no number between 1 and 65535")
            }
            port = number
        }
        return RedisNodeAddress(host: host.isEmpty ? "localhost" : try decoded(host), port: port)
    }

    /// Undoes percent-encoding (RFC 3986 §2.1).
    private static func decoded(_ text: Substring) throws(RedisError) -> String {
        guard text.utf8.contains(UInt8(ascii: "%")) else { return String(text) }
        var bytes: [UInt8] = []
        var rest = text.utf8[...]
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "%") else {
                bytes.append(byte)
                continue
            }
            guard let high = rest.popFirst().flatMap(hexDigit), let low = rest.popFirst().flatMap(hexDigit) else {
                throw invalid("a percent sign is not followed by two hexadecimal digits; write it as %25")
            }
            bytes.append(high << 4 | low)
        }
        guard let decoded = String(validating: bytes, as: UTF8.self), !bytes.contains(0) else {
            throw invalid("what it has percent-encoded is no UTF-8 text")
        }
        return decoded
    }

    private static func hexDigit(_ byte: UInt8) -> UInt8? {
        switch byte {
        case 0x30...0x39: byte - 0x30
        case 0x41...0x46: byte - 0x37
        case 0x61...0x66: byte - 0x57
        default: nil
        }
    }

    private static func invalid(_ reason: String) -> RedisError {
        RedisError(.invalidSettings, "the URL of a Redis server is invalid: \(reason)", isUnsent: true)
    }
}
