/// What a client has done so far.
public nonisolated struct HTTPClientStatistics: Hashable, Sendable {
    /// Requests that were sent, each redirect and retry counted.
    public internal(set) var requests = 0
    /// Connections that were made.
    public internal(set) var connections = 0
    /// Requests that were sent again because the server had closed the connection they were sent on.
    public internal(set) var resent = 0
    /// Connections there are now, those under way included.
    public internal(set) var openConnections = 0
    /// Those among them that nobody uses.
    public internal(set) var idleConnections = 0
}
