/// How a server speaks TLS.
public nonisolated struct TLSServerSettings: Sendable {
    /// Whom a server asks for certificates.
    public enum ClientCertificates: Hashable, Sendable {
        /// Nobody.
        case none
        /// Every client; one that has none is served as well.
        case optional(TLSTrust)
        /// Every client; one that has none is refused.
        case required(TLSTrust)
    }

    /// What a client gets that asks for a name which no identity has.
    public enum UnknownName: Hashable, Sendable {
        /// The first identity.
        case firstIdentity
        /// The alert unrecognized_name (RFC 6066 §3).
        case refusal
    }

    /// The identities: which one a client gets depends on the name that it asks for. Several may have the same name,
    /// with keys of different kinds. The first one is for clients that ask for no name.
    public var identities: [TLSIdentity]
    /// The oldest version that is spoken.
    public var minimumVersion = TLSVersion.tls12
    /// The newest version that is spoken.
    public var maximumVersion = TLSVersion.tls13
    /// The application protocols (ALPN), the preferred one first. A client that offers some, and none of these, is
    /// refused (RFC 7301 §3.2).
    public var applicationProtocols = ["http/1.1"]
    /// Whom to ask for certificates.
    public var clientCertificates = ClientCertificates.none
    /// What a client gets that asks for a name which no identity has.
    public var unknownName = UnknownName.firstIdentity
    /// What session tickets are encrypted with; `nil`: sessions are not resumed.
    public var ticketKeys: TLSTicketKeys?
    /// How long a session can be resumed.
    public var sessionLifetime: Duration = .seconds(4 * 3600)
    /// How long a handshake may take.
    public var handshakeTimeout: Duration = .seconds(10)
    /// How many handshakes may be under way; beyond that, connections are refused.
    public var handshakeLimit = 1000
    /// Whether a client that speaks HTTP without TLS is told so, by an answer with status 400.
    public var answersPlainHTTP = true
    /// The cipher suites of TLS 1.2 as `openssl ciphers` writes them; `nil`: those of Mozilla's intermediate
    /// recommendation, with forward secrecy and authenticated encryption only.
    public var cipherSuites: String?

    /// The defaults.
    @MainActor public init(identities: [TLSIdentity]) {
        self.identities = identities
        ticketKeys = TLSTicketKeys()
    }
}
