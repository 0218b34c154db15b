import HTTPTypes

/// Names that swift-http-types has no constant for.
extension HTTPField.Name {
    /// RFC 9110 §7.2; swift-http-types keeps it in `HTTPRequest.authority`.
    static let host = HTTPField.Name("Host")!

    /// RFC 8288: links from what is answered to other resources; what ``Request/sendEarlyHints(_:)`` sends.
    public static let link = HTTPField.Name("Link")!
}
