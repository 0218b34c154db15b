import MartletClient
import MartletLoop
import MartletNet
import Testing

@testable import MartletTLS

@Suite("HTTP over TLS")
struct TLSTests {
    private static let ok = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"

    private static func identity(_ names: [String], begins: Int64 = -60, ends: Int64 = 86_400) throws -> TLSIdentity {
        try CertificateRequest(commonName: names[0], names: names, begins: begins, ends: ends).issue()
    }

    private func server(
        _ identity: TLSIdentity, on address: SocketAddress = "127.0.0.1:0",
        _ script: @escaping (RawConnection) async throws -> Void = { connection in
            while try await connection.request() != nil { try await connection.write(Self.ok) }
        }
    ) throws -> RawServer {
        let context = try TLSServerContext(TLSServerSettings(identities: [identity]))
        return try RawServer(on: address) { connection in
            try await connection.stream.startTLS(accepting: context)
            try await script(connection)
        }
    }

    private func url(_ server: RawServer, _ target: String = "/") throws -> HTTPURL {
        try HTTPURL(parsing: "https://\(server.address)\(target)")
    }

    @Test("requests go over one connection, with http/1.1 agreed on, and large bodies come whole both ways")
    func exchanges() async throws {
        let identity = try Self.identity(["127.0.0.1"])
        var agreed: String?
        let size = 3_000_000
        let server = try server(identity) { connection in
            agreed = connection.stream.tls?.applicationProtocol
            while let request = try await connection.request() {
                try await connection.write("HTTP/1.1 200 OK\r\nContent-Length: \(size)\r\n\r\n")
                try await connection.write(
                    [UInt8](repeating: UInt8(truncatingIfNeeded: request.body.count), count: size))
            }
        }
        let client = quickClient { $0.tls.trust = .roots([identity.certificate]) }
        for _ in 0..<3 {
            let response = try await client.put(url(server), body: .bytes([UInt8](repeating: 1, count: 1_000_005)))
            #expect(try await response.bytes() == [UInt8](repeating: UInt8(truncatingIfNeeded: 1_000_005), count: size))
        }
        #expect(server.connections == 1)
        #expect(server.requests.allSatisfy { $0.body.count == 1_000_005 })
        #expect(agreed == nil || agreed == "http/1.1")
        await client.shutdown()
        await server.close()
    }

    @Test("small requests one after the other find their connection good, whatever TLS sends in between")
    func reuse() async throws {
        let identity = try Self.identity(["127.0.0.1"])
        let server = try server(identity)
        let client = quickClient { $0.tls.trust = .roots([identity.certificate]) }
        for round in 0..<10 {
            for _ in 0..<round { await EventLoop.yield() }
            #expect(try await client.get(url(server)).text() == "ok")
        }
        #expect(server.connections == 1)
        await client.shutdown()
        await server.close()
    }

    @Test("certificates that are not good are errors of their own, and nothing is sent")
    func badCertificates() async throws {
        let selfSigned = try Self.identity(["127.0.0.1"])
        let otherHost = try Self.identity(["other.test"])
        let expired = try Self.identity(["127.0.0.1"], begins: -200_000, ends: -100_000)
        let cases: [(TLSIdentity, TLSTrust, TLSError.Code)] = [
            (selfSigned, .system, .selfSigned), (otherHost, .roots([otherHost.certificate]), .wrongHost),
            (expired, .roots([expired.certificate]), .expired),
        ]
        for (identity, trust, code) in cases {
            let server = try server(identity)
            let client = quickClient { $0.tls.trust = trust }
            let error = await failure { try await client.post(url(server), body: "secret") }
            #expect(error?.code == .tls && error?.isUnsent == true)
            #expect((error?.cause as? TLSError)?.code == code, "\(String(describing: error))")
            #expect(error?.description.contains("127.0.0.1") == true)
            #expect(server.requests.isEmpty)
            #expect(client.statistics.openConnections == 0)
            await client.shutdown()
            await server.close()
        }
    }

    @Test("a server that speaks no TLS is an error of TLS")
    func plainServer() async throws {
        let server = try RawServer { connection in
            _ = try await connection.stream.read()
            try await connection.write("HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")
        }
        let client = quickClient()
        #expect(await failure { try await client.get(url(server)) }?.code == .tls)
        await client.shutdown()
        await server.close()
    }

    @Test("https goes through a CONNECT proxy, over http and over https")
    func throughProxy() async throws {
        let identity = try Self.identity(["127.0.0.1"])
        let server = try server(identity)
        let tunnel: (RawConnection) async throws -> Void = { connection in
            guard let request = try await connection.request(), request["proxy-authorization"] == "Basic dTpw" else {
                return try await connection.write(
                    "HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 3\r\n\r\nwho")
            }
            try await connection.write("HTTP/1.1 200 Connection established\r\n\r\n")
            let upstream = try await connect(to: server.address)
            defer { upstream.close() }
            let back = Task { for try await piece in upstream.chunks { try await connection.stream.write(piece) } }
            defer { back.cancel() }
            for try await piece in connection.stream.chunks { try await upstream.write(piece) }
        }
        let plain = try RawServer(tunnel)
        let secure = try self.server(identity, tunnel)
        for (proxy, scheme) in [(plain, "http"), (secure, "https")] {
            let client = quickClient {
                $0.tls.trust = .roots([identity.certificate])
                $0.proxy = .http("\(scheme)://u:p@\(proxy.address)")
            }
            for _ in 0..<2 { #expect(try await client.get(url(server)).text() == "ok") }
            #expect(proxy.requests.map(\.line) == ["CONNECT \(server.address) HTTP/1.1"])
            await client.shutdown()
            let stranger = quickClient {
                $0.tls.trust = .roots([identity.certificate])
                $0.proxy = .http("\(scheme)://\(proxy.address)")
            }
            let error = await failure { try await stranger.get(url(server)) }
            #expect(error?.code == .proxyUnauthorized && error?.status == 407)
            await stranger.shutdown()
        }
        for server in [plain, secure, server] { await server.close() }
    }

    @Test("a handshake that takes too long is given up")
    func slowHandshake() async throws {
        let server = try RawServer { try await $0.waitForEnd() }
        let client = quickClient { $0.timeouts.tls = .milliseconds(30) }
        let error = await failure { try await client.get(url(server)) }
        #expect(error?.code == .timeout && error?.phase == .tls)
        await client.shutdown()
        await server.close()
    }
}
