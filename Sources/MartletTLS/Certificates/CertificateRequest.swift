import CTLS

/// A certificate to be made, for trying out and for tests.
package nonisolated struct CertificateRequest {
    /// For whom, in words.
    package var commonName: String
    /// The DNS names, wildcards and IP addresses that it is for.
    package var names: [String]
    /// When it begins and ends to be valid, in seconds from now.
    package var begins: Int64
    package var ends: Int64
    /// Whether it vouches for others.
    package var isAuthority = false
    /// Whether its key is RSA, 2048 bits, in place of ECDSA.
    package var isRSA = false
    /// Who vouches for it; `nil`: it does itself.
    package var issuer: TLSIdentity?

    /// The longest common name (RFC 5280, ub-common-name).
    private static let longestCommonName = 64

    package init(commonName: String, names: [String], begins: Int64 = -60, ends: Int64 = 86_400) {
        self.commonName = commonName
        self.names = names
        self.begins = begins
        self.ends = ends
    }

    /// Makes the key and the certificate, with its issuer's behind it.
    ///
    /// - Throws: `.invalidInput`.
    package func issue() throws(TLSError) -> TLSIdentity {
        for name in names where !Self.isName(name) {
            throw TLSError(.invalidInput, "\"\(name)\" is neither a DNS name nor an IP address")
        }
        guard begins < ends, ends < 1 << 40 else {
            throw TLSError(.invalidInput, "a certificate that is valid for \(ends) seconds; give it one at least")
        }
        var certificate: UnsafeMutablePointer<CChar>?
        var key: UnsafeMutablePointer<CChar>?
        _ = try TLSError.withReason("cannot make a certificate") { reason, capacity in
            call(&certificate, &key, reason, capacity) ? true : nil
        }
        defer {
            ctls_free(certificate)
            ctls_free(key)
        }
        guard let certificate, let key else { throw TLSError(.invalidInput, "cannot make a certificate") }
        let chain = String(cString: certificate) + (issuer?.certificatesPEM ?? "")
        return try TLSIdentity(certificates: Array(chain.utf8), privateKey: Array(String(cString: key).utf8))
    }

    private func call(
        _ certificate: inout UnsafeMutablePointer<CChar>?, _ key: inout UnsafeMutablePointer<CChar>?,
        _ reason: UnsafeMutablePointer<CChar>, _ capacity: Int
    ) -> Bool {
        let commonName = String(self.commonName.prefix(Self.longestCommonName))
        let issuerKey = issuer.map { String(decoding: $0.privateKeyPEM, as: UTF8.self) } ?? ""
        let issuerDER = issuer?.certificate.der ?? []
        return commonName.withCString { commonName in
            names.joined(separator: "\n").withCString { names in
                issuerKey.withCString { issuerKey in
                    issuerDER.withUnsafeBufferPointer { der in
                        var request = ctls_request(
                            common_name: commonName, names: names, begins: begins, ends: ends,
                            is_authority: isAuthority,
                            is_rsa: isRSA, issuer: issuer == nil ? nil : der.baseAddress, issuer_length: der.count,
                            issuer_key: issuer == nil ? nil : issuerKey)
                        return ctls_issue(&request, &certificate, &key, reason, capacity)
                    }
                }
            }
        }
    }

    /// Letters, digits, hyphens, underscores, points, colons, and an asterisk as the first label.
    private static func isName(_ name: String) -> Bool {
        let rest = name.hasPrefix("*.") ? name.dropFirst(2) : name[...]
        return (1...253).contains(rest.utf8.count)
            && rest.utf8.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                    UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "."),
                    UInt8(ascii: ":"):
                    true
                default: false
                }
            }
    }
}
