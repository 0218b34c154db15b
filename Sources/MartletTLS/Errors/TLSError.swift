/// Why a connection is not secure, or what is wrong with a certificate, a key or a setting.
///
/// ```
/// cannot connect to example.org by TLS: its certificate has expired on 2026-01-31 (CN=example.org)
/// ```
public nonisolated struct TLSError: Error, Hashable, Sendable, CustomStringConvertible {
    /// What went wrong.
    public struct Code: Hashable, Sendable {
        private let rawValue: Int

        /// The peer's certificate, or one that vouches for it, has expired.
        public static let expired = Code(rawValue: 0)
        /// The peer's certificate, or one that vouches for it, is not valid yet.
        public static let notYetValid = Code(rawValue: 1)
        /// The certificate is for other hosts.
        public static let wrongHost = Code(rawValue: 2)
        /// The peer vouches for itself.
        public static let selfSigned = Code(rawValue: 3)
        /// Nobody who is trusted vouches for the certificate.
        public static let unknownAuthority = Code(rawValue: 4)
        /// Its issuer says, in the stapled OCSP response, that the certificate is revoked.
        public static let revoked = Code(rawValue: 5)
        /// None of the keys that the connection is pinned to takes part.
        public static let pinMismatch = Code(rawValue: 6)
        /// The certificate is unusable in another way: a wrong purpose, a broken signature, a key that is too short.
        public static let invalidCertificate = Code(rawValue: 7)
        /// The peer has to show a certificate and has none.
        public static let certificateRequired = Code(rawValue: 8)
        /// There is no version of the protocol that both speak.
        public static let protocolVersion = Code(rawValue: 9)
        /// There is no application protocol (ALPN) that both speak.
        public static let applicationProtocol = Code(rawValue: 10)
        /// The server has no certificate for the name that was asked for.
        public static let unrecognizedName = Code(rawValue: 11)
        /// The handshake failed for another reason: see `alert` and `cause`.
        public static let handshakeFailed = Code(rawValue: 12)
        /// What came is no TLS, or was tampered with.
        public static let protocolViolation = Code(rawValue: 13)
        /// The other side speaks HTTP without TLS.
        public static let plainHTTP = Code(rawValue: 14)
        /// The connection ended without TLS's own end: what came before may be a part only.
        public static let truncated = Code(rawValue: 15)
        /// The handshake took too long.
        public static let timedOut = Code(rawValue: 16)
        /// There were too many handshakes at the same time.
        public static let tooManyHandshakes = Code(rawValue: 17)
        /// A certificate, a key or another input cannot be read, or does not fit the others.
        public static let invalidInput = Code(rawValue: 18)
        /// The stream is not one that TLS can be started on.
        public static let unusableStream = Code(rawValue: 19)
    }

    /// What went wrong.
    public let code: Code
    /// The host, or the peer's address, that this is about; `nil` of errors in certificates and settings.
    public let host: String?
    /// What happened, in words.
    public let cause: String
    /// The alert that the peer has sent (RFC 8446 §6); `nil` when it has sent none.
    public let alert: UInt8?

    /// An error.
    public init(_ code: Code, host: String? = nil, _ cause: String, alert: UInt8? = nil) {
        self.code = code
        self.host = host
        self.cause = cause
        self.alert = alert
    }

    /// What was being done, to what, and why it failed.
    public var description: String {
        guard let host else { return cause }
        return code == .truncated ? "the connection with \(host) \(cause)" : "no TLS with \(host): \(cause)"
    }

    func with(host: String?) -> TLSError { TLSError(code, host: host ?? self.host, cause, alert: alert) }
}
