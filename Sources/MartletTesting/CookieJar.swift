import MartletHTTP

/// The cookies that a server has set, as far as a test needs them: by name and path (RFC 6265 §5.3).
struct CookieJar {
    private struct Cookie {
        let name: String
        let value: String
        let path: String
    }

    private var cookies: [Cookie] = []

    /// The Cookie field of a request for a path; `nil` when there are none for it.
    func field(for path: String) -> String? {
        let fitting = cookies.filter { Self.covers($0.path, path) }.sorted { $0.path.utf8.count > $1.path.utf8.count }
        return fitting.isEmpty ? nil : fitting.map { "\($0.name)=\($0.value)" }.joined(separator: "; ")
    }

    /// The value of a cookie.
    subscript(name: String) -> String? { cookies.first { $0.name == name }?.value }

    /// Keeps what a Set-Cookie field says, or forgets what it says is over.
    mutating func keep(_ field: String, of requestPath: String, now: HTTPDate) {
        let parts = field.split(separator: ";").map { $0.drop { $0 == " " } }
        guard let pair = parts.first, let equals = pair.firstIndex(of: "="), equals > pair.startIndex else { return }
        let name = String(pair[..<equals])
        var path = Self.defaultPath(of: requestPath)
        var isOver = false
        var hasMaxAge = false
        for part in parts.dropFirst() {
            let words = part.split(separator: "=", maxSplits: 1)
            let value = words.count > 1 ? String(words[1]) : ""
            switch words.first?.lowercased() {
            case "path" where value.hasPrefix("/"): path = value
            case "max-age":
                hasMaxAge = true
                isOver = value.hasPrefix("-") || Int(value) == 0
            case "expires" where !hasMaxAge: isOver = HTTPDate(value, now: now).map { $0 <= now } ?? isOver
            default: break
            }
        }
        cookies.removeAll { $0.name == name && $0.path == path }
        let value = String(pair[pair.index(after: equals)...])
        if !isOver { cookies.append(Cookie(name: name, value: value, path: path)) }
    }

    /// RFC 6265 §5.1.4
    private static func defaultPath(of path: String) -> String {
        guard let slash = path.lastIndex(of: "/"), slash > path.startIndex else { return "/" }
        return String(path[..<slash])
    }

    private static func covers(_ cookiePath: String, _ path: String) -> Bool {
        path == cookiePath || path.hasPrefix(cookiePath.hasSuffix("/") ? cookiePath : cookiePath + "/")
    }
}
