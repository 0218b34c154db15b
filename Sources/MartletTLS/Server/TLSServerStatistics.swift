/// What a server's handshakes came to.
public nonisolated struct TLSServerStatistics: Hashable, Sendable {
    /// Handshakes that were completed, resumed ones among them.
    public internal(set) var handshakes: UInt64 = 0
    /// Those of them that resumed a session.
    public internal(set) var resumed: UInt64 = 0
    /// Handshakes that failed, for one of the four reasons that follow.
    public internal(set) var failures: UInt64 = 0
    /// Those of them that were not done within their time.
    public internal(set) var timeouts: UInt64 = 0
    /// Those of them in which a certificate was refused: the client's here, or the server's by the client.
    public internal(set) var certificateFailures: UInt64 = 0
    /// Those of them in which the client broke the protocol, or had no version, cipher or application protocol in common.
    public internal(set) var protocolFailures: UInt64 = 0
    /// Those of them whose client went away.
    public internal(set) var abandoned: UInt64 = 0
    /// Connections that were refused because there were too many handshakes.
    public internal(set) var refused: UInt64 = 0
    /// Connections of clients that spoke HTTP without TLS.
    public internal(set) var plainHTTP: UInt64 = 0
    /// Handshakes that are under way.
    public internal(set) var inProgress = 0
}

nonisolated extension TLSServerStatistics {
    mutating func count(_ failure: TLSHandshakeFailure) {
        switch failure {
        case .timedOut: timeouts += 1
        case .certificate: certificateFailures += 1
        case .protocolError: protocolFailures += 1
        case .abandoned: abandoned += 1
        case .plainHTTP:
            plainHTTP += 1
            return
        case .refused:
            refused += 1
            return
        }
        failures += 1
    }
}
