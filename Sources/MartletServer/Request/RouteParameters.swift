import MartletHTTP

/// What the parameters of a route's pattern matched.
public struct RouteParameters {
    let exchange: Exchange

    /// The percent-decoded value of `{name}`; `nil` when the pattern has no such parameter.
    public subscript(_ name: String) -> String? {
        exchange.parameter(name)
    }
}
