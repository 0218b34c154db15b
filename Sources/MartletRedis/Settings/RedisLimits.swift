import MartletRESP

/// How much is taken, and how much may wait.
public nonisolated struct RedisLimits: Hashable, Sendable {
    /// Connections that ordinary commands share; each takes any number of callers at once. One serves best, unless large
    /// answers keep small ones waiting.
    public var sharedConnections = 1
    /// Connections that blocking commands and transactions have for themselves, at most. Those made by
    /// ``RedisClient/connect()`` do not count.
    public var dedicatedConnections = 64
    /// Callers that may wait for one of those.
    public var waitingForConnection = 4096
    /// Commands that may wait for their answers on one connection.
    public var pendingCommands = 1 << 16
    /// Bytes that may wait to be sent on one connection. A single command may be larger.
    public var pendingBytes = 64 << 20
    /// What a server may answer.
    public var answers = RESPLimits()

    /// The defaults.
    public init() {}
}
