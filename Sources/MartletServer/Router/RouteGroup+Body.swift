import HTTPTypes

/// Handlers that take the body as a value.
extension RouteGroup {
    /// Adds a route whose handler gets the decoded body and waits for nothing.
    func requireBody<Body: Decodable>(
        _ method: HTTPRequest.Method, _ pattern: String,
        _ handle: @escaping @MainActor (Request, Body) throws -> Response
    ) -> Route {
        let route = require(
            method, pattern,
            .buffering { request, bytes in
                try handle(request, try JSONBody.decode(Body.self, from: bytes, of: request))
            })
        return route.accepts(Body.self)
    }

    /// Adds a route whose handler gets the decoded body and may wait.
    func requireBody<Body: Decodable>(
        _ method: HTTPRequest.Method, _ pattern: String,
        _ handle: @escaping @MainActor (Request, Body) async throws -> Response
    ) -> Route {
        let route = require(
            method, pattern,
            .suspending { request in try await handle(request, try await request.json(Body.self)) })
        return route.accepts(Body.self)
    }
}

extension Route {
    /// Notes what a handler answers as JSON.
    func answering<Answer: Encodable>(_ answer: Answer.Type) -> Route {
        documentation.answer = answer
        return self
    }

    /// Notes what a handler answers that says itself how.
    func answeringConvertible<Answer: ResponseConvertible>(_ answer: Answer.Type) -> Route {
        if let described = answer as? any DescribedResponse.Type {
            documentation.answer = described.encodedType
        } else if answer == String.self || answer == Substring.self {
            documentation.answerContentType = Response.plainText
        } else if answer == [UInt8].self {
            documentation.answerContentType = "application/octet-stream"
        }
        return self
    }
}

/// A response that tells the type that it encodes.
nonisolated protocol DescribedResponse {
    static var encodedType: any Encodable.Type { get }
}

extension JSON: DescribedResponse {
    nonisolated static var encodedType: any Encodable.Type { Value.self }
}
