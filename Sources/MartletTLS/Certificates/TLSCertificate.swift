import CTLS
import Glibc

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
        var read = ctls_certificate()
        guard ctls_certificate_read(der, der.count, &read) else {
            throw TLSError(.invalidInput, "\(source): this is no X.509 certificate")
        }
        defer { ctls_certificate_free(&read) }
        self.der = der
        subject = String(cString: read.subject)
        issuer = String(cString: read.issuer)
        names = String(cString: read.names).split(separator: "\n").map(String.init)
        notBefore = read.not_before
        notAfter = read.not_after
        serialNumber = String(cString: read.serial).lowercased()
        fingerprint = withUnsafeBytes(of: read.fingerprint) { Hexadecimal.text($0) }
        publicKeyPin = TLSPin(bytes: withUnsafeBytes(of: read.pin) { Array($0) })
        key = String(cString: read.key)
    }

    /// Reads the certificates of a PEM text (RFC 7468), which may have other things in it as well.
    ///
    /// - Parameters:
    ///   - pem: the text.
    ///   - source: where it comes from, such as a path, for the error.
    /// - Returns: one at least.
    /// - Throws: `.invalidInput`, which says which one is broken, or what is there in place of any.
    public static func parse(pem: [UInt8], source: String = "the text") throws(TLSError) -> [TLSCertificate] {
        let blocks = try PEM.blocks(of: pem, source: source)
        var certificates: [TLSCertificate] = []
        for block in blocks where PEM.isCertificate(block.label) {
            let number = certificates.count + 1
            certificates.append(try TLSCertificate(der: block.der, source: "\(source): certificate \(number)"))
        }
        guard certificates.isEmpty else { return certificates }
        let found = blocks.isEmpty ? "it has no PEM block" : "it has \(blocks.map(\.label).joined(separator: ", "))"
        throw TLSError(.invalidInput, "\(source): there is no certificate; \(found)")
    }

    /// The certificate as text (RFC 7468).
    public var pem: String { PEM.text(der, label: "CERTIFICATE") }

    /// Whole days until it ends to be valid; negative when it has.
    ///
    /// - Parameter now: seconds since 1970; the present unless given.
    public func daysLeft(at now: Int64? = nil) -> Int {
        let (left, overflows) = notAfter.subtractingReportingOverflow(now ?? Int64(time(nil)))
        guard !overflows else { return notAfter < 0 ? .min : .max }
        return Int((left >= 0 ? left : left - 86_399) / 86_400)
    }

    /// Whether it is for that host, be it by name, by wildcard or by address (RFC 9525).
    public func isValid(for host: String) -> Bool {
        !host.utf8.contains(0) && ctls_certificate_is_for(der, der.count, host)
    }
}
