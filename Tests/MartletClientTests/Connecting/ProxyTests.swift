import MartletClient
import MartletLoop
import MartletNet
import Testing

@Suite("Proxies and Unix sockets")
struct ProxyTests {
    private static let ok = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"

    @Test("a forward proxy is told the whole URL and its password, and serves all hosts over one connection")
    func forward() async throws {
        let proxy = try RawServer.answering(Self.ok)
        let client = quickClient { $0.proxy = .http("http://u:p@\(proxy.address)") }
        #expect(try await client.get("http://a.test/x?y").text() == "ok")
        #expect(try await client.get("http://b.test:8080/").text() == "ok")
        #expect(proxy.requests.map(\.line) == ["GET http://a.test/x?y HTTP/1.1", "GET http://b.test:8080/ HTTP/1.1"])
        #expect(proxy.requests.map { $0["host"] } == ["a.test", "b.test:8080"])
        #expect(proxy.requests.map { $0["proxy-authorization"] } == ["Basic dTpw", "Basic dTpw"])
        #expect(proxy.connections == 1)
        await client.shutdown()
        await proxy.close()
    }

    /// A SOCKS proxy that connects to one server, whatever it is asked for.
    private func socks(
        to server: RawServer, password: String? = nil, reply: UInt8 = 0, asked: @escaping ([UInt8]) -> Void = { _ in }
    ) throws -> RawServer {
        try RawServer { connection in
            let stream = connection.stream
            let greeting = try await stream.read(exactly: 2)
            let methods = try await stream.read(exactly: Int(greeting[1]))
            let wanted: UInt8 = password == nil ? 0 : 2
            guard methods.contains(wanted) else {
                try await stream.write([5, 0xFF])
                return try await connection.waitForEnd()
            }
            try await stream.write([5, wanted])
            if let password {
                let user = try await stream.read(exactly: Int(stream.read(exactly: 2)[1]))
                let given = try await stream.read(exactly: Int(stream.read(exactly: 1)[0]))
                let isGood = String(decoding: user + [0x3A] + given, as: UTF8.self) == password
                try await stream.write([1, isGood ? 0 : 1])
                guard isGood else { return try await connection.waitForEnd() }
            }
            var request = try await stream.read(exactly: 4)
            switch request[3] {
            case 1: request += try await stream.read(exactly: 6)
            case 4: request += try await stream.read(exactly: 18)
            default:
                let length = try await stream.read(exactly: 1)
                request += try await length + stream.read(exactly: Int(length[0]) + 2)
            }
            asked(request)
            for byte in [5, reply, 0, 3, 3, 0x61, 0x62, 0x63, 0, 80] as [UInt8] {
                try await stream.write([byte])
                await EventLoop.yield()
            }
            guard reply == 0 else { return try await connection.waitForEnd() }
            let upstream = try await connect(to: server.address)
            defer { upstream.close() }
            let back = Task { for try await piece in upstream.chunks { try await stream.write(piece) } }
            defer { back.cancel() }
            for try await piece in stream.chunks { try await upstream.write(piece) }
        }
    }

    @Test(
        "a SOCKS proxy gets names as they are, and addresses as addresses",
        arguments: ["name.test", "10.1.2.3", "[2001:db8::1]"])
    func socksTunnel(_ host: String) async throws {
        let server = try RawServer.answering(Self.ok)
        var asked: [UInt8] = []
        let proxy = try socks(to: server) { asked = $0 }
        let client = quickClient { $0.proxy = .socks5("socks5://\(proxy.address)") }
        for _ in 0..<2 { #expect(try await client.get("http://\(host):8080/").text() == "ok") }
        let expected: [UInt8] =
            switch host {
            case "name.test": [5, 1, 0, 3, 9] + Array("name.test".utf8)
            case "10.1.2.3": [5, 1, 0, 1, 10, 1, 2, 3]
            default: [5, 1, 0, 4, 0x20, 1, 0x0D, 0xB8] + [UInt8](repeating: 0, count: 11) + [1]
            }
        #expect(asked == expected + [0x1F, 0x90])
        #expect(proxy.connections == 1)
        #expect(server.requests[0].line == "GET / HTTP/1.1")
        await client.shutdown()
        await proxy.close()
        await server.close()
    }

    @Test("a SOCKS proxy is told user and password, and what it refuses is an error of its own")
    func socksErrors() async throws {
        let server = try RawServer.answering(Self.ok)
        let strict = try socks(to: server, password: "user:pass")
        let good = quickClient { $0.proxy = .socks5("socks5h://user:pass@\(strict.address)") }
        #expect(try await good.get("http://a.test/").text() == "ok")
        for credentials in ["user:wrong@", ""] {
            let bad = quickClient { $0.proxy = .socks5("socks5://\(credentials)\(strict.address)") }
            let error = await failure { try await bad.get("http://a.test/") }
            #expect(error?.code == .proxyUnauthorized)
            #expect(error?.description.contains("wrong") == false)
        }
        let refusing = try socks(to: server, reply: 5)
        let client = quickClient { $0.proxy = .socks5("socks5://\(refusing.address)") }
        let error = await failure { try await client.get("http://a.test/") }
        #expect(error?.code == .proxy && error?.reason.contains("refused") == true)
        let noProxy = try RawServer { try await $0.write("HTTP/1.1 400 Bad Request\r\n\r\n") }
        let other = quickClient { $0.proxy = .socks5("socks5://\(noProxy.address)") }
        #expect(await failure { try await other.get("http://a.test/") }?.code == .proxy)
        #expect(client.statistics.openConnections == 0)
        await good.shutdown()
        for server in [strict, refusing, noProxy, server] { await server.close() }
    }

    @Test("a proxy that is not there, and one that is none, are errors of their own")
    func unusable() async throws {
        let server = try RawServer.answering(
            "HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 3\r\n\r\nwho")
        let address = server.address
        let client = quickClient { $0.proxy = .http("http://\(address)") }
        // What a forward proxy answers is an answer.
        #expect(try await client.get("http://a.test/").code == 407)
        await client.shutdown()
        await server.close()
        #expect(await failure { try await client.get("http://a.test/") }?.code == .shutDown)
        let gone = quickClient { $0.proxy = .http("http://\(address)") }
        let error = await failure { try await gone.get("http://a.test/") }
        #expect(error?.code == .proxy && error?.isUnsent == true)
        for text in ["ftp://p", "http://u:secret@p/x", "p:1:2"] {
            let wrong = quickClient { $0.proxy = .http(text) }
            let error = await failure { try await wrong.get("http://a.test/") }
            #expect(error?.code == .invalidURL)
            #expect(error?.description.contains("secret") == false)
        }
    }

    @Test("a request goes to a Unix socket where it is told to")
    func unixSocket() async throws {
        let server = try RawServer(on: .abstract("martlet-client-\(UInt32.random(in: 0 ... .max))")) { connection in
            while try await connection.request() != nil { try await connection.write(Self.ok) }
        }
        let client = quickClient()
        var request = HTTPClientRequest(.get, "http://localhost/v1/x")
        request.address = server.address
        for _ in 0..<2 { #expect(try await client.execute(request).text() == "ok") }
        #expect(server.requests.map { $0["host"] } == ["localhost", "localhost"])
        #expect(server.connections == 1)
        let settled = quickClient { $0.address = server.address }
        #expect(try await settled.get("http://any.test/").text() == "ok")
        await client.shutdown()
        await settled.shutdown()
        await server.close()
    }
}
