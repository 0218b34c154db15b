import HTTPTypes
import MartletHTTP

/// The usual responses.
nonisolated extension Response {
    /// A page, sent as `text/html; charset=utf-8`.
    public static func html(_ text: String, status: HTTPResponse.Status = .ok) -> Response {
        Response(status: status, text: text, contentType: "text/html; charset=utf-8")
    }

    /// A value as JSON: see ``JSON``.
    ///
    /// - Throws: `EncodingError` when the value cannot be encoded.
    public static func json<Value: Encodable>(_ value: Value, status: HTTPResponse.Status = .ok) throws -> Response {
        try JSON(value, status: status).response()
    }

    /// Sends the client elsewhere (RFC 9110 §15.4).
    ///
    /// - Parameters:
    ///   - target: a URI or a path, percent-encoded; control characters in it become spaces.
    ///   - status: 303 See Other, unless said otherwise: the client asks with GET. 307 and 308 keep the method, 301 and
    ///     308 are remembered.
    public static func redirect(to target: String, status: HTTPResponse.Status = .seeOther) -> Response {
        var response = Response(status: status)
        response.fields[.location] = target
        return response
    }

    /// Bytes that a browser saves under a name in place of showing them (RFC 6266).
    ///
    /// - Parameters:
    ///   - bytes: what is sent.
    ///   - name: the file's name, of any characters; a path is not honoured by clients.
    ///   - contentType: the media type.
    public static func attachment(
        _ bytes: [UInt8], name: String, contentType: String = "application/octet-stream"
    ) -> Response {
        Response(bytes: bytes, contentType: contentType).attached(as: name)
    }

    /// This response as one that a browser saves under a name in place of showing it (RFC 6266).
    public func attached(as name: String) -> Response {
        var response = self
        response.fields[.contentDisposition] = ContentDisposition.attachment(filename: name).description
        return response
    }

    /// A body of the pieces that a sequence makes while they are sent; the sequence goes on as fast as the client takes
    /// them. When it throws, the connection is cut, so that the client sees that something is missing.
    ///
    /// - Parameters:
    ///   - sequence: the pieces.
    ///   - status: the status.
    ///   - contentType: the media type.
    ///   - length: how many bytes there will be, where that is known beforehand.
    public static func stream<Pieces: AsyncSequence & Sendable>(
        _ sequence: Pieces, status: HTTPResponse.Status = .ok, contentType: String = "application/octet-stream",
        length: UInt64? = nil
    ) -> Response where Pieces.Element == [UInt8] {
        Response(status: status, contentType: contentType, length: length) { body in
            for try await piece in sequence { try await body.write(piece) }
        }
    }

    /// A body of the texts that a sequence makes while they are sent: see the form for bytes.
    public static func stream<Pieces: AsyncSequence & Sendable>(
        _ sequence: Pieces, status: HTTPResponse.Status = .ok, contentType: String = plainText
    ) -> Response where Pieces.Element == String {
        Response(status: status, contentType: contentType) { body in
            for try await piece in sequence { try await body.write(piece) }
        }
    }

    /// Adds a cookie to what the client is told to keep (RFC 6265 §4.1).
    public mutating func set(_ cookie: SetCookie) {
        fields.append(HTTPField(name: .setCookie, value: cookie.description))
    }
}
