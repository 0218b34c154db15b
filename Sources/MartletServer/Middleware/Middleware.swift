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
///
/// Each async call costs two looks at the executor, so calling one calls what lies behind it and nothing between: this is
/// part of its caller.
public struct Responder {
    @usableFromInline let target: Target

    // Behind a reference, so that a handler is small enough to be passed in registers.
    @usableFromInline
    indirect enum Target {
        case middleware(any Middleware, next: Responder)
        case immediate(@MainActor (Request) throws -> Response)
        case suspending(@MainActor (Request) async throws -> Response)
    }

    /// A handler that may wait.
    init(_ respond: @escaping @MainActor (Request) async throws -> Response) {
        target = .suspending(respond)
    }

    /// A middleware around what lies behind it.
    init(_ middleware: any Middleware, around next: Responder) {
        target = .middleware(middleware, next: next)
    }

    /// The handler as one that may wait, whatever its kind: made once, not for each request.
    init(handler: Handler) {
        switch handler {
        case .waiting(let responder):
            self = responder
        case .immediate(let respond):
            target = .immediate(respond)
        case .buffered(_, let late):
            self = late
        }
    }

    /// Has the request answered.
    ///
    /// - Throws: what the handler throws.
    @inlinable @inline(__always)
    public func callAsFunction(_ request: Request) async throws -> Response {
        switch target {
        case .middleware(let middleware, let next): try await middleware.respond(to: request, next: next)
        case .immediate(let respond): try respond(request)
        case .suspending(let respond): try await respond(request)
        }
    }
}
