import MartletHTTP

/// The host that routes are for: `api.example.org`, or `*.example.org` for every name below that.
nonisolated struct HostPattern: Hashable, Sendable, CustomStringConvertible {
    /// In lower case, without a trailing dot.
    let name: String
    /// Whether names below `name` are meant, and not itself.
    let isWildcard: Bool

    init(parsing text: String) throws(RouteError) {
        let lowercased = text.lowercased()
        isWildcard = lowercased.hasPrefix("*.")
        name = isWildcard ? String(lowercased.dropFirst(2)) : lowercased
        let isName = name.utf8.allSatisfy { byte in
            (byte | 0x20) &- 0x61 < 26 || byte &- 0x30 < 10 || "-._[]:".utf8.contains(byte)
        }
        // A port would be compared with what clients write, and they leave out the usual ones.
        let hasPort = !name.hasPrefix("[") && name.contains(":")
        guard isName, !name.isEmpty, !hasPort else {
            throw RouteError(
                .pattern, pattern: text, reason: "a host is a name such as api.example.org or *.example.org, no port")
        }
    }

    var description: String { isWildcard ? "*.\(name)" : name }
}

/// The host of a request as it is compared: the authority without port and trailing dot.
nonisolated enum HostName {
    static func bytes(of authority: ByteRange, in bytes: Span<UInt8>) -> ByteRange {
        var end = Int(authority.end)
        let start = Int(authority.start)
        var i = end
        while i > start, bytes[i - 1] &- 0x30 < 10 { i -= 1 }
        if i > start, bytes[i - 1] == 0x3A { end = i - 1 }
        if end > start, bytes[end - 1] == 0x2E { end -= 1 }
        return ByteRange(start, end)
    }
}
