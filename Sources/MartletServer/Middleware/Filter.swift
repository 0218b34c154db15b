/// Looks at requests before their handler and at responses after it, and never waits: it costs two calls.
///
/// ```swift
/// struct Greeting: Filter {
///     func after(_ request: Request, _ response: inout Response) { response.fields[.init("X-Greeting")!] = "hello" }
/// }
/// router.use(Greeting())
/// ```
///
/// What has to wait, or to wrap the handler in something, is a ``Middleware``. Filters and middlewares lie around the
/// handler in the order in which they were added, the first outermost, those of a group inside those of its parent.
///
/// An error that the handler or a filter throws is a response by the time the filters around it see it: `after` is
/// called for it as for any other.
public protocol Filter {
    /// Called before the handler.
    ///
    /// - Returns: a response to answer with in place of calling the handler; `nil`, the default, to go on.
    func before(_ request: Request) throws -> Response?

    /// Called after the handler, or after a filter further inside has answered; may change the response. Not called
    /// when this filter itself has answered. The default does nothing.
    func after(_ request: Request, _ response: inout Response) throws
}

extension Filter {
    /// Goes on.
    public func before(_ request: Request) throws -> Response? { nil }

    /// Leaves the response as it is.
    public func after(_ request: Request, _ response: inout Response) throws {}
}

/// Filters that lie directly around each other.
struct FilterChain {
    /// A filter's two functions. An array of filters would be copied out of, one by one, for each call.
    private struct Link {
        let before: @MainActor (Request) throws -> Response?
        let after: @MainActor (Request, inout Response) throws -> Void

        init(_ filter: some Filter) {
            before = { try filter.before($0) }
            after = { try filter.after($0, &$1) }
        }
    }

    private let links: [Link]

    /// The outermost first.
    init(_ filters: [any Filter]) {
        links = filters.map { Link($0) }
    }

    func around(_ handler: Handler) -> Handler {
        switch handler {
        case .immediate(let handle):
            return .immediate { request in
                let (entered, early) = enter(request)
                let response = early ?? request.exchange.server.response(of: handle, to: request)
                return leave(request, entered, response)
            }
        case .buffered(let handle, let late):
            let fast = { @MainActor (request: Request, body: UnsafeBufferPointer<UInt8>) in
                let (entered, early) = enter(request)
                let response =
                    early ?? request.exchange.server.response(of: { request in try handle(request, body) }, to: request)
                return leave(request, entered, response)
            }
            // A filter that refuses the request does so before its body is waited for.
            return .buffered(fast, late: around(late))
        case .waiting(let responder):
            return .waiting(around(responder))
        }
    }

    private func around(_ responder: Responder) -> Responder {
        Responder { request in
            let (entered, early) = enter(request)
            let response: Response
            if let early {
                response = early
            } else {
                do {
                    response = try await responder(request)
                } catch {
                    response = request.exchange.server.response(to: error, of: request.exchange)
                }
            }
            return leave(request, entered, response)
        }
    }

    /// How many filters have let the request pass, and the response of the one that has not.
    private func enter(_ request: Request) -> (count: Int, response: Response?) {
        for index in links.indices {
            do {
                if let response = try links[index].before(request) { return (index, response) }
            } catch {
                return (index, request.exchange.server.response(to: error, of: request.exchange))
            }
        }
        return (links.count, nil)
    }

    private func leave(_ request: Request, _ entered: Int, _ response: consuming Response) -> Response {
        var response = response
        var index = entered
        while index > 0 {
            index -= 1
            do {
                try links[index].after(request, &response)
            } catch {
                response = request.exchange.server.response(to: error, of: request.exchange)
            }
        }
        return response
    }
}
