import Martlet

/// A middleware that does nothing, to see what one costs.
struct PassOn: Middleware {
    func respond(to request: Request, next: Responder) async throws -> Response { try await next(request) }
}

/// A filter that does nothing.
struct LookOn: Filter {}
