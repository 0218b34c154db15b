import MartletServer

/// The path of a store's routes: literal segments, and a parameter for the key as the last one.
package nonisolated struct StorePath: Hashable, Sendable {
    /// The parameter's name.
    package let parameter: String
    /// The path of all entries: that without its last segment.
    package let collection: String

    /// - Throws: `RouteError` when the path is of another form.
    package init(_ path: String) throws(RouteError) {
        let segments = try RoutePattern(parsing: path).segments
        let hasParameterBefore = segments.dropLast().contains { segment in
            if case .literal = segment { false } else { true }
        }
        switch segments.last {
        case .parameter(let name, .text) where !hasParameterBefore, .rest(let name) where !hasParameterBefore:
            parameter = name
        default:
            throw RouteError(
                .pattern, pattern: path,
                reason: "the path of a store ends with the one parameter that it has, for the key: /kv/{key...}")
        }
        let slash = path.lastIndex(of: "/") ?? path.startIndex
        collection = slash == path.startIndex ? "/" : String(path[..<slash])
    }
}
