/// A cookie to be kept by the client: the value of one Set-Cookie field, RFC 6265 §4.1.
///
///     let cookie = try SetCookie("session", id, path: "/", isSecure: true, isHTTPOnly: true)
///     response.fields.append(HTTPField(name: .setCookie, value: cookie.description))
public struct SetCookie: Hashable, Sendable {
    /// With which requests from other sites the cookie is sent.
    public enum SameSite: String, Hashable, Sendable {
        /// With none.
        case strict = "Strict"
        /// With navigation to this site; what browsers take when nothing is said.
        case lax = "Lax"
        /// With all, `SameSite=None`; browsers want `isSecure` then.
        case unrestricted = "None"
    }

    /// Name and value together have this many bytes at most: browsers drop larger cookies without a word.
    public static let maximumLength = 4096

    /// The name: a token.
    public let name: String
    /// The value: visible ASCII without quotes, commas, semicolons and backslashes.
    public let value: String
    /// The path below which it is sent; nil: below the directory of the request that set it.
    public let path: String?
    /// The domain that it is sent to, with all below it; nil: only the host that set it.
    public let domain: String?
    /// Seconds for which it is kept, 0 or less: not at all; counts more than `expires`. Nil: as `expires` says.
    public let maxAge: Int?
    /// When it is dropped; nil: with the browser's session.
    public let expires: HTTPDate?
    /// Whether it is sent only over TLS.
    public let isSecure: Bool
    /// Whether it is hidden from scripts.
    public let isHTTPOnly: Bool
    /// With which requests from other sites it is sent; nil: as the browser thinks.
    public let sameSite: SameSite?
    /// Whether it is kept apart for each site that embeds this one.
    public let isPartitioned: Bool

    /// A cookie.
    ///
    /// - Throws: `SetCookieError` when a part has bytes that would split the field or that browsers refuse: encode such
    ///   values, for example with ``Base64``. Also when attributes contradict each other: `__Secure-` in front of the
    ///   name, `SameSite=None` and `Partitioned` need `isSecure`; `__Host-` also needs the path `/` and no domain.
    public init(
        _ name: String, _ value: String, path: String? = nil, domain: String? = nil, maxAge: Int? = nil,
        expires: HTTPDate? = nil, isSecure: Bool = false, isHTTPOnly: Bool = false, sameSite: SameSite? = nil,
        isPartitioned: Bool = false
    ) throws(SetCookieError) {
        self.name = name
        self.value = value
        self.path = path
        self.domain = domain
        self.maxAge = maxAge
        self.expires = expires
        self.isSecure = isSecure
        self.isHTTPOnly = isHTTPOnly
        self.sameSite = sameSite
        self.isPartitioned = isPartitioned
        try checkBytes()
        try checkAttributes()
    }

    /// What deletes a cookie: it has to have the name, path and domain with which the cookie was set.
    ///
    /// - Throws: `SetCookieError` as the initializer does. A prefix of the name has the attributes that it needs.
    public static func expired(
        _ name: String, path: String? = nil, domain: String? = nil, isPartitioned: Bool = false
    ) throws(SetCookieError) -> SetCookie {
        let isSecure = isPartitioned || name.starts(ignoringCase: "__Secure-") || name.starts(ignoringCase: "__Host-")
        return try SetCookie(
            name, "", path: path, domain: domain, maxAge: 0, expires: HTTPDate(unixTime: 0), isSecure: isSecure,
            isPartitioned: isPartitioned)
    }
}

extension SetCookie {
    private func checkBytes() throws(SetCookieError) {
        guard name.isToken else {
            throw SetCookieError(
                code: .name, message: "cookie name: must be letters, digits or any of !#$%&'*+-.^_`|~, and not empty")
        }
        guard value.utf8.allSatisfy(Self.isValueByte) else {
            throw SetCookieError(
                code: .value,
                message: "value of cookie \(name): white space, controls, non-ASCII characters and \" , ; \\ are not "
                    + "allowed; encode it, for example in base 64")
        }
        guard name.utf8.count + value.utf8.count <= Self.maximumLength else {
            throw SetCookieError(
                code: .tooLarge, message: "cookie \(name): larger than the \(Self.maximumLength) bytes browsers keep")
        }
        if let path, path.utf8.first != ASCII.slash || !path.utf8.allSatisfy(Self.isPathByte) {
            throw SetCookieError(
                code: .path, message: "path of cookie \(name): must begin with / and be of visible ASCII without ;")
        }
        if let domain, domain.isEmpty || domain.utf8.count > 255 || !domain.utf8.allSatisfy(Self.isDomainByte) {
            throw SetCookieError(
                code: .domain, message: "domain of cookie \(name): must be a host name of letters, digits, - and .")
        }
    }

    private func checkAttributes() throws(SetCookieError) {
        let isHostOnly = name.starts(ignoringCase: "__Host-")
        let needs = [
            (isHostOnly || name.starts(ignoringCase: "__Secure-"), "the prefix of its name"),
            (sameSite == .unrestricted, "SameSite=None"), (isPartitioned, "Partitioned"),
        ]
        if !isSecure, let (_, reason) = needs.first(where: \.0) {
            throw SetCookieError(code: .conflict, message: "cookie \(name): \(reason) needs it to be Secure")
        }
        if isHostOnly, path != "/" || domain != nil {
            throw SetCookieError(code: .conflict, message: "cookie \(name): __Host- needs the path / and no domain")
        }
    }

    /// `cookie-octet`
    private static func isValueByte(_ byte: UInt8) -> Bool {
        byte > 0x20 && byte < 0x7F && byte != ASCII.quote && byte != ASCII.comma && byte != ASCII.semicolon
            && byte != ASCII.backslash
    }

    private static func isPathByte(_ byte: UInt8) -> Bool {
        byte > 0x20 && byte < 0x7F && byte != ASCII.semicolon
    }

    private static func isDomainByte(_ byte: UInt8) -> Bool {
        ASCII.isLetter(byte) || ASCII.isDigit(byte) || byte == ASCII.hyphen || byte == ASCII.dot
    }
}

extension SetCookie: CustomStringConvertible {
    /// The field value.
    public var description: String {
        var text = "\(name)=\(value)"
        if let path { text += "; Path=\(path)" }
        if let domain { text += "; Domain=\(domain)" }
        if let maxAge { text += "; Max-Age=\(maxAge)" }
        if let expires { text += "; Expires=\(expires)" }
        if isSecure { text += "; Secure" }
        if isHTTPOnly { text += "; HttpOnly" }
        if let sameSite { text += "; SameSite=\(sameSite.rawValue)" }
        if isPartitioned { text += "; Partitioned" }
        return text
    }
}
