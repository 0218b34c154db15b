import CTLS

/// Who one end of a connection is: its certificate, those that vouch for it, and its private key.
public nonisolated struct TLSIdentity: Hashable, Sendable, CustomStringConvertible {
    /// Its own certificate first, then the one that vouches for it, and so on; without the root.
    public let certificates: [TLSCertificate]
    /// The private key in PEM (PKCS #8). Secret.
    public let privateKeyPEM: [UInt8]
    /// What the issuer says of the certificate (OCSP, RFC 6960), to be stapled to handshakes: see `staple(_:source:)`.
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
        let chain = try TLSCertificate.parse(pem: certificates, source: certificateSource)
        let key = try Self.readKey(privateKey, password: password, source: keySource)
        guard ctls_key_fits(key, chain[0].der, chain[0].der.count) else {
            throw TLSError(
                .invalidInput,
                "\(keySource): the key is not that of \(certificateSource), whose first certificate is for \(chain[0].subject)"
            )
        }
        self.certificates = chain
        privateKeyPEM = Array(key.utf8)
    }

    private static func readKey(_ pem: [UInt8], password: String?, source: String) throws(TLSError) -> String {
        let labels = try PEM.blocks(of: pem, source: source).map(\.label)
        guard labels.contains(where: { $0.hasSuffix("PRIVATE KEY") }) else {
            let found = labels.isEmpty ? "it has no PEM block" : "it has \(labels.joined(separator: ", "))"
            throw TLSError(.invalidInput, "\(source): there is no private key; \(found)")
        }
        return try TLSError.withReason("\(source): the private key cannot be read") { reason, capacity in
            let text = pem.withUnsafeBufferPointer { bytes in
                bytes.withMemoryRebound(to: CChar.self) {
                    ctls_key_read($0.baseAddress, $0.count, password, reason, capacity)
                }
            }
            guard let text else { return nil }
            defer { ctls_free(text) }
            return String(cString: text)
        }
    }

    /// Makes a key (ECDSA, P-256) and a certificate that vouches for itself, for trying out and for tests.
    ///
    /// - Parameters:
    ///   - names: DNS names, wildcards and IP addresses that it is for; one at least.
    ///   - validFor: how long, from now on.
    /// - Throws: `.invalidInput` when a name is none, or the time is none.
    public static func selfSigned(names: [String], validFor: Duration = .seconds(365 * 86_400)) throws(TLSError)
        -> TLSIdentity
    {
        guard let first = names.first else {
            throw TLSError(.invalidInput, "a certificate is for one name at least; there are none")
        }
        return try CertificateRequest(
            commonName: first, names: names, begins: 0, ends: validFor.components.seconds
        ).issue()
    }

    /// The certificate's subject and fingerprint, and nothing of the key.
    public var description: String { "\(certificate.subject), SHA-256 \(certificate.fingerprint)" }

    /// The certificates as text, as they are given to `init`.
    public var certificatesPEM: String { certificates.map(\.pem).joined() }

    /// Adds an OCSP response, once it has been found to be one for this certificate, and to be valid now.
    ///
    /// It is the clients that look whether the issuer has signed it.
    ///
    /// - Parameters:
    ///   - response: the response (DER), as the issuer's responder sends it.
    ///   - source: where it comes from, for the error.
    /// - Returns: until when it holds, in seconds since 1970. From then on it is not sent any more.
    /// - Throws: `.invalidInput`.
    @discardableResult
    public mutating func staple(_ response: [UInt8], source: String = "the OCSP response") throws(TLSError) -> Int64 {
        let issuer = certificates.count > 1 ? certificates[1].der : nil
        let until = try TLSError.withReason(source) { reason, capacity -> Int64? in
            let until = ctls_staple_check(
                response, response.count, certificate.der, certificate.der.count, issuer, issuer?.count ?? 0, reason,
                capacity)
            return until == 0 ? nil : until
        }
        ocspResponse = response
        return until
    }
}
