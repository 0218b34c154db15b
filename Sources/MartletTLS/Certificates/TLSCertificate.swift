import CTLS

/// An X.509 certificate: for whom it is, and how long.
public nonisolated struct TLSCertificate: Hashable, Sendable {
    /// The certificate itself, as X.509 writes it (DER).
    public let der: [UInt8]
    /// For whom it is, as RFC 4514 writes it: `CN=example.org,O=Example`.
    public let subject: String
    /// Who vouches for it.
    public let issuer: String
    /// The DNS names and IP addresses that it is for (subjectAltName), in lower case.
    public let names: [String]
    /// When it begins to be valid, in seconds since 1970.
    public let notBefore: Int64
    /// When it ends to be valid, in seconds since 1970.
    public let notAfter: Int64
    /// The serial number in hexadecimal.
    public let serialNumber: String
    /// Its SHA-256, in hexadecimal.
    public let fingerprint: String
    /// The SHA-256 of its public key (SubjectPublicKeyInfo): what connections are pinned to.
    public let publicKeyPin: TLSPin
    /// The kind of its key: `ECDSA P-256`, `RSA 2048`.
    public let key: String

    /// Reads one certificate.
    ///
    /// - Parameters:
    ///   - der: its bytes.
    ///   - source: where they come from, for the error.
    /// - Throws: `.invalidInput`.
    public init(der: [UInt8], source: String = "the certificate") throws(TLSError) {
        fatalError()
    }

    /// Reads the certificates of a PEM text, which may have other things in it as well.
    ///
    /// - Parameters:
    ///   - pem: the text.
    ///   - source: where it comes from, such as a path, for the error.
    /// - Returns: one at least.
    /// - Throws: `.invalidInput`, which says which one is broken, or what is there in place of any.
    public static func parse(pem: [UInt8], source: String = "the text") throws(TLSError) -> [TLSCertificate] {
        fatalError()
    }

    /// The certificate as text (RFC 7468).
    public var pem: String { fatalError() }

    /// Whole days until it ends to be valid; negative when it has.
    ///
    /// - Parameter now: seconds since 1970; the present unless given.
    public func daysLeft(at now: Int64? = nil) -> Int { fatalError() }

    /// Whether it is for that host, be it by name, by wildcard or by address (RFC 9525).
    public func isValid(for host: String) -> Bool { fatalError() }
}
