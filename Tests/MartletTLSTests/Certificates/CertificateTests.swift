import MartletLoop
import Testing

@testable import MartletTLS

@Suite("Certificates and keys")
struct CertificateTests {
    @Test("a self-signed identity is for the names that it was made for")
    func makesSelfSigned() throws {
        let identity = try TLSIdentity.selfSigned(
            names: ["example.org", "*.example.org", "192.0.2.1", "2001:db8::1"], validFor: .seconds(10 * 86_400))
        let certificate = identity.certificate
        #expect(certificate.subject == "CN=example.org" && certificate.issuer == certificate.subject)
        #expect(certificate.names == ["example.org", "*.example.org", "192.0.2.1", "2001:db8:0:0:0:0:0:1"])
        #expect(certificate.key == "ECDSA P-256")
        #expect(certificate.isValid(for: "www.example.org") && certificate.isValid(for: "2001:db8::1"))
        #expect(!certificate.isValid(for: "192.0.2.2") && !certificate.isValid(for: "a.b.example.org"))
        #expect(certificate.fingerprint.utf8.count == 64)
        #expect([9, 10].contains(certificate.daysLeft()))
        #expect(certificate.daysLeft(at: certificate.notAfter + 1) == -1)
        #expect(certificate.daysLeft(at: certificate.notAfter - 86_400) == 1)
        #expect(certificate.daysLeft(at: .min) == .max)
    }

    @Test("names that are none are refused", arguments: [[], [""], ["a b"], ["a\nb"], ["*"], ["a,DNS:b"], ["a\0b"]])
    func refusesNames(names: [String]) async {
        #expect(await tlsCode { _ = try TLSIdentity.selfSigned(names: names) } == .invalidInput)
    }

    @Test("what is written as PEM is read again")
    func readsItself() throws {
        let identity = Authority.server
        let copy = try TLSIdentity(
            certificates: Array(identity.certificatesPEM.utf8), privateKey: identity.privateKeyPEM)
        #expect(copy == identity)
        #expect(copy.certificates.count == 2)
        #expect(
            try TLSCertificate.parse(pem: Array("text before\n\(identity.certificate.pem)behind".utf8)) == [
                identity.certificate
            ])
    }

    @Test("errors say what is wrong, and where")
    func explainsErrors() async {
        let certificate = Array(Authority.server.certificatesPEM.utf8)
        let key = Authority.server.privateKeyPEM
        func message(_ certificates: [UInt8], _ key: [UInt8]) async -> String {
            let error = await thrown {
                _ = try TLSIdentity(
                    certificates: certificates, privateKey: key, certificateSource: "site.pem", keySource: "site.key")
            }
            return error.map { "\($0)" } ?? "none"
        }
        #expect(await message(certificate, key) == "none")
        #expect(await message([], key) == "site.pem: there is no certificate; it has no PEM block")
        #expect(await message(key, key) == "site.pem: there is no certificate; it has PRIVATE KEY")
        #expect(
            await message(certificate, certificate)
                == "site.key: there is no private key; it has CERTIFICATE, CERTIFICATE")
        #expect(
            await message(certificate, Authority.other.privateKeyPEM).hasPrefix(
                "site.key: the key is not that of site.pem, whose first certificate is for CN=example.org"))
        #expect(await message(Array(certificate.prefix(300)), key).hasPrefix("site.pem: PEM block 1 is broken"))
        let empty = Array("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n".utf8)
        #expect(await message(certificate + empty, key) == "site.pem: certificate 3: this is no X.509 certificate")
        let locked = Array("-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----\n".utf8)
        #expect(await message(certificate, locked).contains("it is encrypted and there is no password"))
    }

    @Test("cut anywhere, a PEM text is an error and nothing worse")
    func survivesCuts() {
        let text = Array(Authority.other.certificate.pem.utf8)
        for count in 0..<(text.count - 2) {
            #expect(throws: TLSError.self) { try TLSCertificate.parse(pem: Array(text.prefix(count))) }
        }
        let der = Authority.other.certificate.der
        for count in 0..<der.count {
            #expect(throws: TLSError.self) { try TLSCertificate(der: Array(der.prefix(count))) }
        }
        #expect(throws: TLSError.self) { try TLSCertificate(der: der + [0]) }
    }

    @Test("pins are read as they are written, and as curl writes them")
    func readsPins() throws {
        let pin = Authority.server.certificate.publicKeyPin
        #expect(TLSPin(pin.description) == pin)
        #expect(TLSPin("sha256//" + pin.description.dropFirst(7)) == pin)
        for text in ["", "sha256/", "sha1/AAAA", pin.description + "=", String(pin.description.dropLast(2)) + "=="] {
            #expect(TLSPin(text) == nil, "\(text)")
        }
        let slashes = try #require(TLSPin(sha256: [UInt8](repeating: 0xFF, count: 32)))
        #expect(TLSPin(slashes.description) == slashes)
        #expect(TLSPin(sha256: [1]) == nil)
    }

    @Test("keys for tickets have 80 bytes, and no two are the same")
    func makesTicketKeys() {
        #expect(TLSTicketKey() != TLSTicketKey())
        #expect(TLSTicketKey(bytes: TLSTicketKey().bytes) != nil)
        #expect(TLSTicketKey(bytes: [1]) == nil)
        let keys = TLSTicketKeys((0..<20).map { _ in TLSTicketKey() })
        #expect(keys.keys.count == TLSTicketKeys.limit)
        keys.rotate(keeping: 0)
        #expect(keys.keys.count == 1)
    }
}
