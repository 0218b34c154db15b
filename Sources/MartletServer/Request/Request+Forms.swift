import HTTPTypes
import MartletHTTP

/// Queries and forms.
extension Request {
    /// The query's parameters, decoded, in order; none where there is no query. Each read decodes them anew.
    ///
    /// ```swift
    /// let page = try request.query.valueIfPresent("page", as: Int.self) ?? 1
    /// ```
    ///
    /// Reading it throws an error that is answered with 400 when an escape is malformed or not UTF-8, or when there are
    /// more than 1,000 parameters.
    public var query: QueryParameters {
        get throws { try exchange.queryParameters() }
    }

    /// The query as a value: a property for each parameter, an array for one that is repeated.
    ///
    /// - Throws: ``HTTPError`` 422 with the parameter's name when it does not fit; 400 when it is malformed.
    public func query<Value: Decodable>(as type: Value.Type) throws -> Value {
        try Self.decode(type, from: try query, named: "query")
    }

    /// The fields of a form that was sent as `application/x-www-form-urlencoded`, in order.
    ///
    /// - Parameter limit: bytes that the body may have at most; the server's own limit (`limits.body`) holds as well.
    /// - Throws: ``HTTPError`` 415 when the body is something else, 400 when it is malformed; and as
    ///   ``RequestBody/collect(upTo:)``.
    public func form(upTo limit: Int = .max) async throws -> QueryParameters {
        let type = self[.contentType].flatMap { MediaType($0) }
        guard let type, type.hasEssence(of: .urlEncodedForm) else {
            throw HTTPError(
                .unsupportedMediaType, "the body has to be application/x-www-form-urlencoded",
                fields: [.accept: "application/x-www-form-urlencoded"])
        }
        let bytes = try await body.collect(upTo: limit)
        return try QueryParameters(decoding: bytes.span)
    }

    /// A form that was sent as `application/x-www-form-urlencoded`, as a value.
    ///
    /// - Parameters:
    ///   - type: what to decode: a property for each field, an array for one that is repeated.
    ///   - limit: bytes that the body may have at most.
    /// - Throws: ``HTTPError`` 422 with the field's name when it does not fit; and as ``form(upTo:)``.
    public func form<Value: Decodable>(as type: Value.Type, upTo limit: Int = .max) async throws -> Value {
        try Self.decode(type, from: try await form(upTo: limit), named: "form")
    }

    private static func decode<Value: Decodable>(
        _ type: Value.Type, from parameters: QueryParameters, named name: String
    ) throws -> Value {
        do {
            return try QueryDecoder().decode(type, from: parameters)
        } catch let error as DecodingError {
            throw HTTPError(unfit: error, name)
        }
    }
}

extension HTTPError {
    /// 422: what the client has sent does not fit a type, and where.
    nonisolated init(unfit error: DecodingError, _ what: String) {
        let (keys, message): ([any CodingKey], String) =
            switch error {
            case .dataCorrupted(let context), .typeMismatch(_, let context), .valueNotFound(_, let context):
                (context.codingPath, context.debugDescription)
            case .keyNotFound(let key, let context): (context.codingPath + [key], "it is missing")
            @unknown default: ([], "it cannot be decoded")
            }
        var path = ""
        for key in keys {
            if let index = key.intValue {
                path += "[\(index)]"
            } else {
                path += path.isEmpty ? key.stringValue : ".\(key.stringValue)"
            }
        }
        self.init(
            .unprocessableContent, "the \(what) does not fit: \(path.isEmpty ? "it" : path): \(message)",
            faults: [Fault(path: path, message)])
    }
}
