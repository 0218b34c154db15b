import MartletLoop
import MartletNet
import Testing

@testable import MartletWebSocket

@Suite("A client's proxy", .timeLimit(.minutes(5)))
struct ProxyTests {
    private func options(_ proxy: String) -> WebSocketClientOptions {
        var options = WebSocketClientOptions()
        options.proxy = .http(proxy)
        return options
    }

    @Test("a tunnel is made through it, and the handshake goes through that")
    func tunnels() async throws {
        try await withScript { connection, _ in
            try await connection.request()
            // What this says about a body means nothing, RFC 9112 §6.3.
            try await connection.stream.write("HTTP/1.1 200 Connected\r\nContent-Length: 5\r\n\r\n")
            try await connection.open()
            try await connection.close(1000)
        } _: { proxy in
            let options = options("http://user:secret@\(proxy.authority)")
            try await WebSocketClient.withConnection("ws://u:p@example.invalid/x", options: options) { socket in
                let message = try await socket.receive()
                #expect(message == nil)
            }
            let (tunnel, handshake) = (proxy.requests[0], proxy.requests[1])
            #expect(tunnel.line == "CONNECT example.invalid:80 HTTP/1.1")
            #expect(tunnel["host"] == "example.invalid:80")
            #expect(tunnel["proxy-authorization"] == "Basic dXNlcjpzZWNyZXQ=")
            #expect(tunnel["authorization"] == nil)
            #expect(handshake.line == "GET /x HTTP/1.1")
            #expect(handshake["host"] == "example.invalid")
            #expect(handshake["authorization"] == "Basic dTpw")
            #expect(handshake["proxy-authorization"] == nil)
        }
    }

    nonisolated static let refusals: [(String, WebSocketClientError.Code, Int?, String)] = [
        ("HTTP/1.1 407 Who\r\nContent-Length: 2\r\n\r\nno", .proxyUnauthorized, 407, "no"),
        ("HTTP/1.1 502 Bad Gateway\r\nContent-Length: 3\r\n\r\nwhy", .proxyRefused, 502, "why"),
        ("HTTP/1.1 302 x\r\nLocation: /\r\nContent-Length: 0\r\n\r\n", .proxyRefused, 302, ""),
        ("HTTP/1.1 101 x\r\n\r\n", .proxyRefused, 101, ""),
        ("SSH-2.0\r\n\r\n", .malformedResponse, nil, ""),
    ]

    @Test("what it refuses is told, and that it was the proxy", arguments: refusals)
    func refused(_ response: String, _ code: WebSocketClientError.Code, _ status: Int?, _ body: String) async throws {
        try await withScript { connection, _ in
            try await connection.answer(response)
        } _: { proxy in
            let error = await failure("ws://a.invalid/x", options("http://u:secret@\(proxy.authority)/"))
            #expect(error?.code == code)
            #expect(error?.status == status)
            #expect(error?.body == body)
            #expect(error?.description.hasPrefix("cannot open ws://a.invalid/x: the proxy \(proxy.authority) ") == true)
            #expect(error?.description.contains("secret") == false)
            await eventually("the client has closed") { proxy.ended == 1 }
        }
    }

    @Test("one that ends the connection, or cannot be reached, is told")
    func unreachable() async throws {
        var authority = ""
        try await withScript { connection, _ in
            try await connection.request()
        } _: { proxy in
            authority = proxy.authority
            #expect(await failure("ws://a.invalid", options("http://\(authority)"))?.code == .endedEarly)
        }
        let error = await failure("ws://a.invalid", options("http://\(authority)"))
        #expect(error?.code == .proxyUnreachable)
        #expect(error?.description.contains("127.0.0.1") == true)
    }

    @Test(
        "one that cannot be used is told before anything is connected to",
        arguments: [
            ("ftp://p:1", WebSocketClientError.Code.invalidURL), ("p:1", .invalidURL),
            ("http://p/x", .invalidURL), ("ws://p", .invalidURL), ("http://u:secret@", .invalidURL),
        ])
    func invalid(_ proxy: String, _ code: WebSocketClientError.Code) async {
        let error = await failure("ws://a.invalid", options(proxy))
        #expect(error?.code == code)
        #expect(error?.description.contains("secret") == false)
    }

    @Test("one that says nothing is not waited for beyond the timeout")
    func timesOut() async throws {
        try await withScript { connection, _ in
            try await connection.end()
        } _: { proxy in
            var options = options("http://\(proxy.authority)")
            options.timeout = .milliseconds(30)
            await #expect(throws: TimeoutError.self) {
                try await WebSocketClient.connect("ws://a.invalid", options: options)
            }
            await eventually("the client has closed") { proxy.ended == 1 }
        }
    }
}
