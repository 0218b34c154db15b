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
    /// All other fields. Nothing is allocated or counted while there are none.
    public var fields: HTTPFields {
        get {
            guard let prepared = preparedFields?.fields else { return ownFields ?? HTTPFields() }
            guard var fields = ownFields else { return prepared }
            for field in prepared { fields.append(field) }
            return fields
        }
        _modify {
            var fields = preparedFields == nil ? ownFields.take() ?? HTTPFields() : self.fields
            preparedFields = nil
            defer { ownFields = fields }
            yield &fields
        }
        set {
            ownFields = newValue
            preparedFields = nil
        }
    }

    /// The fields that somebody has set, but for those of `preparedFields`.
    var ownFields: HTTPFields?
    /// The fields that this response has in common with others. No name is in both.
    var preparedFields: PreparedFields?

    // The rare ones lie behind a reference, so that a response is small enough to be returned in registers.

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
        indirect case stream(length: UInt64?, @MainActor @Sendable (ResponseBodyWriter) async throws -> Void)
        /// No body: the connection goes over to another protocol (RFC 9110 §7.8). The status is 101.
        indirect case upgrade(ProtocolUpgrade)
    }

    /// The media type of text: `text/plain; charset=utf-8`.
    public static let plainText = "text/plain; charset=utf-8"
}

// In an extension, so that they end in the memberwise initialiser: one that sets property by property makes a response
// twice and destroys the first, which is what a handler's answer costs.
nonisolated extension Response {
    /// A response without a body.
    public init(status: HTTPResponse.Status = .ok) {
        self.init(status: status, contentType: nil, body: .none)
    }

    /// A response with a text.
    public init(status: HTTPResponse.Status = .ok, text: String, contentType: String = plainText) {
        self.init(status: status, contentType: contentType, body: .text(text))
    }

    /// A response with bytes.
    public init(
        status: HTTPResponse.Status = .ok, bytes: [UInt8], contentType: String = "application/octet-stream"
    ) {
        self.init(status: status, contentType: contentType, body: .bytes(bytes))
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
        self.init(status: status, contentType: contentType, body: .stream(length: length, stream))
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
        self.init(
            status: .switchingProtocols, contentType: nil,
            body: .upgrade(ProtocolUpgrade(name: name, way: .spoken(speak))),
            ownFields: fields)
    }

    /// A response that leaves HTTP for a protocol whose connections live without a task of HTTP's around them.
    ///
    /// - Parameters:
    ///   - name: the protocol's name.
    ///   - fields: further fields of the 101 response.
    ///   - take: takes the connection over.
    package init(
        upgradeTo name: String, fields: HTTPFields,
        takenOverBy take: @escaping @MainActor @Sendable (UpgradedConnection, ConnectionLease) -> any TakenConnection
    ) {
        self.init(
            status: .switchingProtocols, contentType: nil,
            body: .upgrade(ProtocolUpgrade(name: name, way: .takenOver(take))), ownFields: fields)
    }
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
