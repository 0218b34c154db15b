import MartletHTTP

/// The key under which a request's place in a trace is kept.
private enum TraceParentKey: RequestKey {
    typealias Value = TraceParent
}

extension Request {
    /// The place of this request in its trace, for logs and for the requests that are made to answer it: with a tracer,
    /// the span that ``RequestTracing`` began; without one, what the client sent. `nil` when it sent none, and without
    /// ``RequestTracing``.
    public var traceParent: TraceParent? {
        get { self[TraceParentKey.self] }
        nonmutating set { exchange.notes.values[ObjectIdentifier(TraceParentKey.self)] = newValue }
    }
}
