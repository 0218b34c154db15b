import MartletHTTP

/// Limits and times of an HTTP server.
public nonisolated struct HTTPServerSettings: Hashable, Sendable {
    /// What the parser accepts of a head.
    public var head = HTTP1Limits()
    /// Bytes of a request's body; more is answered with 413.
    public var bodyLimit: UInt64 = 1 << 20
    /// How many times as large as it was sent a body may become when its content codings are undone, once it is larger
    /// than 1 MiB; more is answered with 413. Deflate makes at most 1032 of 1, brotli much more. `bodyLimit` holds for what
    /// comes out, too.
    public var bodyExpansion = 200
    /// Open connections, at least one. Further ones are answered with 503; a sixteenth more at a time, and what comes
    /// beyond that waits in the kernel's queue.
    public var connectionLimit = 10_000
    /// Requests that handlers wait for at the same time; further ones are answered with 503.
    public var requestLimit = 10_000
    /// From a head's first byte, or from accepting the connection, until the head is complete.
    public var headTimeout: Duration = .seconds(10)
    /// For a request's body to be waited for: between two pieces, and in all but for the time that its bytes take at
    /// `minimumRate`.
    public var bodyTimeout: Duration = .seconds(30)
    /// Between a response and the next request's first byte.
    public var idleTimeout: Duration = .seconds(75)
    /// For the client to take a response: until it takes some more, and in all but for the time that its bytes take at
    /// `minimumRate`.
    public var writeTimeout: Duration = .seconds(30)
    /// Bytes a second that a client has to keep up in the long run while it is waited for, in bodies and responses; 0:
    /// any progress will do.
    public var minimumRate = 240
    /// How long after the end of what a client sends a handler goes on before it is found out whether the client is gone
    /// or still wants its answer. Whoever answers sooner does so unperturbed.
    public var presenceDelay: Duration = .seconds(1)
    /// While draining: how long an idle connection is kept for a request that is on its way already.
    public var drainIdleTimeout: Duration = .seconds(2)
    /// The value of the `Server` field; empty leaves it out.
    public var serverName = "martlet"

    /// The defaults.
    public init() {}
}
