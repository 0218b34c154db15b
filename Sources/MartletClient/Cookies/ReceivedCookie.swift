import MartletHTTP

/// A cookie as a server sets it: the value of Set-Cookie, read as tolerantly as RFC 6265 §5.2 has user agents do.
nonisolated struct ReceivedCookie: Equatable {
    let name: String
    let value: String
    /// Without a leading dot, in lower case; `nil` when it has none.
    private(set) var domain: String?
    /// `nil` when it has none that begins with a slash.
    private(set) var path: String?
    /// Seconds; 0 or less is in the past.
    private(set) var maxAge: Int64?
    /// Seconds since 1970.
    private(set) var expires: Int64?
    private(set) var isSecure = false
    private(set) var isHTTPOnly = false
    private(set) var sameSite: SetCookie.SameSite?

    /// Reads the value of a field.
    ///
    /// `nil` for one without a name, with control characters in it, or whose name and value are longer than 4096 bytes.
    init?(_ field: String) {
        guard field.utf8.count <= 8192, field.utf8.allSatisfy({ ($0 >= 0x20 && $0 != 0x7F) || $0 == 0x09 }) else {
            return nil
        }
        var parts = field.split(separator: ";", omittingEmptySubsequences: false)[...]
        let pair = parts.removeFirst()
        guard let equals = pair.firstIndex(of: "=") else { return nil }
        name = Self.trimmed(pair[..<equals])
        value = Self.trimmed(pair[pair.index(after: equals)...])
        guard !name.isEmpty, name.utf8.count + value.utf8.count <= SetCookie.maximumLength else { return nil }
        for part in parts.prefix(32) { read(part) }
    }

    private mutating func read(_ part: Substring) {
        let equals = part.firstIndex(of: "=")
        let name = Self.trimmed(part[..<(equals ?? part.endIndex)]).lowercased()
        let value = equals.map { Self.trimmed(part[part.index(after: $0)...]) } ?? ""
        switch name {
        case "domain":
            let domain = (value.hasPrefix(".") ? String(value.dropFirst()) : value).lowercased()
            self.domain = domain.isEmpty ? nil : domain
        case "path": path = value.hasPrefix("/") ? value : nil
        case "max-age":
            let digits = value.hasPrefix("-") ? value.dropFirst() : value[...]
            guard !digits.isEmpty, digits.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else { return }
            // What does not fit is longer than anybody keeps it.
            maxAge = Int64(value) ?? (value.hasPrefix("-") ? .min : .max)
        case "expires": expires = CookieDate.unixTime(value) ?? expires
        case "secure": isSecure = true
        case "httponly": isHTTPOnly = true
        case "samesite":
            switch value.lowercased() {
            case "strict": sameSite = .strict
            case "lax": sameSite = .lax
            case "none": sameSite = .unrestricted
            default: sameSite = nil
            }
        default: break
        }
    }

    private static func trimmed(_ text: Substring) -> String {
        var text = text
        while let first = text.utf8.first, first == 0x20 || first == 0x09 { text.removeFirst() }
        while let last = text.utf8.last, last == 0x20 || last == 0x09 { text.removeLast() }
        return String(text)
    }
}
