import HTTPTypes
import MartletLoop

/// Gives handlers a time in which to answer: one that takes longer is cancelled, and the client gets 503.
///
/// ``Request/deadline`` says until when. Of several around a handler, the one that ends first holds. A handler that
/// does not heed its cancellation is waited for all the same: nothing goes on behind a response. A streamed body may
/// take as long as it likes once the handler has returned it.
public struct RequestTimeout: Middleware {
    private let limit: Duration
    private let retryAfter: Duration

    /// A middleware that gives handlers `limit`.
    ///
    /// - Parameters:
    ///   - limit: the time for a handler and what lies around it further inside.
    ///   - retryAfter: when clients are told to try again (`Retry-After`), in whole seconds.
    public init(_ limit: Duration, retryAfter: Duration = .seconds(1)) {
        self.limit = limit
        self.retryAfter = retryAfter
    }

    /// Passes the request on, and throws ``HTTPError`` 503 when the time is over.
    public func respond(to request: Request, next: Responder) async throws -> Response {
        let deadline = EventLoop.main.time() + limit
        let outer = request.deadline
        if let outer, outer <= deadline { return try await next(request) }
        request.deadline = deadline
        defer { request.deadline = outer }
        let expiry = Expiry()
        do {
            return try await withTimeout(limit) { timeout in
                expiry.timeout = timeout
                return try await next(request)
            }
        } catch  where expiry.timeout?.hasExpired == true && !Task.isCancelled {
            // Whatever the handler has made of its cancellation.
            request.exchange.server.counters.add(.handlersTimedOut)
            throw HTTPError(
                .serviceUnavailable, "the request took too long",
                fields: [.retryAfter: "\(max(1, retryAfter.components.seconds))"])
        }
    }

    /// Where the timeout is seen from outside of what it limits.
    private final class Expiry {
        var timeout: Timeout?
        deinit {}
    }
}
