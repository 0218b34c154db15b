import MartletHTTP
import MartletLoop
import MartletNet
import MartletServer
import MartletWebSocket
import Testing

@testable import MartletTLS

@Suite("HTTP over TLS")
struct HTTPTests {
    private func makeServer(_ adjust: (inout HTTPServerSettings) -> Void = { _ in }) -> HTTPServer {
        let router = Router()
        router.get("/") { request in
            let tls = request.tls
            let name = tls?.serverName ?? "-"
            return "\(request.scheme) \(name) \(tls?.peerCertificate?.subject ?? "-") \(request.clientAddress)"
        }
        router.get("/large") { _ in String(repeating: "x", count: 1 << 20) }
        router.get("/huge") { _ in String(repeating: "x", count: 16 << 20) }
        router.post("/echo") { request in
            let body = try await request.body.collect(upTo: 1 << 20)
            return "\(body.count)"
        }
        router.webSocket("/socket") { socket in
            for try await message in socket { try await socket.send(message) }
        }
        var settings = HTTPServerSettings()
        adjust(&settings)
        return HTTPServer(router: router, settings: settings)
    }

    private func listen(_ server: HTTPServer, _ tls: TLSServerContext, proxyProtocol: Bool = false) throws -> UInt16 {
        let socket = try ListeningSocket.bind(SocketAddress(parsing: "127.0.0.1:0"), options: ListenOptions())
        try server.listen(on: socket, proxyProtocol: proxyProtocol, tls: tls)
        return try #require(socket.address.port)
    }

    private func get(_ path: String, on stream: ByteStream) async throws -> String {
        try await stream.write("GET \(path) HTTP/1.1\r\nHost: example.org\r\nConnection: close\r\n\r\n")
        let bytes = try await stream.readToEnd(limit: 4 << 20)
        return String(decoding: bytes, as: UTF8.self)
    }

    @Test("requests are answered, know that they came by TLS, and are counted")
    func answers() async throws {
        let server = makeServer()
        defer { server.abort() }
        let port = try listen(server, try serverContext())
        let client = try clientContext()
        for _ in 0..<2 {
            let stream = try await connect(host: "127.0.0.1", port: port, tls: client, serverName: "www.example.org")
            defer { stream.close() }
            #expect(try await get("/", on: stream).hasSuffix("\r\n\r\nhttps www.example.org - 127.0.0.1"))
        }
        #expect(await eventually { server.counters.load(.tlsHandshakes) == 2 })
        #expect(await eventually { server.counters.load(.tlsHandshakesResumed) == 1 })
        #expect(await eventually { server.counters.load(.tlsHandshakesActive) == 0 })
    }

    @Test("large answers and bodies go through, several on one connection")
    func carriesLargeBodies() async throws {
        let server = makeServer()
        defer { server.abort() }
        let port = try listen(server, try serverContext())
        let stream = try await connect(
            host: "127.0.0.1", port: port, tls: try clientContext(), serverName: "example.org")
        defer { stream.close() }
        let body = [UInt8](repeating: 65, count: 700_000)
        async let sent: Void = stream.write(
            Array("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: \(body.count)\r\n\r\n".utf8) + body)
        _ = try await stream.read(until: Array("\r\n\r\n".utf8))
        #expect(try await stream.read(exactly: 6) == Array("700000".utf8))
        try await sent
        #expect(try await get("/large", on: stream).utf8.count > 1 << 20)
    }

    @Test("a client certificate's subject is in the request")
    func tellsClient() async throws {
        let server = makeServer()
        defer { server.abort() }
        let port = try listen(server, try serverContext { $0.clientCertificates = .required(Authority.trust) })
        let stream = try await connect(
            host: "127.0.0.1", port: port, tls: try clientContext { $0.identity = Authority.client },
            serverName: "example.org")
        defer { stream.close() }
        #expect(try await get("/", on: stream).hasSuffix("https example.org CN=client 1 127.0.0.1"))
    }

    @Test("a header of the PROXY protocol comes before the handshake", arguments: [true, false])
    func takesProxyHeader(atOnce: Bool) async throws {
        let server = makeServer()
        defer { server.abort() }
        let port = try listen(server, try serverContext(), proxyProtocol: true)
        let stream = try await connect(host: "127.0.0.1", port: port)
        defer { stream.close() }
        if atOnce { try stream.setNoDelay(false) }
        try await stream.write("PROXY TCP4 192.0.2.7 203.0.113.1 4711 443\r\n")
        if !atOnce { #expect(await eventually { server.counters.load(.tlsHandshakesActive) == 1 }) }
        try await stream.startTLS(try clientContext(), serverName: "example.org")
        #expect(try await get("/", on: stream).hasSuffix("https example.org - 192.0.2.7"))
    }

    @Test(
        "who speaks HTTP without TLS is told to use https",
        arguments: ["GET / HTTP/1.1\r\nHost: a\r\n\r\n", "DELETE /", "P"])
    func answersPlainHTTP(request: String) async throws {
        let server = makeServer()
        defer { server.abort() }
        let port = try listen(server, try serverContext())
        let stream = try await connect(host: "127.0.0.1", port: port)
        defer { stream.close() }
        try await stream.write(request)
        let answer = String(decoding: try await stream.readToEnd(limit: 4096), as: UTF8.self)
        #expect(answer.hasPrefix("HTTP/1.1 400 Bad Request\r\n"))
        #expect(answer.contains("use https://"))
        #expect(await eventually { server.connectionCount == 0 })
        #expect(await eventually { server.counters.load(.tlsPlainHTTP) == 1 })
        #expect(server.counters.load(.requests) == 0)
    }

    @Test("who does not go on with the handshake is cut off at its deadline, and holds up nobody")
    func endsSlowHandshakes() async throws {
        let server = makeServer()
        defer { server.abort() }
        let port = try listen(server, try serverContext())
        let hastyPort = try listen(server, try serverContext { $0.handshakeTimeout = .milliseconds(400) })
        let silent = try await connect(host: "127.0.0.1", port: hastyPort)
        defer { silent.close() }
        try await silent.write([22, 3])
        let stream = try await connect(
            host: "127.0.0.1", port: port, tls: try clientContext(), serverName: "example.org")
        defer { stream.close() }
        #expect(try await get("/", on: stream).contains("200 OK"))
        #expect(try await silent.readToEnd(limit: 100).isEmpty)
        #expect(await eventually { server.counters.load(.tlsHandshakesFailed) == 1 })
        #expect(server.counters.load(.tlsHandshakesTimedOut) == 1)
    }

    @Test("handshakes that fail are counted by kind, and those that never began are none")
    func countsFailures() async throws {
        let server = makeServer()
        defer { server.abort() }
        let port = try listen(server, try serverContext { $0.clientCertificates = .required(Authority.trust) })
        try await connect(host: "127.0.0.1", port: port).close()
        let abandoned = try await connect(host: "127.0.0.1", port: port)
        try await abandoned.write([22, 3, 1])
        abandoned.close()
        #expect(await eventually { server.counters.load(.tlsHandshakesAbandoned) == 1 })
        let garbled = try await connect(host: "127.0.0.1", port: port)
        defer { garbled.close() }
        try await garbled.write([22, 3, 1, 0, 5, 1, 0, 0, 1, 9])
        #expect(await eventually { server.counters.load(.tlsProtocolErrors) == 1 })
        let anonymous = try clientContext()
        _ = await thrown {
            let stream = try await connect(host: "127.0.0.1", port: port, tls: anonymous, serverName: "example.org")
            defer { stream.close() }
            _ = try await stream.read()
        }
        #expect(await eventually { server.counters.load(.tlsCertificatesRefused) == 1 })
        #expect(server.counters.load(.tlsHandshakesFailed) == 3)
        #expect(server.counters.load(.tlsHandshakesActive) == 0)
    }

    @Test("handshakes beyond the limit are refused with an alert, and there is room again later")
    func refusesTooManyHandshakes() async throws {
        let server = makeServer()
        defer { server.abort() }
        let context = try serverContext { $0.handshakeLimit = 1 }
        let port = try listen(server, context)
        let silent = try await connect(host: "127.0.0.1", port: port)
        defer { silent.close() }
        let first = try await connect(host: "127.0.0.1", port: port)
        try await first.write([22])
        #expect(await eventually { context.statistics.inProgress == 1 }, "the silent one takes nobody's place")
        let client = try clientContext()
        let error = await thrown {
            try await connect(host: "127.0.0.1", port: port, tls: client, serverName: "example.org").close()
        }
        #expect(error != nil)
        #expect(await eventually { server.counters.load(.tlsHandshakesRefused) == 1 })
        #expect(await eventually { context.statistics.refused == 1 })
        first.close()
        #expect(await eventually { context.statistics.inProgress == 0 })
        try await connect(host: "127.0.0.1", port: port, tls: client, serverName: "example.org").close()
    }

    @Test("connections beyond the limit are refused with an alert, without a handshake")
    func refusesTooManyConnections() async throws {
        let server = makeServer { $0.connectionLimit = 1 }
        defer { server.abort() }
        let port = try listen(server, try serverContext())
        let client = try clientContext()
        let first = try await connect(host: "127.0.0.1", port: port, tls: client, serverName: "example.org")
        defer { first.close() }
        let second = try await connect(host: "127.0.0.1", port: port)
        defer { second.close() }
        #expect(try await second.readToEnd(limit: 100) == [21, 3, 3, 0, 2, 2, 80])
        #expect(await eventually { server.counters.load(.connectionsRefused) == 1 })
        #expect(await eventually { server.connectionCount == 1 })
    }

    @Test("a client that ends its side without TLS's end gets its answer, be its request whole or not")
    func answersHalfClosed() async throws {
        let server = makeServer()
        defer { server.abort() }
        let port = try listen(server, try serverContext())
        for (request, status) in [
            ("GET / HTTP/1.1\r\nHost: a\r\n\r\n", "200 OK"),
            ("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nhalf", "400 Bad Request"),
        ] {
            let stream = try await connect(
                host: "127.0.0.1", port: port, tls: try clientContext(), serverName: "example.org")
            defer { stream.close() }
            try await stream.write(request)
            stream.abortWithoutSayingSo()
            let answer = try await stream.readToEnd(limit: 4096)
            #expect(String(decoding: answer, as: UTF8.self).hasPrefix("HTTP/1.1 \(status)\r\n"))
        }
        #expect(await eventually { server.connectionCount == 0 })
    }

    @Test("a connection is not over before the kernel has all of its answer, nor is a drain")
    func keepsLastBytes() async throws {
        let server = makeServer()
        defer { server.abort() }
        let port = try listen(server, try serverContext())
        let stream = try await connect(host: "127.0.0.1", port: port)
        defer { stream.close() }
        try await stream.startTLS(try clientContext(), serverName: "example.org")
        try await stream.write(
            "GET /huge HTTP/1.1\r\nHost: a\r\n\r\n")
        #expect(await eventually { server.counters.load(.requests) == 1 })
        var isDrained = false
        server.onDrained = { isDrained = true }
        server.drain()
        var received = 0
        while true {
            let count = try await stream.read(upTo: 100_000).count
            if count == 0 { break }
            received += count
            if received < 1 << 20 { #expect(!isDrained && server.connectionCount == 1) }
        }
        #expect(received > 16 << 20)
        #expect(await eventually { isDrained })
    }

    @Test("a WebSocket goes over TLS")
    func upgrades() async throws {
        let server = makeServer()
        defer { server.abort() }
        let port = try listen(server, try serverContext())
        let stream = try await connect(
            host: "127.0.0.1", port: port, tls: try clientContext(), serverName: "example.org")
        defer { stream.close() }
        try await stream.write(
            "GET /socket HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                + "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n")
        let head = try await stream.read(until: Array("\r\n\r\n".utf8))
        #expect(String(decoding: head, as: UTF8.self).hasPrefix("HTTP/1.1 101 "))
        // A masked text frame, "hey", with a mask of zeros.
        try await stream.write([0x81, 0x83, 0, 0, 0, 0] + Array("hey".utf8))
        #expect(try await stream.read(exactly: 5) == [0x81, 3] + Array("hey".utf8))
    }

    @Test("requests that come one byte in a record are answered")
    func readsDribble() async throws {
        let server = makeServer()
        defer { server.abort() }
        let port = try listen(server, try serverContext())
        let stream = try await connect(
            host: "127.0.0.1", port: port, tls: try clientContext(), serverName: "example.org")
        defer { stream.close() }
        for byte in "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n".utf8 { try await stream.write([byte]) }
        #expect(String(decoding: try await stream.readToEnd(limit: 4096), as: UTF8.self).contains("200 OK"))
    }

    @Test("a certificate that is replaced is shown to new connections, and old ones go on")
    func replacesCertificates() async throws {
        let server = makeServer()
        defer { server.abort() }
        let context = try serverContext()
        let port = try listen(server, context)
        let client = try clientContext { $0.sessionLimit = 0 }
        let old = try await connect(host: "127.0.0.1", port: port, tls: client, serverName: "example.org")
        defer { old.close() }
        var settings = context.settings
        settings.identities = [Authority.rsa]
        try context.replace(settings)
        let new = try await connect(host: "127.0.0.1", port: port, tls: client, serverName: "example.org")
        defer { new.close() }
        #expect(new.tls?.peerCertificate == Authority.rsa.certificate)
        #expect(old.tls?.peerCertificate == Authority.server.certificate)
        #expect(try await get("/", on: old).contains("200 OK"))
    }
}
