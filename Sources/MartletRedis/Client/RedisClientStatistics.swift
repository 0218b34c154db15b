/// What a client has and has done.
public nonisolated struct RedisClientStatistics: Hashable, Sendable {
    /// Connections that are open now.
    public let openConnections: Int
    /// Of those, dedicated ones that nobody uses.
    public let idleConnections: Int
    /// Callers who wait for a dedicated connection.
    public let waitingForConnection: Int
    /// Commands on shared connections that wait for their answers.
    public let pendingCommands: Int
    /// Connections that were ever made.
    public let connectionsMade: Int
    /// Attempts to make one that failed.
    public let connectionsFailed: Int
}
