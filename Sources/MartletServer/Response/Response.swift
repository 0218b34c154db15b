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
        /// Bytes that are made while they are sent. Of unknown length (`nil`) they go out in chunks (RFC 9112 §7.1), or
        /// until the connection closes for HTTP/1.0. The closure returns when the body is complete; when it throws, or
        /// has not written `length` bytes, the connection is cut so that the client sees that it is not.
        case stream(length: UInt64?, @MainActor @Sendable (ResponseBodyWriter) async throws -> Void)
        /// No body: the connection goes over to another protocol (RFC 9110 §7.8), which the closure speaks until it
        /// returns. The status is 101.
        case upgrade(to: String, @MainActor @Sendable (UpgradedConnection) async throws -> Void)
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
    ///
    /// - Parameters:
    ///   - status: the status.
    ///   - contentType: the media type.
    ///   - length: how many bytes there will be, where that is known beforehand: then the client is told.
    ///   - stream: writes the body.
    public init(
        status: HTTPResponse.Status = .ok, contentType: String = "application/octet-stream", length: UInt64? = nil,
        stream: @escaping @MainActor @Sendable (ResponseBodyWriter) async throws -> Void
    ) {
        self.status = status
        self.contentType = contentType
        body = .stream(length: length, stream)
    }

    /// A response that leaves HTTP: the connection speaks another protocol from here on (RFC 9110 §7.8).
    ///
    /// To be answered to a request that asks for it, as ``Request/asksForUpgrade(to:)`` tells; any other is answered
    /// with 426 in its place.
    ///
    /// - Parameters:
    ///   - name: the protocol's name, `websocket`.
    ///   - fields: further fields of the 101 response.
    ///   - speak: speaks the protocol; when it returns, the connection is closed.
    public init(
        upgradeTo name: String, fields: HTTPFields = HTTPFields(),
        speak: @escaping @MainActor @Sendable (UpgradedConnection) async throws -> Void
    ) {
        status = .switchingProtocols
        contentType = nil
        body = .upgrade(to: name, speak)
        self.fields = fields
    }

    /// The media type of text: `text/plain; charset=utf-8`.
    public static let plainText = "text/plain; charset=utf-8"
}

nonisolated extension Response.Body {
    /// Whether all of it is there: it is not made while it is sent.
    var isWhole: Bool {
        switch self {
        case .none, .text, .bytes: true
        case .stream, .upgrade: false
        }
    }
}
