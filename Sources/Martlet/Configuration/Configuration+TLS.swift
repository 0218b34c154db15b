nonisolated extension Configuration {
    /// `[listen.tls]`: how TLS is spoken at an address.
    public nonisolated struct TLSListen: Codable, Hashable, Sendable {
        /// The certificates, of which a client gets the one for the name that it asks for; the first one when none is.
        public var certificates: [Certificate]
        /// The oldest version that clients may speak.
        public var minimumVersion: Version = .tls12
        /// Whether clients have to show a certificate.
        public var clientCertificates: ClientCertificates = .none
        /// The file with the certificates of those who issue clients' certificates.
        public var clientRoots: String?
        /// Whether clients may resume sessions with tickets.
        public var tickets = true
        /// How long a handshake may take.
        public var handshakeTimeout: ConfigurationDuration = .seconds(10)
        /// Handshakes of one worker that may be under way; connections beyond are closed.
        public var handshakes = 1000
        /// Where it was said, for messages about its files.
        public var origin: ConfigurationProblem.Origin

        /// Certificates, and the defaults.
        public init(_ certificates: [Certificate] = [], origin: ConfigurationProblem.Origin) {
            self.certificates = certificates
            self.origin = origin
        }

        /// A certificate and what belongs to it, as the paths of PEM files.
        public nonisolated struct Certificate: Codable, Hashable, Sendable {
            /// The certificate itself, and behind it those that lead to a root.
            public var file = ""
            /// Its private key; `nil` when that is in the same file.
            public var key: String?
            /// The issuer's answer, in DER, that it is not revoked (RFC 6960), for clients that ask; `nil` for none.
            public var ocsp: String?
            /// Where it was said, for messages about its files.
            public var origin: ConfigurationProblem.Origin

            /// A certificate without files yet.
            init(origin: ConfigurationProblem.Origin) { self.origin = origin }
        }

        /// A version of TLS.
        public nonisolated enum Version: String, Codable, Hashable, Sendable, CaseIterable {
            /// RFC 5246
            case tls12 = "1.2"
            /// RFC 8446
            case tls13 = "1.3"
        }

        /// Whether clients have to show a certificate.
        public nonisolated enum ClientCertificates: String, Codable, Hashable, Sendable, CaseIterable {
            /// They are not asked for one.
            case none
            /// They are asked for one; those without are served too.
            case optional
            /// Those without are refused.
            case required
        }
    }

    /// `[tls]`: what all listeners with TLS have in common.
    public nonisolated struct TLSService: Codable, Hashable, Sendable {
        /// How often the keys change that tickets are encrypted with; the last ones are still accepted.
        public var ticketRotation: ConfigurationDuration = .seconds(12 * 3600)
        /// Whether changed files take effect by themselves.
        public var watch = true
        /// Days before a certificate expires from which on a warning is logged, once a day; 0: never.
        public var warningDays = 14

        /// The defaults.
        public init() {}
    }
}
