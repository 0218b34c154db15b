import MartletHTTP

/// What ``RouteTrie`` says about a path and a method.
public nonisolated enum RouteMatch<Value> {
    /// The route.
    case found(Value)
    /// The path has routes, such as `other`, but not for the method: 405, or the answer to OPTIONS, with this Allow
    /// field.
    case methodNotAllowed(allow: String, other: Value)
    /// No route takes the path: 404.
    case notFound
}

nonisolated extension RouteMatch: Equatable where Value: Equatable {}
nonisolated extension RouteMatch: Sendable where Value: Sendable {}

/// What a route has captured of a path, in the order of ``RoutePattern/parameterNames``: offsets into the bytes
/// that were matched, still percent-encoded. Lives in place; nothing is allocated.
public nonisolated struct RouteCaptures: Sendable {
    private var ranges = InlineArray<16, ByteRange>(repeating: ByteRange())
    /// The number of captures.
    public private(set) var count = 0

    /// No captures.
    public init() {}

    /// The capture at `index`, which is less than ``count``.
    public subscript(index: Int) -> ByteRange {
        precondition(index < count, "the route has only \(count) captures")
        return ranges[index]
    }

    mutating func append(_ range: ByteRange) {
        // Patterns have at most `RoutePattern.mostCaptures` captures, and a walk follows one pattern at a time.
        ranges[count] = range
        count += 1
    }

    mutating func removeLast() { count -= 1 }

    mutating func removeAll() { count = 0 }
}
