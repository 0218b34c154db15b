import HTTPTypes

/// Routes that have something in common: the beginning of their paths, a host, and what lies around their handlers.
///
/// ```swift
/// let api = router.group("/api")
/// api.use(BearerAuthentication(as: Owner.self) { token in try await users.owner(of: token.value) })
/// api.get("/todos") { request in ... }                    // GET /api/todos
/// api.group("/admin") { admin in admin.delete("/todos") { ... } }
/// ```
///
/// Filters, middlewares and error handlers hold for all routes of a group, also for those that were added before them,
/// and for its subgroups. They also lie around the answers 405 and to OPTIONS of the group's paths; those of the router
/// itself around 404 as well.
public class RouteGroup {
    /// What lies around handlers.
    enum Layer {
        case filter(any Filter)
        case middleware(any Middleware)
        case errorHandler(@MainActor (any Error, Request) throws -> Response?)
    }

    let prefix: String
    let hostPattern: HostPattern?
    private let parent: RouteGroup?
    private unowned let owner: RouteTable
    private var layers: [Layer] = []
    /// The answers of ``Router/fallback(_:)`` with what lies around them, made when they are first needed.
    private var fallbacks: [Fallback: Handler] = [:]

    init(prefix: String, host: HostPattern?, parent: RouteGroup?, table: RouteTable) {
        self.prefix = prefix
        hostPattern = host
        self.parent = parent
        owner = table
    }

    deinit {}

    /// All routes of the router.
    var table: RouteTable { owner }

    /// Does something in each worker before it serves, because a route needs it. Not where a configuration is checked.
    package func onStart(_ start: @escaping @MainActor (Worker) async throws -> Void) {
        table.starts.append(start)
    }

    // MARK: Groups

    /// A group of routes whose patterns begin with `prefix`.
    ///
    /// - Parameter prefix: `/` and whole segments, without a slash at the end; parameters are allowed. Empty: the group
    ///   has no more in common than what lies around its handlers.
    public func group(_ prefix: String = "") -> RouteGroup {
        if !prefix.isEmpty, !prefix.hasPrefix("/") || prefix.hasSuffix("/") {
            fatalError("cannot make the group \"\(prefix)\": a prefix begins with / and does not end with it")
        }
        return table.keep(RouteGroup(prefix: self.prefix + prefix, host: hostPattern, parent: self, table: table))
    }

    /// A group of routes whose patterns begin with `prefix`, which `add` adds.
    public func group(_ prefix: String = "", _ add: (RouteGroup) throws -> Void) rethrows {
        try add(group(prefix))
    }

    /// A group of routes for one host, or for all below a domain: `api.example.org`, `*.example.org`.
    ///
    /// A request for a host that has routes is looked up among these only; one for any other host, among those that
    /// name none. Ports and the case of letters do not matter. An exact name goes before `*.`, the longest first.
    public func host(_ name: String) -> RouteGroup {
        do throws(RouteError) {
            let pattern = try HostPattern(parsing: name)
            return table.keep(RouteGroup(prefix: prefix, host: pattern, parent: self, table: table))
        } catch {
            fatalError("cannot add the host \(name): \(error)")
        }
    }

    /// A group of routes for a host, which `add` adds: see ``host(_:)``.
    public func host(_ name: String, _ add: (RouteGroup) throws -> Void) rethrows {
        try add(host(name))
    }

    // MARK: What lies around the handlers

    /// Puts a filter around the handlers of this group, inside of what was put there before.
    public func use(_ filter: any Filter) {
        layers.append(.filter(filter))
    }

    /// Puts a middleware around the handlers of this group, inside of what was put there before.
    public func use(_ middleware: any Middleware) {
        layers.append(.middleware(middleware))
    }

    /// Answers errors that handlers of this group throw, in place of the server.
    ///
    /// ```swift
    /// router.onError { error, _ in error is NoSuchTodo ? Response(status: .notFound) : nil }
    /// ```
    ///
    /// - Parameter respond: gets the error; returns the response, or `nil` to leave it to the next one outside. It may
    ///   throw another error in its place.
    public func onError(_ respond: @escaping @MainActor (any Error, Request) throws -> Response?) {
        layers.append(.errorHandler(respond))
    }

    /// `handler` with all that lies around it.
    func wrap(_ handler: Handler) -> Handler {
        var handler = handler
        var filters: [any Filter] = []
        func closeChain() {
            if !filters.isEmpty { handler = FilterChain(filters.reversed()).around(handler) }
            filters = []
        }
        for layer in allLayers.reversed() {
            if case .filter(let filter) = layer {
                filters.append(filter)
                continue
            }
            closeChain()
            switch layer {
            case .filter: break
            case .middleware(let middleware):
                handler = .waiting(Responder(middleware, around: Responder(handler: handler)))
            case .errorHandler(let respond):
                handler = Self.catching(handler, respond)
            }
        }
        closeChain()
        return handler
    }

    /// `handler` with its errors answered by `respond`.
    private static func catching(
        _ handler: Handler, _ respond: @escaping @MainActor (any Error, Request) throws -> Response?
    ) -> Handler {
        func answer(_ error: any Error, _ request: Request) throws -> Response {
            guard let response = try respond(error, request) else { throw error }
            return response
        }
        func waiting(_ responder: Responder) -> Responder {
            Responder { request in
                do { return try await responder(request) } catch { return try answer(error, request) }
            }
        }
        switch handler {
        case .immediate(let handle):
            return .immediate { request in
                do { return try handle(request) } catch { return try answer(error, request) }
            }
        case .buffered(let handle, let late):
            let fast = { @MainActor (request: Request, body: UnsafeBufferPointer<UInt8>) in
                do { return try handle(request, body) } catch { return try answer(error, request) }
            }
            return .buffered(fast, late: waiting(late))
        case .waiting(let responder):
            return .waiting(waiting(responder))
        }
    }

    private var allLayers: [Layer] { (parent?.allLayers ?? []) + layers }

    /// The answer to what no route answers, with what lies around it in this group.
    func fallback(_ fallback: Fallback) -> Handler {
        if let handler = fallbacks[fallback] { return handler }
        let handler = wrap(.immediate(fallback.respond))
        fallbacks[fallback] = handler
        return handler
    }

    // MARK: Routes

    /// Adds a route whose handler may wait.
    ///
    /// - Throws: `RouteError` when the pattern is malformed or answers the same requests as one that was added before.
    @discardableResult
    public func add<Answer: ResponseConvertible>(
        _ method: HTTPRequest.Method, _ pattern: String,
        handler: @escaping @MainActor (Request) async throws -> Answer
    ) throws(RouteError) -> Route {
        try insert(method, pattern, .suspending { request in try await handler(request).response() })
    }

    /// Adds a route whose handler may wait, and answers with a response: it is called with nothing in between.
    @discardableResult
    package func add(
        _ method: HTTPRequest.Method, _ pattern: String,
        responder: @escaping @MainActor (Request) async throws -> Response
    ) throws(RouteError) -> Route {
        try insert(method, pattern, .suspending(responder))
    }

    /// Adds a route whose handler does not wait for anything.
    ///
    /// - Throws: `RouteError` when the pattern is malformed or answers the same requests as one that was added before.
    @discardableResult
    public func add<Answer: ResponseConvertible>(
        _ method: HTTPRequest.Method, _ pattern: String, handler: @escaping @MainActor (Request) throws -> Answer
    ) throws(RouteError) -> Route {
        try insert(method, pattern, .immediate { request in try handler(request).response() })
    }

    func insert(_ method: HTTPRequest.Method, _ pattern: String, _ handler: Handler) throws(RouteError) -> Route {
        // "/" of a group is the prefix itself.
        let whole = prefix.isEmpty ? pattern : (pattern == "/" || pattern.isEmpty ? prefix : prefix + pattern)
        let route = Route(method, try RoutePattern(parsing: whole), in: self, handler: handler)
        try table.insert(route)
        return route
    }

    /// Adds a route of the program's own: one that cannot be added is a mistake in the program, and traps.
    func require(_ method: HTTPRequest.Method, _ pattern: String, _ handler: Handler) -> Route {
        do throws(RouteError) {
            return try insert(method, pattern, handler)
        } catch {
            fatalError("cannot add the route \(method) \(prefix)\(pattern): \(error)")
        }
    }
}
