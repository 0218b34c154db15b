/// References in the field Location, RFC 3986 §5.2.
nonisolated extension HTTPURL {
    /// What `reference` means in a response to a request for this URL, or in a page from it: `/a`, `../b?c`, `//host/d` or a
    /// URL. Its fragment is dropped: RFC 9110 §10.2.2 allows one.
    ///
    /// - Throws: ``HTTPURLError`` when it means no URL that a client could ask for.
    public func resolving(_ reference: String) throws(HTTPURLError) -> HTTPURL {
        let text = reference.prefix { $0 != "#" }
        if Self.hasScheme(text) { return try HTTPURL(parsing: String(text)) }
        if text.hasPrefix("//") { return try HTTPURL(parsing: "\(scheme):\(text)") }
        let path = target.prefix { $0 != "?" }
        let resolved: String
        if text.isEmpty {
            resolved = target
        } else if text.hasPrefix("?") {
            resolved = String(path + text)
        } else {
            let query = text.firstIndex(of: "?") ?? text.endIndex
            let directory = text.hasPrefix("/") ? "" : path[...(path.lastIndex(of: "/") ?? path.startIndex)]
            resolved = Self.withoutDotSegments(directory + text[..<query]) + text[query...]
        }
        return try HTTPURL(parsing: "\(scheme)://\(authority)\(resolved)")
    }

    private static func hasScheme(_ text: Substring) -> Bool {
        guard let stop = text.firstIndex(where: { ":/?".contains($0) }), text[stop] == ":" else { return false }
        return text.first?.isLetter == true
    }

    /// `path`, which begins with a slash, without `.` and `..`, RFC 3986 §5.2.4.
    private static func withoutDotSegments(_ path: some StringProtocol) -> String {
        var kept: [String] = []
        var endsInDirectory = false
        for segment in path.split(separator: "/", omittingEmptySubsequences: false).dropFirst() {
            endsInDirectory = segment == "." || segment == ".."
            if segment == ".." { _ = kept.popLast() }
            if !endsInDirectory { kept.append(String(segment)) }
        }
        if endsInDirectory { kept.append("") }
        return "/" + kept.joined(separator: "/")
    }
}
