import MartletLoop
import MartletNet
import Testing

@testable import MartletTLS

@Suite("Stapled OCSP responses")
struct StapleTests {
    /// What an authority says of an identity; OpenSSL's own responder signs it.
    private func response(
        for identity: TLSIdentity, by authority: TLSIdentity = Authority.root, isRevoked: Bool = false, days: Int = 2
    ) async throws -> [UInt8] {
        try await FileSystem.withTemporaryDirectory { directory in
            let serial = identity.certificate.serialNumber.uppercased()
            let state = isRevoked ? "R\t400101000000Z\t250101000000Z" : "V\t400101000000Z\t"
            try await File.write(Array("\(state)\t\(serial)\tunknown\t/CN=x\n".utf8), to: "\(directory)/index")
            try await File.write(Array(authority.certificate.pem.utf8), to: "\(directory)/ca.pem")
            try await File.write(authority.privateKeyPEM, to: "\(directory)/ca.key")
            try await File.write(Array(identity.certificate.pem.utf8), to: "\(directory)/leaf.pem")
            let arguments =
                "ocsp -index \(directory)/index -rsigner \(directory)/ca.pem -rkey \(directory)/ca.key -CA \(directory)/ca.pem"
                + " -issuer \(directory)/ca.pem -cert \(directory)/leaf.pem -respout \(directory)/response -ndays \(days)"
                + " -noverify"
            let command = ["openssl"] + arguments.split(separator: " ").map(String.init)
            _ = try await Subprocess.run(Subprocess.Command(command)).check()
            return try await File.read("\(directory)/response")
        }
    }

    @Test("a response is sent to clients, who go on when it is good")
    func staples() async throws {
        var identity = Authority.server
        #expect(try identity.staple(try await response(for: identity)) > 1_700_000_000)
        for version in [TLSVersion.tls12, .tls13] {
            let client = try clientContext { $0.maximumVersion = version }
            try await withSecured(client, try serverContext([identity])) { client, server in
                try await server.write("x")
                #expect(try await client.read() == [UInt8(ascii: "x")])
            }
        }
    }

    @Test(
        "a client refuses a certificate that is revoked, with an error of its own",
        arguments: [TLSVersion.tls12, .tls13])
    func refusesRevoked(version: TLSVersion) async throws {
        var identity = Authority.server
        try identity.staple(try await response(for: identity, isRevoked: true))
        let client = try clientContext { $0.maximumVersion = version }
        let meeting = try await meet(client, try serverContext([identity]))
        defer { meeting.close() }
        #expect(meeting.clientError?.code == .revoked)
        #expect(meeting.clientError?.description.contains("example.org") == true)
    }

    @Test("what somebody else has signed says nothing")
    func ignoresOthers() async throws {
        let stranger = Authority.make("Test Root", [], isAuthority: true)
        var identity = Authority.server
        let forged = try await response(for: identity, by: stranger, isRevoked: true)
        // It names another issuer's key, which is why a server does not take it to begin with.
        #expect(await tlsCode { try identity.staple(forged) } == .invalidInput)
    }

    @Test("a response for another certificate, of no issuer's, or too old is refused with the reason")
    func checksResponses() async throws {
        var identity = Authority.server
        let others = try await response(for: Authority.other)
        let error = await thrown { try identity.staple(others, source: "site.ocsp") }
        #expect(error.map { "\($0)" } == "site.ocsp: it is not about this certificate")
        let garbage = await thrown { try identity.staple([1, 2, 3], source: "site.ocsp") }
        #expect(garbage.map { "\($0)" } == "site.ocsp: it is no OCSP response")
        #expect(identity.ocspResponse == nil)
    }
}
