/// What the two ends of a connection have agreed on.
public nonisolated struct TLSSession: Hashable, Sendable {
    /// The protocol's version.
    public let version: TLSVersion
    /// The cipher suite by its standard name, `TLS_AES_128_GCM_SHA256`.
    public let cipherSuite: String
    /// The application protocol that was agreed on (ALPN, RFC 7301), `http/1.1`; `nil` when none was.
    public let applicationProtocol: String?
    /// The name that the client has asked for (SNI, RFC 6066 §3); `nil` when it has not said one.
    public let serverName: String?
    /// Whether it goes on from an earlier session, so that nobody had to show a certificate.
    public let isResumed: Bool
    /// What the peer has shown, its own certificate first; of a resumed session, what it has shown then. Empty when it
    /// has shown none.
    public let peerCertificates: [TLSCertificate]

    /// The peer's own certificate; `nil` when it has shown none.
    public var peerCertificate: TLSCertificate? { peerCertificates.first }
}
