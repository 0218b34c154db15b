import MartletHTTP

/// Limits and times of an HTTP server.
public nonisolated struct HTTPServerSettings: Hashable, Sendable {
    /// What the parser accepts of a head.
    public var head = HTTP1Limits()
    /// Bytes of a request's body; more is answered with 413.
    public var bodyLimit: UInt64 = 1 << 20
    /// Open connections, at least one; at that many, new ones wait in the kernel's queue until some have ended.
    public var connectionLimit = 10_000
    /// From a head's first byte, or from accepting the connection, until the head is complete.
    public var headTimeout: Duration = .seconds(10)
    /// Between two pieces of a body.
    public var bodyTimeout: Duration = .seconds(30)
    /// Between a response and the next request's first byte.
    public var idleTimeout: Duration = .seconds(75)
    /// Until the client takes some more of a response.
    public var writeTimeout: Duration = .seconds(30)
    /// While draining: how long an idle connection is kept for a request that is on its way already.
    public var drainIdleTimeout: Duration = .seconds(2)
    /// The value of the `Server` field; empty leaves it out.
    public var serverName = "martlet"

    /// The defaults.
    public init() {}
}
