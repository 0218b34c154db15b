import HTTPTypes

/// What a handler answers: a status, fields and a body.
///
/// `Date`, `Server`, `Content-Length` or `Transfer-Encoding`, and `Connection` are the server's to write; setting them
/// in `fields` has no effect.
public nonisolated struct Response: Sendable {
    /// The status; 200 unless said otherwise.
    public var status: HTTPResponse.Status
    /// The media type of the body (`Content-Type`); `nil` leaves it out.
    public var contentType: String?
    /// The body.
    public var body: Body
    /// All other fields. Nothing is allocated while there are none.
    public var fields = HTTPFields()

    /// What follows the head.
    public enum Body: Sendable {
        /// Nothing.
        case none
        /// Text, sent as UTF-8.
        case text(String)
        /// Bytes as they are.
        case bytes([UInt8])
        /// Bytes that are made while they are sent, in chunks (RFC 9112 §7.1), or until the connection closes for
        /// HTTP/1.0. The closure returns when the body is complete; when it throws, the connection is cut so that the
        /// client sees that it is not.
        case stream(@MainActor @Sendable (ResponseBodyWriter) async throws -> Void)
    }

    /// A response without a body.
    public init(status: HTTPResponse.Status = .ok) {
        self.status = status
        contentType = nil
        body = .none
    }

    /// A response with a text.
    public init(status: HTTPResponse.Status = .ok, text: String, contentType: String = plainText) {
        self.status = status
        self.contentType = contentType
        body = .text(text)
    }

    /// A response with bytes.
    public init(
        status: HTTPResponse.Status = .ok, bytes: [UInt8], contentType: String = "application/octet-stream"
    ) {
        self.status = status
        self.contentType = contentType
        body = .bytes(bytes)
    }

    /// A response whose body is made while it is sent.
    ///
    /// ```swift
    /// Response { body in
    ///     for row in rows { try await body.write(row.csv) }
    /// }
    /// ```
    public init(
        status: HTTPResponse.Status = .ok, contentType: String = "application/octet-stream",
        stream: @escaping @MainActor @Sendable (ResponseBodyWriter) async throws -> Void
    ) {
        self.status = status
        self.contentType = contentType
        body = .stream(stream)
    }

    /// The media type of text: `text/plain; charset=utf-8`.
    public static let plainText = "text/plain; charset=utf-8"
}
