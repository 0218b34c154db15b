import HTTPTypes
import MartletHTTP
import MartletServer

/// The body of a request.
public nonisolated struct HTTPClientRequestBody: Sendable {
    enum Content: Sendable {
        case none
        case bytes([UInt8])
        case text(String)
        /// Written while it is sent; `isRepeatable` says whether the closure may be called again.
        indirect case stream(
            length: UInt64?, isRepeatable: Bool, @MainActor @Sendable (HTTPClientBodyWriter) async throws -> Void)
    }

    let content: Content
    /// The value of Content-Type, unless the request's fields have one; `nil` for none.
    public var contentType: String?

    init(_ content: Content, contentType: String?) {
        self.content = content
        self.contentType = contentType
    }

    /// No body, and for methods that usually have one (POST, PUT, PATCH) `Content-Length: 0`.
    public static let none = HTTPClientRequestBody(.none, contentType: nil)

    /// Bytes.
    public static func bytes(
        _ bytes: [UInt8], contentType: String? = "application/octet-stream"
    ) -> HTTPClientRequestBody {
        HTTPClientRequestBody(.bytes(bytes), contentType: contentType)
    }

    /// Text, sent as UTF-8.
    public static func text(_ text: String, contentType: String = Response.plainText) -> HTTPClientRequestBody {
        HTTPClientRequestBody(.text(text), contentType: contentType)
    }

    /// A value as JSON, in the form in which the server answers it: see `JSON`.
    ///
    /// - Throws: `EncodingError` when it cannot be encoded.
    public static func json<Value: Encodable>(_ value: Value) throws -> HTTPClientRequestBody {
        HTTPClientRequestBody(.bytes(try ApplicationJSON.writer.write(value)), contentType: "application/json")
    }

    /// A form, as browsers send it: `application/x-www-form-urlencoded`.
    public static func form(_ items: [(name: String, value: String)]) -> HTTPClientRequestBody {
        HTTPClientRequestBody(
            .text(FormEncoder.encode(items.map { ($0.name, $0.value) })),
            contentType: "application/x-www-form-urlencoded")
    }

    /// Bytes that are made while they are sent, as fast as the server takes them.
    ///
    /// ```swift
    /// let body = HTTPClientRequestBody.stream(length: nil) { body in
    ///     for row in rows { try await body.write(row.csv) }
    /// }
    /// ```
    ///
    /// When the closure throws, the connection is closed, so that the server sees that something is missing, and whoever
    /// waits for the response gets the error.
    ///
    /// - Parameters:
    ///   - length: how many bytes there will be; chunks are sent (RFC 9112 §7.1) where it is not known.
    ///   - contentType: the media type.
    ///   - isRepeatable: whether `write` may be called again, for a redirect or another attempt.
    ///   - write: writes the body.
    public static func stream(
        length: UInt64? = nil, contentType: String? = "application/octet-stream", isRepeatable: Bool = true,
        _ write: @escaping @MainActor @Sendable (HTTPClientBodyWriter) async throws -> Void
    ) -> HTTPClientRequestBody {
        HTTPClientRequestBody(.stream(length: length, isRepeatable: isRepeatable, write), contentType: contentType)
    }

    /// The pieces of a sequence, which is gone through once: the body of a response, a file.
    public static func stream<Pieces: AsyncSequence & Sendable>(
        _ pieces: Pieces, length: UInt64? = nil, contentType: String? = "application/octet-stream"
    ) -> HTTPClientRequestBody where Pieces.Element == [UInt8] {
        stream(length: length, contentType: contentType, isRepeatable: false) { body in
            for try await piece in pieces { try await body.write(piece) }
        }
    }

    /// What a handler gets, as it comes.
    @MainActor
    public static func stream(_ body: RequestBody, contentType: String?) -> HTTPClientRequestBody {
        stream(length: body.expectedLength, contentType: contentType, isRepeatable: false) { writer in
            for try await piece in body { try await writer.write(piece) }
            if let trailers = body.trailers { writer.trailers = trailers }
        }
    }

    /// Whether it can be sent a second time.
    public var isRepeatable: Bool {
        if case .stream(_, let isRepeatable, _) = content { return isRepeatable }
        return true
    }
}

nonisolated extension HTTPClientRequestBody: ExpressibleByStringLiteral {
    /// Text, sent as UTF-8.
    public init(stringLiteral text: String) {
        self = .text(text)
    }
}
