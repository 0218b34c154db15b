import HTTPTypes
import MartletHTTP
import MartletJSON
import MartletServer

/// The body as a whole.
extension HTTPClientResponse {
    /// The whole body.
    ///
    /// - Parameter limit: bytes that may be held at most; ``HTTPClientLimits/collectedBody`` unless given.
    /// - Throws: ``HTTPClientError`` when there is more, or the body does not come whole; `CancellationError`.
    public func bytes(upTo limit: Int? = nil) async throws -> [UInt8] {
        try await body.collect(upTo: limit)
    }

    /// The whole body as text: in the charset that Content-Type names, which is UTF-8, US-ASCII or ISO-8859-1, and in UTF-8
    /// when it names none; what is not valid becomes U+FFFD.
    ///
    /// - Parameter limit: bytes that may be held at most.
    /// - Throws: as ``bytes(upTo:)``; ``HTTPClientError`` when the charset is another one.
    public func text(upTo limit: Int? = nil) async throws -> String {
        let bytes = try await body.collect(upTo: limit)
        let type = self[.contentType].flatMap { MediaType($0) }
        switch type?.parameters.first(where: { $0.name == "charset" })?.value.lowercased() {
        case nil, "utf-8", "utf8", "us-ascii", "ascii": return String(decoding: bytes, as: UTF8.self)
        case "iso-8859-1", "latin1":
            var text = String.UnicodeScalarView()
            for byte in bytes { text.append(Unicode.Scalar(byte)) }
            return String(text)
        case let charset?:
            throw HTTPClientError(
                .malformedCoding, url: url,
                "the text is in the charset \"\(charset.prefix(40))\", which is not read here")
        }
    }

    /// The whole body, decoded from JSON (RFC 8259), whatever Content-Type says. Dates are in the form of RFC 3339.
    ///
    /// - Parameters:
    ///   - type: what to decode.
    ///   - limit: bytes that may be held at most.
    /// - Throws: as ``bytes(upTo:)``; ``HTTPClientError`` with the place when the body is no JSON or does not fit `type`.
    public func json<Value: Decodable>(
        _ type: Value.Type = Value.self, upTo limit: Int? = nil
    ) async throws -> Value {
        let bytes = try await body.collect(upTo: limit)
        do {
            return try ApplicationJSON.reader.read(type, from: bytes)
        } catch let error as DecodingError {
            throw HTTPClientError(
                .json, url: url, "the body is not as expected: \(JSONReader.explanation(of: error))", status: code,
                cause: error)
        }
    }

    /// This response, if its status is 2xx.
    ///
    /// - Throws: ``HTTPClientError`` of the code `status`, with the beginning of the body, when it is another.
    @discardableResult
    public func requireSuccess() async throws -> HTTPClientResponse {
        guard !isSuccess else { return self }
        var error = HTTPClientError(.status, url: url, "the server answers with \(statusText)", status: code)
        error.excerpt = await body.excerpt()
        error.retryAfter = retryAfter
        throw error
    }

    /// Status and reason phrase, as a message shows them.
    var statusText: String {
        let reason = HandshakeResponse.harmless(head.reason)
        return reason.isEmpty ? "\(code)" : "\(code) \(reason.prefix(100))"
    }

    /// Gives the body up: what has not come yet is not waited for.
    public func cancel() {
        body.cancel()
    }
}
