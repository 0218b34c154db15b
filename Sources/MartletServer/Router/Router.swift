import HTTPTypes
import MartletHTTP

/// Which handler answers which request.
///
/// Patterns are made of segments: literal ones, `{name}` or `:name` for any one segment, `{name:int}` for one of a
/// ``RouteParameterType``, `*` for any one that has no name, and `{name...}` at the end for all the rest. A literal goes
/// before a typed parameter, that before an untyped one, that before `*`, and that before `{name...}`. GET answers HEAD
/// as well, and OPTIONS is answered with what is allowed, unless a route says otherwise. A path without a route is
/// answered with 404, one whose routes have other methods with 405, and a method that is neither one of HTTP's nor any
/// route's with 501.
///
/// ```swift
/// router.get("/hello/{name}") { request in "Hello, \(request.parameters["name"]!)" }
/// router.post("/items") { request in try await store(request.body.collect()) }
/// ```
///
/// A thousand routes cost what one costs. Segments `.` and `..` of a request's path, also percent-encoded, are resolved
/// before the look-up (RFC 3986 §5.2.4); everything else is decoded once, after it.
///
/// A handler's ``HTTPError`` is answered as it says, every other error with 500 and an entry in the log; as a page for
/// browsers, and as `application/problem+json` (RFC 9457) for the rest.
public final class Router: RouteGroup {
    private let ownTable: RouteTable

    /// A router without routes: it answers everything with 404.
    public init() {
        ownTable = RouteTable()
        super.init(prefix: "", host: nil, parent: nil, table: ownTable)
    }

    deinit {}

    /// All routes, in the order in which they were added.
    public var routes: [Route] { ownTable.routes }

    /// Prepares a worker for what its routes need.
    ///
    /// - Throws: why the worker cannot serve.
    package func start(_ worker: Worker) async throws {
        for start in ownTable.starts { try await start(worker) }
    }

    /// Makes the router ready for requests; nothing can be added from here on.
    func compile() {
        ownTable.compile()
    }

    /// What answers a request: its route's handler, or one that says why there is none.
    func handler(for exchange: Exchange) -> Handler {
        if exchange.isRepeated, exchange.routeNumber >= 0, !exchange.parser.pathHasEscapes {
            return ownTable.handlers[exchange.routeNumber]
        }
        if exchange.parser.targetForm == .asterisk {
            exchange.allow = ownTable.allMethods
            return fallback(.options)
        }
        switch ownTable.match(exchange) {
        case .found(let number):
            exchange.routeNumber = number
            // So that a handler may rely on a parameter of its own pattern.
            if exchange.parser.pathHasEscapes, !exchange.hasDecodableParameters {
                return ownTable.routes[number].group.fallback(.malformedPath)
            }
            return ownTable.handlers[number]
        case .methodNotAllowed(let allowed, let other):
            exchange.allow = allowed
            let refusal = exchange.parser.method == .options ? Fallback.options : .methodNotAllowed
            return ownTable.routes[other].group.fallback(knowsMethod(of: exchange) ? refusal : .unknownMethod)
        case .notFound:
            return fallback(knowsMethod(of: exchange) ? .notFound : .unknownMethod)
        }
    }

    /// Whether a request's method is one of HTTP's, or any route's.
    private func knowsMethod(of exchange: Exchange) -> Bool {
        exchange.parser.method != .other || ownTable.methods.contains(exchange.method())
    }
}
