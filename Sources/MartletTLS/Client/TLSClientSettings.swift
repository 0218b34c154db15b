/// How a client speaks TLS.
public nonisolated struct TLSClientSettings: Hashable, Sendable {
    /// Whose word counts for the server's certificate.
    public var trust = TLSTrust.system
    /// Who the client is, for servers that ask.
    public var identity: TLSIdentity?
    /// The application protocols to offer (ALPN), the preferred one first.
    public var applicationProtocols: [String] = []
    /// The oldest version that is spoken.
    public var minimumVersion = TLSVersion.tls12
    /// The newest version that is spoken.
    public var maximumVersion = TLSVersion.tls13
    /// How long a handshake may take.
    public var handshakeTimeout: Duration = .seconds(10)
    /// How many hosts' sessions are kept to be resumed; 0: none.
    public var sessionLimit = 256
    /// The cipher suites of TLS 1.2 as `openssl ciphers` writes them; `nil`: those with forward secrecy and
    /// authenticated encryption.
    public var cipherSuites: String?

    /// The defaults.
    public init() {}
}
