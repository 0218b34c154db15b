import MartletHTTP

/// What the parameters of a route's pattern matched.
public struct RouteParameters {
    let exchange: Exchange

    /// The percent-decoded value of `{name}`; `nil` when the pattern has no such parameter.
    public subscript(_ name: String) -> String? {
        exchange.parameter(name)
    }

    /// The value of `{name}` as a number or another type that reads itself from text; `nil` when the pattern has no
    /// such parameter, or the text is no such value.
    public subscript<Value: LosslessStringConvertible>(_ name: String, as type: Value.Type) -> Value? {
        exchange.parameter(name).flatMap { Value($0) }
    }

    /// The value of `{name}` as a number or another type that reads itself from text.
    ///
    /// - Throws: ``HTTPError`` 404 when the text is no such value: then there is nothing at that path.
    public func value<Value: LosslessStringConvertible>(_ name: String, as type: Value.Type = Value.self) throws
        -> Value
    {
        guard let text = exchange.parameter(name) else {
            throw HTTPError(.internalServerError, "the route's pattern has no parameter \"\(name)\"")
        }
        guard let value = Value(text) else {
            throw HTTPError(.notFound, "the path's \"\(name)\" is no \(type): \(text)")
        }
        return value
    }
}
