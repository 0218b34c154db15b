/// Who one end of a connection is: its certificate, those that vouch for it, and its private key.
public nonisolated struct TLSIdentity: Hashable, Sendable {
    /// Its own certificate first, then the one that vouches for it, and so on; without the root.
    public let certificates: [TLSCertificate]
    /// The private key in PEM (PKCS #8). Secret.
    public let privateKeyPEM: [UInt8]
    /// What the issuer says of the certificate (OCSP, RFC 6960), to be stapled to handshakes: see `staple(_:)`.
    public private(set) var ocspResponse: [UInt8]?

    /// Its own certificate.
    public var certificate: TLSCertificate { certificates[0] }

    /// Reads an identity.
    ///
    /// - Parameters:
    ///   - certificates: PEM with the certificate first, then those that vouch for it.
    ///   - privateKey: PEM with the certificate's key; may be the same text.
    ///   - password: what the key is encrypted with, if it is.
    ///   - certificateSource: where the certificates come from, such as a path, for errors.
    ///   - keySource: where the key comes from, for errors.
    /// - Throws: `.invalidInput`, which says what is broken, missing or does not belong together.
    public init(
        certificates: [UInt8], privateKey: [UInt8], password: String? = nil,
        certificateSource: String = "the certificate", keySource: String = "the private key"
    ) throws(TLSError) {
        fatalError()
    }

    /// Makes a key (ECDSA, P-256) and a certificate that vouches for itself, for trying out and for tests.
    ///
    /// - Parameters:
    ///   - names: DNS names, wildcards and IP addresses that it is for; one at least.
    ///   - validFor: how long, from now on.
    /// - Throws: `.invalidInput` when a name is none.
    public static func selfSigned(names: [String], validFor: Duration = .seconds(365 * 86_400)) throws(TLSError)
        -> TLSIdentity
    {
        fatalError()
    }

    /// The certificates as text, as they are given to `init`.
    public var certificatesPEM: String { certificates.map(\.pem).joined() }

    /// Adds an OCSP response, once it has been found to be one for this certificate, and to be valid now.
    ///
    /// - Parameters:
    ///   - response: the response (DER), as the issuer's responder sends it.
    ///   - source: where it comes from, for the error.
    /// - Throws: `.invalidInput`.
    public mutating func staple(_ response: [UInt8], source: String = "the OCSP response") throws(TLSError) {
        fatalError()
    }
}
