/// Something done around handlers that may wait: before, after, in place of, or more than once.
///
/// ```swift
/// struct Patience: Middleware {
///     func respond(to request: Request, next: Responder) async throws -> Response {
///         try await withTimeout(.seconds(5)) { try await next(request) }
///     }
/// }
/// router.use(Patience())
/// ```
///
/// What the handler throws comes out of `next` as it is; who does not catch it leaves it to the server, which answers
/// as ``Router`` says. What does not wait for anything is better a ``Filter``: a route with a middleware is called as
/// one that may wait, which costs more.
public protocol Middleware {
    /// Answers a request, usually with what `next` answers.
    func respond(to request: Request, next: Responder) async throws -> Response
}

/// What lies behind a middleware: the next one, or the handler.
public struct Responder {
    let handler: Handler

    /// Has the request answered.
    ///
    /// - Throws: what the handler throws.
    @inlinable
    public func callAsFunction(_ request: Request) async throws -> Response {
        try await respond(to: request)
    }

    @usableFromInline
    func respond(to request: Request) async throws -> Response {
        switch handler {
        case .immediate(let handle):
            return try handle(request)
        case .suspending(let handle):
            return try await handle(request)
        case .buffered(let limit, let handle):
            let body = try await request.body.collect(upTo: limit)
            return try body.withUnsafeBufferPointer { try handle(request, $0) }
        }
    }
}
