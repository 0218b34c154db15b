import Glibc
import MartletLoop
import MartletNet
import Testing

@testable import MartletTLS

@Suite("Whom a client believes")
struct VerificationTests {
    /// What a client with some trust says of a server with some identity.
    private func error(
        _ identity: TLSIdentity, _ trust: TLSTrust = Authority.trust, name: String = "example.org",
        version: TLSVersion = .tls13
    ) async throws -> TLSError? {
        let client = try clientContext {
            $0.trust = trust
            $0.maximumVersion = version
        }
        let meeting = try await meet(client, try serverContext([identity]), name: name)
        defer { meeting.close() }
        return meeting.clientError
    }

    @Test("certificates that are not to be believed have an error of their own", arguments: [TLSVersion.tls12, .tls13])
    func refuses(version: TLSVersion) async throws {
        let past = Authority.make(
            "example.org", ["example.org"], begins: -100_000, ends: -50_000, issuer: Authority.root)
        let future = Authority.make("example.org", ["example.org"], begins: 50_000, issuer: Authority.root)
        let stranger = Authority.make("Stranger", [], isAuthority: true)
        let strange = Authority.make("example.org", ["example.org"], issuer: stranger)
        let alone = try TLSIdentity.selfSigned(names: ["example.org"])
        let cases: [(TLSIdentity, TLSError.Code)] = [
            (past, .expired), (future, .notYetValid), (Authority.other, .wrongHost), (alone, .selfSigned),
            (strange, .unknownAuthority),
        ]
        for (identity, code) in cases {
            let error = try #require(try await error(identity, version: version))
            #expect(error.code == code, "\(error)")
            #expect(error.description.contains("example.org"))
            #expect(error.cause.contains("CN="), "\(error)")
        }
    }

    @Test(
        "names match as RFC 9525 says",
        arguments: [
            ("example.org", true), ("EXAMPLE.ORG", true), ("www.example.org", true), ("a.b.example.org", false),
            ("127.0.0.1", true), ("127.0.0.2", false), ("::1", true), ("example.com", false),
        ])
    func matchesNames(name: String, isFor: Bool) async throws {
        #expect(try await error(Authority.server, name: name)?.code == (isFor ? nil : .wrongHost))
        #expect(Authority.server.certificate.isValid(for: name) == isFor)
    }

    @Test("an address is not sent as a name")
    func sendsNoAddress() async throws {
        try await withSecured(name: "127.0.0.1") { _, server in #expect(server.tls?.serverName == nil) }
        try await withSecured(name: "example.org") { _, server in #expect(server.tls?.serverName == "example.org") }
    }

    @Test("a chain through an intermediate is followed")
    func followsChains() async throws {
        let leaf = Authority.make("example.org", ["example.org"], issuer: Authority.intermediate)
        #expect(try await error(leaf) == nil)
        try await withSecured(nil, try serverContext([leaf])) { client, _ in
            #expect(client.tls?.peerCertificates.count == 3)
            #expect(client.tls?.peerCertificate == leaf.certificate)
        }
    }

    @Test("a certificate can be trusted itself, the system trusts none of ours, and nobody needs to be asked")
    func trusts() async throws {
        let alone = try TLSIdentity.selfSigned(names: ["example.org"])
        #expect(try await error(alone, .roots([alone.certificate])) == nil)
        #expect(try await error(Authority.server, .roots([Authority.server.certificate])) == nil)
        #expect(try await error(alone, .system)?.code == .selfSigned)
        #expect(try await error(Authority.server, .roots([Authority.root.certificate], addsSystem: true)) == nil)
        #expect(try await error(alone, .unverified, name: "anything.test") == nil)
    }

    @Test("pins are those of the server's key or of one that vouches for it")
    func pins() async throws {
        let own = Authority.server.certificate.publicKeyPin
        let roots = Authority.root.certificate.publicKeyPin
        let others = Authority.other.certificate.publicKeyPin
        #expect(try await error(Authority.server, Authority.trust.pinned(to: [own])) == nil)
        #expect(try await error(Authority.server, Authority.trust.pinned(to: [others, roots])) == nil)
        #expect(try await error(Authority.server, Authority.trust.pinned(to: [others]))?.code == .pinMismatch)
        let alone = try TLSIdentity.selfSigned(names: ["whatever.test"])
        #expect(try await error(alone, .keys([alone.certificate.publicKeyPin])) == nil)
        #expect(try await error(alone, .keys([own]))?.code == .pinMismatch)
        // A key that vouches does not stand for the server where nobody checks that it vouches.
        #expect(try await error(Authority.server, .keys([roots]))?.code == .pinMismatch)
    }

    @Test("pinned to no key, nobody is believed; pins count where nothing else does")
    func refusesNoPins() async throws {
        #expect(await tlsCode { _ = try clientContext { $0.trust = .keys([]) } } == .invalidInput)
        #expect(await tlsCode { _ = try clientContext { $0.trust = Authority.trust.pinned(to: []) } } == .invalidInput)
        let own = Authority.server.certificate.publicKeyPin
        let others = Authority.other.certificate.publicKeyPin
        #expect(try await error(Authority.server, TLSTrust.unverified.pinned(to: [others]))?.code == .pinMismatch)
        #expect(try await error(Authority.server, TLSTrust.unverified.pinned(to: [own])) == nil)
    }

    @Test("versions that one side does not speak are told apart")
    func comparesVersions() async throws {
        let old = try clientContext { $0.maximumVersion = .tls12 }
        let meeting = try await meet(old, try serverContext { $0.minimumVersion = .tls13 })
        #expect(meeting.clientError?.code == .protocolVersion)
        #expect(meeting.clientError?.alert == 70)
        #expect(meeting.serverError?.code == .protocolVersion)
        let new = try clientContext { $0.minimumVersion = .tls13 }
        let other = try await meet(new, try serverContext { $0.maximumVersion = .tls12 })
        #expect(other.clientError?.code == .protocolVersion)
        #expect(
            await tlsCode {
                _ = try clientContext {
                    $0.minimumVersion = .tls13; $0.maximumVersion = .tls12
                }
            } == .invalidInput)
    }

    @Test("application protocols are agreed on by the server's order, and refused when none is common")
    func choosesProtocols() async throws {
        let client = try clientContext { $0.applicationProtocols = ["http/1.1", "h9"] }
        try await withSecured(client, try serverContext { $0.applicationProtocols = ["h9", "http/1.1"] }) {
            client, server in
            #expect(client.tls?.applicationProtocol == "h9")
            #expect(server.tls?.applicationProtocol == "h9")
        }
        let stranger = try clientContext { $0.applicationProtocols = ["smtp"] }
        let meeting = try await meet(stranger, try serverContext())
        #expect(meeting.clientError?.code == .applicationProtocol)
        #expect(meeting.serverError?.code == .applicationProtocol)
        try await withSecured { client, _ in #expect(client.tls?.applicationProtocol == nil) }
    }

    @Test("the system's authorities are read again when they have changed", arguments: [false, true])
    func renewsSystem(hasRoots: Bool) async throws {
        let authorities = (0..<2).map { Authority.make("System \($0)", [], isAuthority: true) }
        let servers = try authorities.map {
            try serverContext([Authority.make("example.org", ["example.org"], issuer: $0)])
        }
        try await FileSystem.withTemporaryDirectory { directory in
            let file = directory + "/authorities.pem"
            try await File.write(authorities[0].certificatesPEM, to: file)
            setenv("SSL_CERT_FILE", file, 1)
            defer { unsetenv("SSL_CERT_FILE") }
            let client = try clientContext {
                $0.trust = hasRoots ? .roots([Authority.other.certificate], addsSystem: true) : .system
            }
            #expect(try await meeting(client, servers[0]) == nil)
            #expect(try await meeting(client, servers[1]) == .unknownAuthority)
            // As packages replace files.
            try await File.write(authorities[1].certificatesPEM, to: file + ".new")
            try #require(rename(file + ".new", file) == 0)
            #expect(try await meeting(client, servers[1]) == nil)
            #expect(try await meeting(client, servers[0]) == .unknownAuthority, "nor is its session resumed")
        }
    }

    /// What comes of a meeting for the client, which is told of the session that it could resume.
    private func meeting(_ client: TLSClientContext, _ server: TLSServerContext) async throws -> TLSError.Code? {
        let meeting = try await meet(client, server)
        defer { meeting.close() }
        if case .success(let stream) = meeting.server, case .success(let other) = meeting.client {
            try await stream.write("x")
            _ = try await other.read()
        }
        return meeting.clientError?.code
    }

    @Test("a server that speaks HTTP without TLS is recognised, and so is one that speaks something else")
    func recognisesOthers() async throws {
        for (answer, code) in [
            ("HTTP/1.1 400 Bad Request\r\n\r\n", TLSError.Code.plainHTTP),
            ("220 mail.example.org ESMTP\r\n", .protocolViolation),
            ("SSH-2.0-OpenSSH_9.2\r\n", .protocolViolation),
        ] {
            let (end, peer) = try ByteStream.pair()
            defer { peer.close() }
            try await peer.write(answer)
            let context = try clientContext()
            #expect(await tlsCode { try await end.startTLS(context, serverName: "example.org") } == code, "\(answer)")
        }
    }

    @Test("a handshake that does not end has a deadline, and can be cancelled")
    func timesOut() async throws {
        let (end, peer) = try ByteStream.pair()
        defer { peer.close() }
        let hasty = try clientContext { $0.handshakeTimeout = .milliseconds(10) }
        #expect(await tlsCode { try await end.startTLS(hasty, serverName: "example.org") } == .timedOut)
        let (other, silent) = try ByteStream.pair()
        defer { silent.close() }
        let patient = try clientContext()
        let task = Task.immediate { try await other.startTLS(patient, serverName: "example.org") }
        task.cancel()
        #expect(await thrown { try await task.value } is CancellationError)
        #expect(other.isClosed)
    }

    @Test("names that no server can have are refused", arguments: ["", "a\0b", ".example.org"])
    func refusesNames(name: String) async throws {
        let (end, peer) = try ByteStream.pair()
        defer { peer.close() }
        let context = try clientContext()
        #expect(await tlsCode { try await end.startTLS(context, serverName: name) } == .invalidInput)
    }
}
