import HTTPTypes

/// What is said about a route: the words are the application's, the types come from the handler's.
public struct RouteDocumentation {
    /// One line.
    public var summary: String?
    /// More than one line; CommonMark.
    public var details: String?
    /// What it is listed under.
    public var tags: [String] = []
    /// A name that no other route has, for generated clients.
    public var operationID: String?
    /// Whether it is better not used any more.
    public var isDeprecated = false
    /// Whether it is left out of what is published.
    public var isHidden = false
    /// The type that the body is decoded as; `nil` when the handler reads it itself.
    public var body: (any Decodable.Type)?
    /// The media type of the body.
    public var bodyContentType = "application/json"
    /// The type that the query is decoded as.
    public var query: (any Decodable.Type)?
    /// The type that is answered, when it is encoded.
    public var answer: (any Encodable.Type)?
    /// The media type of a successful answer when it is not JSON.
    public var answerContentType: String?
    /// The status of a successful answer.
    public var status: HTTPResponse.Status = .ok
    /// Other statuses that it may answer with, and what they mean.
    public var errors: [(status: HTTPResponse.Status, meaning: String)] = []
    /// The names of the security schemes of which one is needed.
    public var security: [String] = []

    /// Nothing is said.
    public init() {}
}

extension Route {
    /// Says in one line what the route does.
    @discardableResult
    public func summary(_ text: String) -> Route {
        documentation.summary = text
        return self
    }

    /// Says more about the route, in CommonMark.
    @discardableResult
    public func details(_ text: String) -> Route {
        documentation.details = text
        return self
    }

    /// Lists the route under `tags`.
    @discardableResult
    public func tags(_ tags: String...) -> Route {
        documentation.tags += tags
        return self
    }

    /// Names the route's operation for generated clients.
    @discardableResult
    public func operationID(_ name: String) -> Route {
        documentation.operationID = name
        return self
    }

    /// Marks the route as one that is better not used any more.
    @discardableResult
    public func deprecated() -> Route {
        documentation.isDeprecated = true
        return self
    }

    /// Leaves the route out of what is published about the application.
    @discardableResult
    public func hidden() -> Route {
        documentation.isHidden = true
        return self
    }

    /// Says of which type and media type the body is, of a handler that reads it itself.
    @discardableResult
    public func accepts<Body: Decodable>(_ body: Body.Type, contentType: String = "application/json") -> Route {
        documentation.body = body
        documentation.bodyContentType = contentType
        return self
    }

    /// Says as which type the handler decodes the query.
    @discardableResult
    public func query<Query: Decodable>(_ query: Query.Type) -> Route {
        documentation.query = query
        return self
    }

    /// Says which type a successful answer holds as JSON, and its status, where the handler's own type does not tell.
    @discardableResult
    public func answers<Answer: Encodable>(_ answer: Answer.Type, status: HTTPResponse.Status = .ok) -> Route {
        documentation.answer = answer
        documentation.status = status
        return self
    }

    /// Says which status, and which media type, a successful answer has that is not JSON.
    @discardableResult
    public func answers(_ status: HTTPResponse.Status, contentType: String? = nil) -> Route {
        documentation.status = status
        documentation.answerContentType = contentType
        return self
    }

    /// Says with which error the route may answer, and what it means.
    @discardableResult
    public func fails(_ status: HTTPResponse.Status, _ meaning: String) -> Route {
        documentation.errors.append((status, meaning))
        return self
    }

    /// Says that one of these security schemes is needed.
    @discardableResult
    public func secured(by schemes: String...) -> Route {
        documentation.security += schemes
        return self
    }
}
