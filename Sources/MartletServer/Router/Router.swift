import HTTPTypes
import MartletHTTP

/// Which handler answers which request.
///
/// Patterns are made of segments: literal ones, `{name}` or `:name` for any one segment, `*` for any one that has no
/// name, and `{name...}` at the end for all the rest. A literal goes before a parameter, a parameter before `*`, and
/// that before `{name...}`. GET answers HEAD as well, and OPTIONS is answered with what is allowed, unless a route says
/// otherwise.
///
/// ```swift
/// router.get("/hello/{name}") { request in "Hello, \(request.parameters["name"]!)" }
/// router.post("/items") { request in try await store(request.body.collect()) }
/// ```
public final class Router {
    /// Answers a request: with a response, or by throwing an ``HTTPError`` or anything else, which is answered with
    /// 500.
    ///
    /// A handler that does not wait for anything is called without the costs of one that may.
    enum Handler {
        case immediate(@MainActor (Request) throws -> Response)
        case suspending(@MainActor (Request) async throws -> Response)
    }

    private struct Route {
        let handler: Handler
        let parameterNames: [String]
    }

    private var routes = RouteTrie<Route>()

    /// A router without routes: it answers everything with 404.
    public init() {}

    /// Adds a route.
    ///
    /// - Throws: `RouteError` when the pattern is malformed or answers the same requests as one that was added before.
    public func add<Answer: ResponseConvertible>(
        _ method: HTTPRequest.Method, _ pattern: String,
        handler: @escaping @MainActor (Request) async throws -> Answer
    ) throws(RouteError) {
        try insert(method, pattern, .suspending { request in try await handler(request).response() })
    }

    /// Adds a route whose handler does not wait for anything.
    ///
    /// - Throws: `RouteError` when the pattern is malformed or answers the same requests as one that was added before.
    public func add<Answer: ResponseConvertible>(
        _ method: HTTPRequest.Method, _ pattern: String, handler: @escaping @MainActor (Request) throws -> Answer
    ) throws(RouteError) {
        try insert(method, pattern, .immediate { request in try handler(request).response() })
    }

    private func insert(_ method: HTTPRequest.Method, _ pattern: String, _ handler: Handler) throws(RouteError) {
        let parsed = try RoutePattern(parsing: pattern)
        let route = Route(handler: handler, parameterNames: parsed.parameterNames)
        try routes.insert(parsed, method: method, value: route)
    }

    /// Adds a route of the program's own: one that cannot be added is a mistake in the program, and traps.
    func require(_ method: HTTPRequest.Method, _ pattern: String, _ handler: Handler) {
        do throws(RouteError) {
            try insert(method, pattern, handler)
        } catch {
            preconditionFailure("cannot add the route \(method) \(pattern): \(error)")
        }
    }

    /// What answers a request: its route's handler, or one that says why there is none.
    func handler(for exchange: Exchange) -> Handler {
        if exchange.parser.targetForm == .asterisk { return Self.allow(routes.allMethods) }
        if exchange.hasDotSegments {
            return .immediate { _ in throw HTTPError(.badRequest, "the path has segments \".\" or \"..\"") }
        }
        switch exchange.match(routes) {
        case .found(let route):
            exchange.parameterNames = route.parameterNames
            // So that a handler may rely on a parameter of its own pattern.
            if exchange.parser.pathHasEscapes, !exchange.hasDecodableParameters {
                return .immediate { _ in throw HTTPError(.badRequest, "the path is not percent-encoded UTF-8") }
            }
            return route.handler
        case .methodNotAllowed(let allowed):
            if exchange.parser.method == .options { return Self.allow(allowed) }
            return .immediate { _ in
                throw HTTPError(.methodNotAllowed, "allowed here: \(allowed)", fields: [.allow: allowed])
            }
        case .notFound:
            return .immediate { _ in throw HTTPError(.notFound) }
        }
    }

    private static func allow(_ methods: String) -> Handler {
        .immediate { _ in
            var response = Response(status: .noContent)
            response.fields = [.allow: methods]
            return response
        }
    }
}
