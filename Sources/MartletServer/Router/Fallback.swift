import HTTPTypes

/// What is answered where no route answers.
enum Fallback: Hashable {
    /// 404: no route takes the path.
    case notFound
    /// 405: the path has routes, for other methods.
    case methodNotAllowed
    /// 501: a method that is none of HTTP's, and that no route has (RFC 9110 §9.1).
    case unknownMethod
    /// 204: OPTIONS, which no route answers itself.
    case options
    /// 400: the path does not decode to UTF-8.
    case malformedPath

    func respond(to request: Request) throws -> Response {
        let allow = request.exchange.allow
        switch self {
        case .notFound:
            throw HTTPError(.notFound, "there is nothing at \(request.path)")
        case .methodNotAllowed:
            throw HTTPError(.methodNotAllowed, "allowed here: \(allow)", fields: [.allow: allow])
        case .unknownMethod:
            throw HTTPError(.notImplemented, "the method \(request.method.rawValue) is not known here")
        case .options:
            var response = Response(status: .noContent)
            response.fields = [.allow: allow]
            return response
        case .malformedPath:
            throw HTTPError(.badRequest, "the path is not percent-encoded UTF-8")
        }
    }
}
