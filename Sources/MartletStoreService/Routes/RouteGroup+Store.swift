import HTTPTypes
import MartletServer
import MartletStore

extension RouteGroup {
    /// Adds routes to the entries of a store, under a path that ends with a parameter for the key: `{key}` for keys without
    /// `/`, `{key...}` for all.
    ///
    /// ```swift
    /// try router.store(at: "/kv/{key...}", StoreServiceSettings(url: "sqlite:/var/lib/app/store.db"))
    /// ```
    ///
    /// | request | does |
    /// |---|---|
    /// | `GET /kv/{key}`, `HEAD` | the value, with its `ETag` and, if it does not stay, `TTL` |
    /// | `PUT /kv/{key}?ttl=60` | keeps the body: 201 when it is new, else 204 |
    /// | `PATCH /kv/{key}` | adds to a number: `{"increment": 1}`; the sum |
    /// | `DELETE /kv/{key}` | removes it: 204, or 404 |
    /// | `GET /kv?prefix=&limit=&cursor=` | lists entries without their values |
    /// | `GET /kv?prefix=`, `Accept: text/event-stream` | server-sent events, one for each change |
    ///
    /// `If-Match` and `If-None-Match` hold for all of them (RFC 9110 §13): 412 when the entry is in another state.
    ///
    /// - Parameters:
    ///   - path: where: literal segments and, as the last one, a parameter.
    ///   - settings: what they do.
    /// - Throws: `RouteError` when something else is there.
    public func store(at path: String, _ settings: StoreServiceSettings) throws(RouteError) {
        try store(at: path, settings) { worker in
            try await worker.openStore(settings.url, limits: settings.limits, isDurable: settings.isDurable)
        }
    }

    /// Adds routes to the entries of a store that the program has opened: see ``store(at:_:)``.
    ///
    /// - Parameters:
    ///   - path: where.
    ///   - settings: what they do; the store's own limits hold as well.
    ///   - open: tells the store of a worker, before that serves.
    public func store(
        at path: String, _ settings: StoreServiceSettings = StoreServiceSettings(url: ""),
        _ open: @escaping @MainActor (Worker) async throws -> any KeyValueStore
    ) throws(RouteError) {
        let place = try StorePath(path)
        let routes = StoreRoutes(settings, parameter: place.parameter)
        onStart { worker in routes.store = try await open(worker) }
        try add(.get, path, responder: routes.responder(.get))
        try add(.put, path, responder: routes.responder(.put))
        try add(.patch, path, responder: routes.responder(.patch))
        try add(.delete, path, responder: routes.responder(.delete))
        try add(.get, place.collection, responder: routes.responder(.list))
    }
}
