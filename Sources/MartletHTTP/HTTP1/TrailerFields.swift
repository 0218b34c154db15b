import HTTPTypes

/// Which fields may stand in a trailer section.
///
/// RFC 9110 §6.5.1 forbids those that are needed before the content: they frame, route, authenticate or condition the
/// message, or say how its content is to be handled. Whoever honoured them late could be made to read the message in
/// another way than the hops before.
enum TrailerFields {
    /// Whether a trailer of that name is kept and sent.
    static func allows(_ name: HTTPField.Name) -> Bool {
        let name = name.canonicalName
        switch name {
        case "connection", "expect", "host", "keep-alive", "max-forwards", "te", "trailer", "transfer-encoding",
            "upgrade", "http2-settings", "forwarded", "via", "x-real-ip",
            "authorization", "www-authenticate", "cookie", "cookie2", "set-cookie",
            "set-cookie2", "origin", "range", "if-match", "if-none-match", "if-modified-since", "if-unmodified-since",
            "if-range", "accept-ranges", "age", "cache-control", "date", "expires", "location", "pragma", "retry-after",
            "vary", "warning", "strict-transport-security":
            return false
        // A digest is known only at the end: RFC 9530 §6.3 sends it there.
        case "content-digest":
            return true
        default:
            return !["content-", "proxy-", "sec-", "x-forwarded-", "access-control-"].contains { name.hasPrefix($0) }
        }
    }
}
