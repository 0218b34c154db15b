import HTTPTypes
import MartletHTTP

/// All routes of an application, found by walking the path segment by segment.
///
/// At each segment a literal is preferred to a parameter, that to `*`, and that to the rest; when a choice turns out
/// to lead nowhere the next is tried. The method is part of the match: of `GET /users/me` and `POST /users/{id}`,
/// `POST /users/me` finds the second. HEAD finds GET where it has no route of its own.
///
/// Nodes are small trivial values in one array, and the literals of all nodes are in one hash table keyed by node
/// and bytes. So a thousand routes cost what one costs, no reference is counted on the way, and nothing is
/// allocated unless a segment with an escape meets literals. Every node is visited at most once in a match.
///
/// Not copyable: it is read for every request, and a copy would count references to all of its arrays.
public nonisolated struct RouteTrie<Value>: ~Copyable {
    private var index = RouteIndex()
    /// By the number that the index gives a route.
    private var values: [Value] = []
    /// The pattern that has taken a method and shape.
    private var taken: [String: RoutePattern] = [:]

    /// No routes.
    public init() {}

    /// The number of routes.
    public var count: Int { values.count }

    /// All methods that any route has, as the Allow field lists them: the answer to `OPTIONS *`.
    public var allMethods: String { RouteIndex.allow(index.methods) }

    /// Adds a route.
    ///
    /// - Throws: a conflict when a route exists that takes the same paths for the same method, so that one of the
    ///   two could never be reached.
    public mutating func insert(
        _ pattern: RoutePattern, method: HTTPRequest.Method, value: Value
    ) throws(RouteError) {
        let key = "\(method.rawValue) \(pattern.shape)"
        if let existing = taken[key] {
            let reason =
                existing == pattern
                ? "there is a route for \(method.rawValue) with this pattern already"
                : "for \(method.rawValue), \(existing) matches the same paths; remove one of them"
            throw RouteError(.conflict, pattern: pattern.description, reason: reason)
        }
        taken[key] = pattern
        index.insert(pattern, method: method, route: values.count)
        values.append(value)
    }

    /// Finds the route of a request.
    ///
    /// The raw `path` begins with `/`, or is empty, which means `/`. `methodName` is looked at only when `method` is
    /// `other`. `captures` gets what the route captures, as offsets into `bytes`, still percent-encoded. A path that is
    /// known to have no escapes is found sooner.
    public func match(
        _ path: ByteRange, in bytes: Span<UInt8>, method: HTTPMethod, methodName: ByteRange = ByteRange(),
        mayHaveEscapes: Bool = true, into captures: inout RouteCaptures
    ) -> RouteMatch<Value> {
        let wanted = index.wanted(method, methodName, in: bytes)
        var search = RouteIndex.Search(path, wanted, mayHaveEscapes: mayHaveEscapes)
        if let route = index.find(&search, in: bytes, into: &captures) { return .found(values[route]) }
        guard let other = search.other else { return .notFound }
        return .methodNotAllowed(allow: allow(path, in: bytes), other: values[other])
    }

    /// The methods that have a route for the path, as the Allow field lists them (RFC 9110 §10.2.1): with HEAD
    /// where there is GET, and OPTIONS. Empty when the path has no route at all.
    public func allow(_ path: ByteRange, in bytes: Span<UInt8>) -> String {
        var captures = RouteCaptures()
        var allowed: [HTTPRequest.Method] = []
        for (place, method) in index.methods.enumerated() {
            var search = RouteIndex.Search(path, place)
            if index.find(&search, in: bytes, into: &captures) != nil { allowed.append(method) }
        }
        return allowed.isEmpty ? "" : RouteIndex.allow(allowed)
    }
}
