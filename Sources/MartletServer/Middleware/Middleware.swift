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
    /// The handler as one that may wait, whatever its kind: made once, not for each request.
    @usableFromInline let handle: @MainActor (Request) async throws -> Response

    init(handler: Handler) {
        switch handler {
        case .immediate(let respond):
            handle = { request in try respond(request) }
        case .suspending(let respond):
            handle = respond
        case .buffered(let limit, let respond):
            handle = { request in
                let body = try await request.body.collect(upTo: limit)
                return try body.withUnsafeBufferPointer { try respond(request, $0) }
            }
        }
    }

    /// Has the request answered.
    ///
    /// - Throws: what the handler throws.
    @inlinable
    public func callAsFunction(_ request: Request) async throws -> Response {
        try await handle(request)
    }
}
