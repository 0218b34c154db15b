import HTTPTypes
import MartletLoop
import MartletNet
import MartletWebSocketCodec
import Testing

@testable import MartletServer
@testable import MartletWebSocket

@Suite("Opening WebSockets", .timeLimit(.minutes(5)))
struct WebSocketClientTests {
    /// A real server that sends back whatever comes.
    private func withEcho(
        on address: SocketAddress = "127.0.0.1:0", _ settings: WebSocketSettings = WebSocketSettings(),
        _ body: (SocketAddress) async throws -> Void
    ) async throws {
        let router = Router()
        router.webSocket("/echo", settings: settings, handler: WebSocketEcho())
        let server = HTTPServer(router: router)
        let socket = try ListeningSocket.bind(address, options: ListenOptions())
        try server.listen(on: socket)
        defer { server.abort() }
        try await body(socket.address)
    }

    @Test("messages go to a server and back, also large ones, compressed or not", arguments: [true, false])
    func echoes(_ isCompressed: Bool) async throws {
        var settings = WebSocketSettings()
        settings.compression = isCompressed ? PerMessageDeflateSettings() : .off
        var theirs = WebSocketSettings()
        theirs.subprotocols = ["b", "a"]
        try await withEcho(theirs) { address in
            let url = "ws://\(address)/echo"
            try await WebSocketClient.withConnection(url, subprotocols: ["a", "b"], settings: settings) { socket in
                #expect(socket.subprotocol == "b")
                #expect((socket.compression != nil) == isCompressed)
                #expect(socket.isOpen)
                let large = String(repeating: "martlet ", count: 20_000)
                for text in ["hello", "", large] {
                    try await socket.send(text)
                    #expect(try await socket.receive() == .text(text))
                }
                try await socket.send([0, 1, 2])
                #expect(try await socket.receive() == .binary([0, 1, 2]))
                #expect(await socket.close() == WebSocketClosed(code: .normalClosure, reason: ""))
            }
        }
    }

    @Test("a Unix socket is connected to in place of the URL's host")
    func unixSocket() async throws {
        var options = WebSocketClientOptions()
        options.proxy = .http("http://127.0.0.1:1")
        try await withEcho(on: .abstract("martlet-websocket-client-\(UInt64.random(in: 0...(.max)))")) { address in
            options.address = address
            try await WebSocketClient.withConnection("ws://localhost/echo", options: options) { socket in
                try await socket.send("hello")
                #expect(try await socket.receive() == .text("hello"))
            }
        }
    }

    @Test("the request is what RFC 6455 says, with the fields that were given")
    func request() async throws {
        try await withScript { connection, _ in
            try await connection.open()
            try await connection.close(1000)
        } _: { server in
            let url = "ws://user:secret@\(server.authority)/a/b?c=d"
            let headers: HTTPFields = [.origin: "http://example.org", .cookie: "a=b"]
            try await WebSocketClient.withConnection(url, subprotocols: ["x", "y"], headers: headers) { socket in
                let message = try await socket.receive()
                #expect(message == nil)
                #expect(socket.subprotocol == nil)
                #expect(socket.compression == nil)
            }
            let request = try #require(server.requests.first)
            #expect(request.line == "GET /a/b?c=d HTTP/1.1")
            #expect(request["host"] == server.authority)
            #expect(request["upgrade"] == "websocket")
            #expect(request["connection"] == "Upgrade")
            #expect(request["sec-websocket-version"] == "13")
            #expect(WebSocketHandshake.isValid(key: request["sec-websocket-key"] ?? ""))
            #expect(request["sec-websocket-protocol"] == "x, y")
            #expect(request["sec-websocket-extensions"] == PerMessageDeflate.offer(PerMessageDeflateSettings()))
            #expect(request["authorization"] == "Basic dXNlcjpzZWNyZXQ=")
            #expect(request["origin"] == "http://example.org")
            #expect(request["cookie"] == "a=b")
        }
    }

    @Test("Authorization that is given counts more than that of the URL")
    func authorization() async throws {
        try await withScript { connection, _ in
            try await connection.open()
            try await connection.close(1000)
        } _: { server in
            let headers: HTTPFields = [.authorization: "Bearer x"]
            try await WebSocketClient.withConnection("ws://u:p@\(server.authority)", headers: headers) { _ in }
            #expect(server.requests.first?["authorization"] == "Bearer x")
        }
    }

    @Test("frames that come together with the response are not lost")
    func firstBytes() async throws {
        try await withScript { connection, _ in
            try await connection.open(behind: [0x81, 2, 0x68, 0x69, 0x82, 1, 7, 0x88, 0])
            try await connection.end()
        } _: { server in
            try await WebSocketClient.withConnection("ws://\(server.authority)") { socket in
                var messages: [WebSocketMessage] = []
                for try await message in socket { messages.append(message) }
                #expect(messages == [.text("hi"), .binary([7])])
                #expect(socket.closeStatus?.code == .noStatusReceived)
            }
        }
    }

    @Test("interim responses are passed over, but not for ever")
    func interimResponses() async throws {
        try await withScript { connection, number in
            let hint = "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n"
            if number == 2 { return try await connection.answer(String(repeating: hint, count: 100)) }
            try await connection.stream.write(hint + "HTTP/1.1 100 Continue\r\n\r\n")
            try await connection.open()
            try await connection.close(1000)
        } _: { server in
            try await WebSocketClient.withConnection("ws://\(server.authority)") { _ in }
            #expect(await failure("ws://\(server.authority)")?.code == .malformedResponse)
        }
    }

    // MARK: Refusals

    nonisolated struct Refusal: Sendable {
        let response: String
        let code: WebSocketClientError.Code
        var status: Int?
        var body = ""
        var retryAfter: Duration?
    }

    nonisolated static let refusals = [
        Refusal(
            response: "HTTP/1.1 401 Unauthorized\r\nContent-Length: 2\r\n\r\nno", code: .unauthorized, status: 401,
            body: "no"),
        Refusal(response: "HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n", code: .refused, status: 403),
        Refusal(
            response: "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello and more", code: .refused, status: 200,
            body: "hello"),
        Refusal(
            response: "HTTP/1.1 404 x\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nnot\r\n5\r\n here\r\n0\r\n\r\n",
            code: .refused,
            status: 404, body: "not here"),
        Refusal(
            response: "HTTP/1.1 503 x\r\nRetry-After: 7\r\nContent-Length: 3000\r\n\r\n"
                + String(repeating: "a", count: 3000),
            code: .refused, status: 503, body: String(repeating: "a", count: 1024), retryAfter: .seconds(7)),
        Refusal(
            response: "HTTP/1.1 500 x\r\nTransfer-Encoding: chunked\r\n\r\n800\r\n"
                + String(repeating: "a", count: 2048),
            code: .refused, status: 500, body: String(repeating: "a", count: 1024)),
        Refusal(
            response: "HTTP/1.1 500 x\r\nContent-Length: 6\r\n\r\na\u{1B}\r\n\0\u{7F}", code: .refused, status: 500,
            body: "a     "),
        Refusal(response: "HTTP/1.1 304 x\r\nContent-Length: 6\r\n\r\n", code: .refused, status: 304),
        Refusal(response: "HTTP/2 200\r\n\r\n", code: .malformedResponse),
        Refusal(response: "HTTP/1.1 101 x\r\nA : b\r\n\r\n", code: .malformedResponse),
        Refusal(response: "HTTP/1.1 301 x\r\n\r\n", code: .redirected, status: 301),
        Refusal(response: "HTTP/1.1 303 x\r\nLocation: http://b/\r\n\r\n", code: .redirected, status: 303),
        Refusal(response: "HTTP/1.1 307 x\r\nLocation: //\r\n\r\n", code: .redirected, status: 307),
    ]

    @Test("a response that opens nothing is told", arguments: refusals)
    func refused(_ refusal: Refusal) async throws {
        try await withScript { connection, _ in
            try await connection.answer(refusal.response)
        } _: { server in
            let error = try #require(await failure("ws://u:secret@\(server.authority)/x"))
            #expect(error.code == refusal.code, "\(error)")
            #expect(error.status == refusal.status)
            #expect(error.body == refusal.body)
            #expect(error.retryAfter == refusal.retryAfter)
            #expect(error.description.hasPrefix("cannot open ws://\(server.authority)/x: the server "), "\(error)")
            #expect(!error.description.contains("secret") && !error.description.contains("u:p@"))
            await eventually("the client has closed") { server.ended == 1 }
        }
    }

    @Test("a body that ends with the connection, or never, is quoted as far as it comes", arguments: [true, false])
    func bodyUntilClose(_ ends: Bool) async throws {
        try await withScript { connection, _ in
            try await connection.request()
            try await connection.stream.write("HTTP/1.1 500 x\r\n\r\nwhy")
            if !ends { try await connection.end() }
        } _: { server in
            #expect(await failure("ws://\(server.authority)")?.body == "why")
        }
    }

    @Test(
        "a connection that ends before the response does is told",
        arguments: ["", "HTTP/1.1 10", "HTTP/1.1 101 x\r\nA: b\r\n"])
    func endedEarly(_ response: String) async throws {
        try await withScript { connection, _ in
            try await connection.request()
            try await connection.stream.write(response)
        } _: { server in
            #expect(await failure("ws://\(server.authority)")?.code == .endedEarly)
        }
    }

    @Test(
        "a server that switches protocols against the rules is not believed",
        arguments: [
            "Sec-WebSocket-Protocol: z\r\n", "Sec-WebSocket-Protocol: x, y\r\n", "Sec-WebSocket-Accept: x\r\n",
            "Connection: a\r\nUpgrade: h2c\r\n", "Sec-WebSocket-Extensions: foo\r\n", "Sec-WebSocket-Extensions: ;\r\n",
            "Sec-WebSocket-Extensions: permessage-deflate; server_no_context_takeover; x=y\r\n",
        ])
    func handshakeBroken(_ fields: String) async throws {
        try await withScript { connection, _ in
            try await connection.open(fields)
            try await connection.end()
        } _: { server in
            let error = await failure("ws://\(server.authority)", subprotocols: ["x", "y"])
            #expect(error?.code == .handshake, "\(error?.description ?? "")")
            await eventually("the client has closed") { server.ended == 1 }
        }
    }

    @Test("an extension that was not offered is not agreed on")
    func compressionNotOffered() async throws {
        try await withScript { connection, _ in
            try await connection.open("Sec-WebSocket-Extensions: permessage-deflate\r\n")
            try await connection.end()
        } _: { server in
            var settings = WebSocketSettings()
            settings.compression = .off
            #expect(await failure("ws://\(server.authority)", WebSocketClientOptions(), settings)?.code == .handshake)
            #expect(server.requests.first?["sec-websocket-extensions"] == nil)
        }
    }

    @Test("what cannot be asked for is refused before anything is connected to")
    func invalidRequests() async throws {
        #expect(await failure("http://example.org")?.code == .invalidURL)
        #expect(await failure("ws://u:secret@exämple.org")?.code == .invalidURL)
        #expect(await failure("ws://u:secret@exämple.org")?.description.contains("secret") == false)
        #expect(await failure("ws://a", subprotocols: ["a b"])?.code == .invalidRequest)
        #expect(await failure("ws://a", subprotocols: ["a", "a"])?.code == .invalidRequest)
        for name in ["Host", "connection", "Sec-WebSocket-Key"] {
            let headers = HTTPFields([HTTPField(name: try #require(HTTPField.Name(name)), value: "x")])
            await #expect(throws: WebSocketClientError.self) {
                try await WebSocketClient.connect("ws://a", headers: headers)
            }
        }
    }

    @Test("a server that cannot be connected to is told as MartletNet tells it")
    func unreachable() async throws {
        let socket = try ListeningSocket.bind("127.0.0.1:0", options: ListenOptions())
        let address = socket.address
        socket.close()
        await #expect(throws: ConnectError.self) { try await WebSocketClient.connect("ws://\(address)") }
    }

    // MARK: Time and cancellation

    @Test("a server that says nothing is not waited for beyond the timeout")
    func timesOut() async throws {
        try await withScript { connection, _ in
            try await connection.end()
        } _: { server in
            var options = WebSocketClientOptions()
            options.timeout = .milliseconds(30)
            let error = await #expect(throws: TimeoutError.self) {
                try await WebSocketClient.connect("ws://u:secret@\(server.authority)/x", options: options)
            }
            #expect(error?.subject == "opening ws://\(server.authority)/x")
            await eventually("the client has closed") { server.ended == 1 }
        }
    }

    @Test("a client that is cancelled while it opens a WebSocket closes the connection")
    func cancelled() async throws {
        try await withScript { connection, _ in
            try await connection.answer("HTTP/1.1 1")
        } _: { server in
            let url = "ws://\(server.authority)"
            let task = Task { _ = try await WebSocketClient.connect(url) }
            await eventually("the request is there") { server.requests.count == 1 }
            task.cancel()
            await #expect(throws: CancellationError.self) { try await task.value }
            await eventually("the client has closed") { server.ended == 1 }
            let late = Task {
                withUnsafeCurrentTask { $0?.cancel() }
                _ = try await WebSocketClient.connect(url)
            }
            await #expect(throws: CancellationError.self) { try await late.value }
            #expect(server.requests.count == 1)
        }
    }

    struct Failure: Error {}

    @Test("the end of withConnection's closure closes with 1000, its error with 1011, its cancellation with 1001")
    func closes() async throws {
        var codes: [Int] = []
        try await withScript { connection, _ in
            try await connection.open()
            let code = try await connection.closeCode()
            codes.append(code)
            try await connection.stream.write([0x88, 2, UInt8(code >> 8), UInt8(code & 0xFF)])
        } _: { server in
            let url = "ws://\(server.authority)"
            let result = try await WebSocketClient.withConnection(url) { _ in 7 }
            #expect(result == 7)
            await #expect(throws: Failure.self) {
                try await WebSocketClient.withConnection(url) { _ in throw Failure() }
            }
            var isOpen = false
            let task = Task {
                try await WebSocketClient.withConnection(url) { socket in
                    isOpen = true
                    _ = try await socket.receive()
                }
            }
            await eventually("the third one is open") { isOpen }
            task.cancel()
            await #expect(throws: CancellationError.self) { try await task.value }
            await eventually("all are closed") { codes.count == 3 }
            #expect(codes == [1000, 1011, 1001])
        }
    }
}
