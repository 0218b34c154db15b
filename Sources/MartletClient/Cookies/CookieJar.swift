import Glibc
import MartletHTTP

/// Keeps the cookies that servers set, and says which belong to a request: RFC 6265 §5.3 and §5.4.
///
/// ```swift
/// settings.cookies = CookieJar()
/// ```
///
/// A cookie is kept for the host that set it, or for a domain that the host is in. Addresses and public suffixes (`com`,
/// `co.uk`) are nobody's to share: the rules are read from `/usr/share/publicsuffix`, where Debian's package `publicsuffix`
/// keeps them; without it, levels of countries' registries such as `co` and `ac` are known. `Secure` ones are set and sent
/// over `https` alone, a response in the clear neither replaces nor hides one, and the prefixes `__Secure-` and `__Host-` are
/// honoured. SameSite and HttpOnly are kept and do not matter to a client that has neither pages nor scripts.
public final class CookieJar {
    /// A cookie that is kept.
    public nonisolated struct Entry: Hashable, Sendable {
        /// Its name.
        public let name: String
        /// Its value, as it was sent.
        public let value: String
        /// The host, or with ``isHostOnly`` false the domain, in lower case.
        public let domain: String
        /// Whether only the host itself gets it.
        public let isHostOnly: Bool
        /// The path below which it is sent.
        public let path: String
        /// When it is dropped, in seconds since 1970; `nil`: with the jar.
        public let expires: Int64?
        /// Whether it is sent over `https` alone.
        public let isSecure: Bool
        /// Whether it was not meant for scripts.
        public let isHTTPOnly: Bool
        /// Which requests from other sites a browser sends it with.
        public let sameSite: SetCookie.SameSite?
        fileprivate let order: UInt64
    }

    private nonisolated struct Key: Hashable {
        let name, path: String
    }

    /// By domain, so that only those of a request's host and of the domains above it are looked at.
    private var cookies: [String: [Key: Entry]] = [:]
    private var count = 0
    private var order: UInt64 = 0
    private let now: () -> Int64
    private let suffixes: () -> PublicSuffixes

    /// How many are kept in all, and of one domain; beyond, the oldest are dropped (RFC 6265 §6.1).
    private static let mostOverall = 3000
    private static let mostOfDomain = 180

    /// A jar with nothing in it.
    public convenience init() {
        self.init { Int64(time(nil)) }
    }

    /// - Parameters:
    ///   - suffixes: asked when a cookie is for a domain, and not before: most are not.
    ///   - now: seconds since 1970.
    init(suffixes: @autoclosure @escaping () -> PublicSuffixes = .system, now: @escaping () -> Int64) {
        self.suffixes = suffixes
        self.now = now
    }

    deinit {}

    /// What is kept, in the order in which it was set.
    public var entries: [Entry] {
        let now = now()
        return cookies.values.flatMap(\.values).filter { !$0.hasExpired(now) }.sorted { $0.order < $1.order }
    }

    /// Forgets everything.
    public func removeAll() {
        cookies = [:]
        count = 0
    }

    /// Keeps what the value of a field Set-Cookie says, in a response to a request for `url`.
    ///
    /// - Returns: whether it was honoured; one that is malformed, or of another's domain, is not.
    @discardableResult
    public func set(_ field: String, from url: HTTPURL) -> Bool {
        guard let cookie = ReceivedCookie(field) else { return false }
        var domain = url.host
        var isHostOnly = true
        if let given = cookie.domain, given != url.host {
            guard Self.matches(url.host, given), isShareable(given) else { return false }
            domain = given
            isHostOnly = false
        } else if cookie.domain != nil {
            isHostOnly = !isShareable(url.host)
        }
        guard !cookie.isSecure || url.isSecure, Self.honoursPrefix(cookie, url) else { return false }
        let key = Key(name: cookie.name, path: cookie.path ?? Self.defaultPath(of: url))
        guard url.isSecure || !hidesSecure(key, domain) else { return false }
        keep(cookie, key, domain: domain, isHostOnly: isHostOnly)
        return true
    }

    /// Whether a cookie, set in the clear, would take the place of one that only TLS sees, or be sent before it: of the same name,
    /// for a domain in or around its own, and at or below its path (RFC 6265bis §5.7, "leave secure cookies alone").
    private func hidesSecure(_ key: Key, _ domain: String) -> Bool {
        let now = now()
        return cookies.contains { other, entries in
            (Self.matches(other, domain) || Self.matches(domain, other))
                && entries.values.contains {
                    $0.isSecure && $0.name == key.name && Self.isBelow(key.path, $0.path) && !$0.hasExpired(now)
                }
        }
    }

    private func keep(_ cookie: ReceivedCookie, _ key: Key, domain: String, isHostOnly: Bool) {
        let now = now()
        var expires = cookie.expires
        if let maxAge = cookie.maxAge {
            let (sum, overflow) = now.addingReportingOverflow(max(0, maxAge))
            expires = maxAge <= 0 ? .min : (overflow ? .max : sum)
        }
        let old = cookies[domain]?[key]
        if let expires, expires <= now {
            if let old { drop(old) }
            return
        }
        if old == nil {
            makeRoom(in: domain)
            count += 1
        }
        order += 1
        cookies[domain, default: [:]][key] = Entry(
            name: cookie.name, value: cookie.value, domain: domain, isHostOnly: isHostOnly, path: key.path,
            expires: expires, isSecure: cookie.isSecure, isHTTPOnly: cookie.isHTTPOnly, sameSite: cookie.sameSite,
            order: old?.order ?? order)
    }

    private func makeRoom(in domain: String) {
        if let inDomain = cookies[domain], inDomain.count >= Self.mostOfDomain {
            let now = now()
            let dropped = inDomain.values.first { $0.hasExpired(now) } ?? inDomain.values.min { $0.order < $1.order }
            if let dropped { drop(dropped) }
        }
        guard count >= Self.mostOverall else { return }
        // A tenth at once, so that looking through all of them is rare.
        let oldest = cookies.values.flatMap(\.values).sorted { $0.order < $1.order }
        for entry in oldest.prefix(Self.mostOverall / 10) { drop(entry) }
    }

    private func drop(_ entry: Entry) {
        if cookies[entry.domain]?.removeValue(forKey: Key(name: entry.name, path: entry.path)) != nil { count -= 1 }
        if cookies[entry.domain]?.isEmpty == true { cookies[entry.domain] = nil }
    }

    // MARK: Sending

    /// The value of Cookie for a request; `nil` when no cookie belongs to it.
    public func value(for url: HTTPURL) -> String? {
        let matching = matches(for: url)
        return matching.isEmpty ? nil : matching.map { "\($0.name)=\($0.value)" }.joined(separator: "; ")
    }

    /// Longer paths first, and then in the order in which they were set: RFC 6265 §5.4.
    private func matches(for url: HTTPURL) -> [Entry] {
        guard !cookies.isEmpty else { return [] }
        let now = now()
        let path = String(url.path)
        var found: [Entry] = []
        var domain = url.host[...]
        while true {
            if let here = cookies[String(domain)]?.values {
                found += here.filter { entry in
                    (!entry.isHostOnly || entry.domain == url.host) && (!entry.isSecure || url.isSecure)
                        && Self.isBelow(path, entry.path) && !entry.hasExpired(now)
                }
            }
            // An address is in no domain.
            guard IPAddressBytes(url.host) == nil, let dot = domain.firstIndex(of: ".") else { break }
            domain = domain[domain.index(after: dot)...]
        }
        return found.sorted {
            $0.path.utf8.count != $1.path.utf8.count ? $0.path.utf8.count > $1.path.utf8.count : $0.order < $1.order
        }
    }

    // MARK: Rules

    /// RFC 6265 §5.1.3.
    private static func matches(_ host: String, _ domain: String) -> Bool {
        host == domain || (host.hasSuffix("." + domain) && IPAddressBytes(host) == nil)
    }

    /// Whether hosts below it may share a cookie: it is a name that somebody has registered.
    private func isShareable(_ domain: String) -> Bool {
        let labels = domain.split(separator: ".", omittingEmptySubsequences: false)
        return labels.count > 1 && labels.allSatisfy { !$0.isEmpty } && IPAddressBytes(domain) == nil
            && !suffixes().contains(domain)
    }

    /// RFC 6265 §5.1.4: the directory of the request's path.
    private static func defaultPath(of url: HTTPURL) -> String {
        let path = url.path
        guard let slash = path.lastIndex(of: "/"), slash > path.startIndex else { return "/" }
        return String(path[..<slash])
    }

    /// RFC 6265 §5.1.4.
    private static func isBelow(_ path: String, _ cookiePath: String) -> Bool {
        guard path.hasPrefix(cookiePath) else { return false }
        return path.utf8.count == cookiePath.utf8.count || cookiePath.hasSuffix("/")
            || path.utf8.dropFirst(cookiePath.utf8.count).first == UInt8(ascii: "/")
    }

    private static func honoursPrefix(_ cookie: ReceivedCookie, _ url: HTTPURL) -> Bool {
        let name = cookie.name.lowercased()
        if name.hasPrefix("__host-") { return cookie.isSecure && cookie.domain == nil && cookie.path == "/" }
        return !name.hasPrefix("__secure-") || cookie.isSecure
    }
}

nonisolated extension CookieJar.Entry {
    fileprivate func hasExpired(_ now: Int64) -> Bool { expires.map { $0 <= now } ?? false }
}
