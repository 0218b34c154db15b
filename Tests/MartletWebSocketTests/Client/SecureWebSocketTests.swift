import MartletClient
import MartletLoop
import MartletNet
import MartletServer
import MartletTLS
import Testing

@testable import MartletWebSocket

@Suite("WebSockets over TLS", .timeLimit(.minutes(5)))
struct SecureWebSocketTests {
    /// A server that sends back what comes, and the port that it listens on.
    private func withEcho(
        _ identity: TLSIdentity, _ body: (HTTPServer, UInt16) async throws -> Void
    ) async throws {
        let router = Router()
        router.webSocket("/echo", handler: WebSocketEcho())
        let server = HTTPServer(router: router)
        defer { server.abort() }
        let socket = try ListeningSocket.bind("127.0.0.1:0", options: ListenOptions())
        let context = try TLSServerContext(TLSServerSettings(identities: [identity]))
        try server.listen(on: socket, tls: context)
        try await body(server, try #require(socket.address.port))
    }

    private func options(trusting identity: TLSIdentity) -> WebSocketClientOptions {
        var options = WebSocketClientOptions()
        options.tls.trust = .roots([identity.certificate])
        return options
    }

    @Test("messages go over wss:// to a server and back, large ones too", arguments: ["localhost", "127.0.0.1"])
    func echoes(host: String) async throws {
        let identity = try TLSIdentity.selfSigned(names: ["localhost", "127.0.0.1"])
        try await withEcho(identity) { server, port in
            var options = options(trusting: identity)
            options.address = try SocketAddress(parsing: "127.0.0.1:\(port)")
            try await WebSocketClient.withConnection("wss://\(host):\(port)/echo", options: options) { socket in
                for text in ["hello", "", String(repeating: "martlet ", count: 100_000)] {
                    try await socket.send(text)
                    #expect(try await socket.receive() == .text(text))
                }
                try await socket.send([UInt8](repeating: 7, count: 300_000))
                #expect(try await socket.receive() == .binary([UInt8](repeating: 7, count: 300_000)))
                #expect(await socket.close() == WebSocketClosed(code: .normalClosure, reason: ""))
            }
            try await waitUntil("the handshake is counted") { server.counters.load(.tlsHandshakes) == 1 }
            try await waitUntil("it has ended") { server.counters.load(.webSocketsClosedNormally) == 1 }
        }
    }

    @Test("a server that nobody trusts, or of another name, is not spoken to")
    func refuses() async throws {
        let identity = try TLSIdentity.selfSigned(names: ["localhost"])
        try await withEcho(identity) { server, port in
            let unknown = await #expect(throws: TLSError.self) {
                try await WebSocketClient.connect("wss://127.0.0.1:\(port)/echo")
            }
            #expect(unknown?.host?.contains("127.0.0.1") == true)
            let other = await #expect(throws: TLSError.self) {
                try await WebSocketClient.connect("wss://127.0.0.1:\(port)/echo", options: options(trusting: identity))
            }
            #expect(other?.code == .wrongHost)
            try await waitUntil("nobody is left") { server.connectionCount == 0 }
            #expect(server.counters.load(.webSocketsOpened) == 0)
        }
    }

    @Test("ws:// to a port of TLS is told so, and wss:// to one without it as well")
    func mixedUp() async throws {
        let identity = try TLSIdentity.selfSigned(names: ["localhost"])
        try await withEcho(identity) { _, port in
            let plain = await #expect(throws: WebSocketClientError.self) {
                try await WebSocketClient.connect("ws://127.0.0.1:\(port)/echo")
            }
            #expect(plain?.code == .refused && plain?.status == 400 && plain?.body.contains("https://") == true)
        }
        try await withSockets({ $0.webSocket("/", settings: .patient, handler: WebSocketEcho()) }) { server in
            let error = await #expect(throws: TLSError.self) {
                try await WebSocketClient.connect("wss://\(server.address)/")
            }
            #expect(error?.code == .plainHTTP)
        }
    }
}
