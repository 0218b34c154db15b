import MartletLoop
import MartletNet
import Testing

@testable import MartletTLS

@Suite("TLS servers")
struct ServerTests {
    @Test("clients get the certificate for the name that they ask for, exact names before wildcards")
    func choosesByName() async throws {
        let exact = Authority.make("special", ["special.example.org"], issuer: Authority.root)
        let server = try serverContext([Authority.server, Authority.other, exact])
        let client = try clientContext { $0.sessionLimit = 0 }
        for (name, identity) in [
            ("example.org", Authority.server), ("www.example.org", Authority.server), ("other.test", Authority.other),
            ("OTHER.test", Authority.other), ("special.example.org", exact), ("127.0.0.1", Authority.server),
        ] {
            try await withSecured(client, server, name: name) { client, _ in
                #expect(client.tls?.peerCertificate == identity.certificate, "\(name)")
            }
        }
    }

    @Test("a name that no certificate has gets the first one, or a refusal")
    func treatsUnknownNames() async throws {
        let client = try clientContext { $0.trust = .unverified }
        try await withSecured(client, try serverContext(), name: "unknown.test") { client, _ in
            #expect(client.tls?.peerCertificate == Authority.server.certificate)
        }
        let strict = try serverContext { $0.unknownName = .refusal }
        let meeting = try await meet(client, strict, name: "unknown.test")
        #expect(meeting.clientError?.code == .unrecognizedName)
        #expect(strict.statistics.failures == 1 && strict.statistics.protocolFailures == 1)
        try await withSecured(client, strict, name: "127.0.0.1") { _, _ in }
    }

    @Test("for one name there may be keys of two kinds, of which the client can use one")
    func hasTwoKinds() async throws {
        let server = try serverContext([Authority.rsa, Authority.server])
        for (suites, identity) in [
            ("ECDHE-RSA-AES128-GCM-SHA256", Authority.rsa), ("ECDHE-ECDSA-AES128-GCM-SHA256", Authority.server),
        ] {
            let client = try clientContext {
                $0.maximumVersion = .tls12
                $0.cipherSuites = suites
            }
            try await withSecured(client, server) { client, _ in
                #expect(client.tls?.peerCertificate == identity.certificate)
            }
        }
    }

    @Test("client certificates are not asked for, optional or required", arguments: [TLSVersion.tls12, .tls13])
    func asksForCertificates(version: TLSVersion) async throws {
        let known = try clientContext {
            $0.identity = Authority.client
            $0.maximumVersion = version
        }
        let anonymous = try clientContext { $0.maximumVersion = version }
        try await withSecured(known, try serverContext()) { _, server in #expect(server.tls?.peerCertificate == nil) }
        let optional = try serverContext { $0.clientCertificates = .optional(Authority.trust) }
        try await withSecured(known, optional) { _, server in
            #expect(server.tls?.peerCertificate?.subject == "CN=client 1")
        }
        try await withSecured(anonymous, optional) { _, server in #expect(server.tls?.peerCertificate == nil) }
        let required = try serverContext { $0.clientCertificates = .required(Authority.trust) }
        try await withSecured(known, required) { _, server in #expect(server.tls?.peerCertificate != nil) }
        let meeting = try await meet(anonymous, required)
        defer { meeting.close() }
        #expect(meeting.serverError?.code == .certificateRequired)
        if version == .tls12 {
            #expect(meeting.clientError?.code == .handshakeFailed)
        } else {
            // The client is done before the server has looked: the refusal is the first thing that it reads.
            let stream = try meeting.client.get()
            #expect(await tlsCode { _ = try await stream.read() } == .certificateRequired)
        }
        let stranger = try clientContext {
            $0.identity = try? TLSIdentity.selfSigned(names: ["me.test"])
            $0.maximumVersion = version
        }
        let other = try await meet(stranger, required)
        defer { other.close() }
        #expect(other.serverError?.code == .selfSigned)
    }

    @Test("sessions are resumed, and those of another trust are not", arguments: [TLSVersion.tls12, .tls13])
    func resumes(version: TLSVersion) async throws {
        let keys = TLSTicketKeys()
        let server = try serverContext { $0.ticketKeys = keys }
        let client = try clientContext { $0.maximumVersion = version }
        #expect(try await isResumed(client, server) == false)
        #expect(try await isResumed(client, server))
        #expect(try await isResumed(client, server), "and again")
        #expect(server.statistics.resumed == 2)
        // Another process with the same keys.
        let sibling = try serverContext { $0.ticketKeys = TLSTicketKeys(keys.keys) }
        #expect(try await isResumed(client, sibling))
        // A listener that asks for certificates does not take tickets of one that does not.
        let strict = try serverContext {
            $0.ticketKeys = keys
            $0.clientCertificates = .optional(Authority.trust)
        }
        #expect(try await isResumed(client, strict) == false)
        client.forgetSessions()
        #expect(try await isResumed(client, server) == false)
        let without = try serverContext { $0.ticketKeys = nil }
        _ = try await isResumed(client, without)
        client.forgetSessions()
        _ = try await isResumed(client, without)
        #expect(try await isResumed(client, without) == false)
    }

    @Test(
        "keys of tickets rotate: older ones still resume, forgotten ones do not", arguments: [TLSVersion.tls12, .tls13])
    func rotatesKeys(version: TLSVersion) async throws {
        let keys = TLSTicketKeys()
        let first = keys.keys[0]
        let server = try serverContext { $0.ticketKeys = keys }
        let client = try clientContext { $0.maximumVersion = version }
        #expect(try await isResumed(client, server) == false)
        keys.rotate(keeping: 1)
        #expect(keys.keys.count == 2 && keys.keys[1] == first)
        #expect(try await isResumed(client, server), "with the older key")
        keys.rotate(keeping: 1)
        #expect(!keys.keys.contains(first))
        #expect(try await isResumed(client, server), "for the ticket was renewed")
        keys.replace(with: [TLSTicketKey()])
        #expect(try await isResumed(client, server) == false)
    }

    @Test("a resumed session still knows the client's certificate")
    func resumesIdentity() async throws {
        let server = try serverContext { $0.clientCertificates = .required(Authority.trust) }
        let client = try clientContext { $0.identity = Authority.client }
        for isResumed in [false, true] {
            try await withSecured(client, server) { client, server in
                #expect(server.tls?.isResumed == isResumed)
                #expect(server.tls?.peerCertificate?.subject == "CN=client 1")
                try await server.write("x")
                _ = try await client.read()
            }
        }
    }

    /// Whether a connection resumes; what the server has to say about sessions is read before it is closed.
    private func isResumed(_ client: TLSClientContext, _ server: TLSServerContext) async throws -> Bool {
        var isResumed = false
        try await withSecured(client, server) { client, server in
            try await server.write("x")
            _ = try await client.read()
            isResumed = client.tls?.isResumed == true
            #expect(server.tls?.isResumed == isResumed)
        }
        return isResumed
    }

    @Test("garbage and handshakes that are cut end with an error, at every byte")
    func survivesGarbage() async throws {
        let hello = try await recordedHello()
        let context = try serverContext()
        for count in 0..<hello.count {
            let (end, peer) = try ByteStream.pair()
            try await peer.write(hello.prefix(count))
            peer.close()
            let error = await thrown { try await end.startTLS(accepting: context) }
            #expect(error is TLSError, "cut after \(count) bytes: \(String(describing: error))")
        }
        for seed in 0..<200 {
            var garbled = hello
            var random = UInt64(seed) &* 0x9E37_79B9_7F4A_7C15 | 1
            for _ in 0..<3 {
                random = random &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
                garbled[Int(random >> 33) % garbled.count] ^= UInt8(truncatingIfNeeded: random >> 20) | 1
            }
            let (end, peer) = try ByteStream.pair()
            try await peer.write(garbled)
            try await peer.finishWriting()
            #expect(await thrown { try await end.startTLS(accepting: context) } != nil)
            peer.close()
        }
        #expect(context.statistics.inProgress == 0)
        #expect(
            context.statistics.failures + context.statistics.plainHTTP == UInt64(hello.count + 199),
            "of nothing, none has begun")
    }

    @Test("what is sent in single bytes makes a handshake all the same")
    func readsSingleBytes() async throws {
        let (client, clientWire) = try ByteStream.pair()
        let (server, serverWire) = try ByteStream.pair()
        let forwarding = [
            Task.immediate { try await Self.dribble(from: clientWire, to: serverWire) },
            Task.immediate { try await Self.dribble(from: serverWire, to: clientWire) },
        ]
        let context = try serverContext()
        let serving = Task.immediate {
            try await server.startTLS(accepting: context)
            try await server.write("done\n")
        }
        try await client.startTLS(try clientContext(), serverName: "example.org")
        #expect(try await client.readLine() == "done")
        try await serving.value
        client.close()
        server.close()
        for task in forwarding { try? await task.value }
    }

    private static func dribble(from source: ByteStream, to target: ByteStream) async throws {
        defer { target.close() }
        while true {
            let bytes = try await source.read()
            if bytes.isEmpty { return }
            for byte in bytes { try await target.write([byte]) }
        }
    }

    /// The first bytes of a client.
    private func recordedHello() async throws -> [UInt8] {
        let (end, peer) = try ByteStream.pair()
        let context = try clientContext()
        let task = Task.immediate { try await end.startTLS(context, serverName: "example.org") }
        let hello = try await peer.read()
        peer.close()
        _ = try? await task.value
        return hello
    }

    @Test("failures are counted by kind", arguments: [TLSVersion.tls12, .tls13])
    func countsKinds(version: TLSVersion) async throws {
        let context = try serverContext {
            $0.clientCertificates = .required(Authority.trust)
            $0.handshakeTimeout = .milliseconds(20)
        }
        // Given up within its hello, or silent from there on.
        for isSilent in [false, true] {
            let (end, peer) = try ByteStream.pair()
            defer { peer.close() }
            try await peer.write([22, 3, 1])
            if !isSilent { peer.close() }
            let code = await tlsCode { try await end.startTLS(accepting: context) }
            #expect(code == (isSilent ? .timedOut : .truncated))
        }
        #expect(context.statistics.abandoned == 1 && context.statistics.timeouts == 1)
        var settings = context.settings
        settings.handshakeTimeout = .seconds(60)
        try context.replace(settings)
        let anonymous = try clientContext { $0.maximumVersion = version }
        try await meet(anonymous, context).close()
        #expect(context.statistics.certificateFailures == 1)
        // One who does not trust the server says so with an alert.
        let suspicious = try clientContext {
            $0.trust = .roots([Authority.other.certificate])
            $0.maximumVersion = version
        }
        try await meet(suspicious, context).close()
        #expect(context.statistics.certificateFailures == 2)
        let (end, peer) = try ByteStream.pair()
        defer { peer.close() }
        try await peer.write([22, 3, 1, 0, 5, 1, 0, 0, 1, 9])
        #expect(await thrown { try await end.startTLS(accepting: context) } is TLSError)
        #expect(context.statistics.protocolFailures == 1)
        #expect(context.statistics.failures == 5 && context.statistics.inProgress == 0)
    }

    @Test("settings that make no sense are refused, and the earlier ones stay")
    func refusesSettings() async throws {
        #expect(await tlsCode { _ = try serverContext([]) } == .invalidInput)
        #expect(await tlsCode { _ = try serverContext { $0.cipherSuites = "nonsense" } } == .invalidInput)
        #expect(await tlsCode { _ = try serverContext { $0.applicationProtocols = [""] } } == .invalidInput)
        let context = try serverContext()
        var settings = context.settings
        settings.identities = []
        #expect(throws: TLSError.self) { try context.replace(settings) }
        #expect(context.settings.identities == [Authority.server])
        try await withSecured(nil, context) { _, _ in }
    }

    @Test("a server of streams speaks TLS")
    func servesStreams() async throws {
        let server = try StreamServer(at: "127.0.0.1:0", tls: try serverContext()) { stream in
            for try await line in stream.lines { try await stream.write("\(line)!\n") }
        }
        let port = try #require(server.address.port)
        let stream = try await connect(host: "127.0.0.1", port: port, tls: try clientContext())
        try await stream.write("hello\n")
        #expect(try await stream.readLine() == "hello!")
        stream.close()
        await server.close()
    }
}
