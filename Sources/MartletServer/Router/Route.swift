import HTTPTypes

/// One route of a ``Router``: a method, a pattern and a handler, and what is said about them.
public final class Route {
    /// The method that it answers; GET answers HEAD as well.
    public let method: HTTPRequest.Method
    /// The whole pattern, with the prefixes of its groups.
    public let pattern: RoutePattern
    /// The host that it is for; `nil` for any.
    public let host: String?
    /// What is said about it, for people and for OpenAPI.
    public var documentation = RouteDocumentation()

    /// The names of the pattern's captures, in their order.
    let parameterNames: [String]
    /// Where it was added: what lies around its handler.
    unowned let group: RouteGroup
    /// The handler as it was given.
    private let bare: Handler
    /// The handler with what lies around it; set when the router is first used.
    private(set) var handler: Handler

    init(_ method: HTTPRequest.Method, _ pattern: RoutePattern, in group: RouteGroup, handler: Handler) {
        self.method = method
        self.pattern = pattern
        self.host = group.hostPattern?.description
        self.group = group
        parameterNames = pattern.parameterNames
        bare = handler
        self.handler = handler
    }

    deinit {}

    func compile() {
        handler = group.wrap(bare)
    }
}
