/// What a server's handshakes came to.
public nonisolated struct TLSServerStatistics: Hashable, Sendable {
    /// Handshakes that were completed, resumed ones among them.
    public internal(set) var handshakes: UInt64 = 0
    /// Those of them that resumed a session.
    public internal(set) var resumed: UInt64 = 0
    /// Handshakes that failed, or did not end in time.
    public internal(set) var failures: UInt64 = 0
    /// Connections that were refused because there were too many handshakes.
    public internal(set) var refused: UInt64 = 0
    /// Connections of clients that spoke HTTP without TLS.
    public internal(set) var plainHTTP: UInt64 = 0
    /// Handshakes that are under way.
    public internal(set) var inProgress = 0
}
