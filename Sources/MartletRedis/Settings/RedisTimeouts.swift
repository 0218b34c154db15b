/// How long each part may take.
public nonisolated struct RedisTimeouts: Hashable, Sendable {
    /// Until a connection can be used: name, TCP, TLS and greeting.
    public var connect: Duration = .seconds(5)
    /// Until a command's answer is there, the wait for a connection included. A command's own ``RedisCommand/timeout``
    /// takes precedence.
    public var command: Duration = .seconds(10)
    /// With answers outstanding and nothing received for so long, a server has stopped answering: its connection is cut
    /// and made anew. Blocking commands do not count.
    public var silence: Duration = .seconds(15)
    /// What a blocking command's answer may take beyond the time that the server was told to wait.
    public var blockingGrace: Duration = .seconds(5)

    /// The defaults.
    public init() {}
}
