import HTTPTypes
import MartletJSON

/// A body as a value.
package enum JSONBody {
    /// Decodes a whole body from JSON.
    ///
    /// - Throws: ``HTTPError`` 415 when the client says that it is something else, 400 when it is malformed, and 422
    ///   when it does not fit `type`; the last two name the place.
    package static func decode<Value: Decodable>(
        _ type: Value.Type, from bytes: UnsafeBufferPointer<UInt8>, of request: Request
    ) throws -> Value {
        try requireJSON(request)
        do {
            return try ApplicationJSON.reader.read(type, from: bytes.span)
        } catch let error as DecodingError {
            throw refusal(of: error)
        }
    }

    /// What does not say what it is may be JSON; a form is not, and a page of another site can send one without being
    /// asked.
    private static func requireJSON(_ request: Request) throws(HTTPError) {
        guard let contentType = request[.contentType] else { return }
        let type = contentType.prefix { $0 != ";" && $0 != " " }.lowercased()
        guard type == "application/json" || type.hasSuffix("+json") else {
            throw HTTPError(.unsupportedMediaType, "the body has to be application/json, and is \(contentType)")
        }
    }

    private static func refusal(of error: DecodingError) -> HTTPError {
        if case .dataCorrupted(let context) = error, let syntax = context.underlyingError as? JSONSyntaxError {
            return HTTPError(.badRequest, "the body is not valid JSON: \(syntax)")
        }
        return HTTPError(unfit: error, "body")
    }
}
