import HTTPTypes
import MartletLoop
import MartletNet
import MartletServer
import MartletTesting
import MartletWebSocketCodec
import Testing

@testable import MartletWebSocket

@Suite("The opening handshake of a server")
struct HandshakeTests {
    @Test("a request is accepted with the key's answer, and nothing that was not agreed on")
    func accepted() async throws {
        try await withSockets({ $0.webSocket("/", settings: .patient, handler: WebSocketEcho()) }) { server in
            let peer = try server.connect()
            let head = try await peer.open()
            #expect(head["Sec-WebSocket-Accept"] == "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=")
            #expect(head["Upgrade"] == "websocket" && head["Connection"] == "Upgrade")
            #expect(head["Sec-WebSocket-Protocol"] == nil && head["Sec-WebSocket-Extensions"] == nil)
            #expect(head["Content-Length"] == nil && head["Transfer-Encoding"] == nil)
            try await server.expect(.webSocketsOpened, 1)
            try await server.expect(.webSocketsActive, 1)
            try await server.expect(.responses1xx, 1)
        }
    }

    @Test(
        "tokens of Upgrade and Connection are found in lists, in any case of letters",
        arguments: [
            ["Upgrade": "WebSocket"], ["Upgrade": "h2c, websocket"], ["Connection": "keep-alive, Upgrade"],
            ["Connection": "upgrade"], ["Connection": " ,UPGRADE , "],
        ] as [KeyValuePairs<String, String?>])
    func tokens(fields: KeyValuePairs<String, String?>) async throws {
        try await withSockets({ $0.webSocket("/", settings: .patient, handler: WebSocketEcho()) }) { server in
            let peer = try server.connect()
            #expect(try await peer.open("/", fields).status == 101)
        }
    }

    nonisolated struct Refusal: CustomTestStringConvertible {
        let status: Int
        let fields: KeyValuePairs<String, String?>
        var has: [String: String] = [:]
        var testDescription: String { "\(status) for \(fields)" }

        static let upgrade = ["Upgrade": "websocket", "Connection": "Upgrade"]
    }

    @Test(
        "what is no proper request is refused, and the connection goes on with HTTP",
        arguments: [
            Refusal(status: 426, fields: ["Upgrade": nil, "Connection": nil], has: ["Sec-WebSocket-Version": "13"]),
            Refusal(
                status: 426, fields: ["Upgrade": "h2c"], has: ["Sec-WebSocket-Version": "13", "Upgrade": "websocket"]),
            Refusal(status: 400, fields: ["Connection": "keep-alive"]),
            Refusal(status: 400, fields: ["Sec-WebSocket-Version": nil]),
            Refusal(status: 426, fields: ["Sec-WebSocket-Version": "8"], has: ["Sec-WebSocket-Version": "13"]),
            Refusal(status: 426, fields: ["Sec-WebSocket-Version": "13, 8"], has: ["Sec-WebSocket-Version": "13"]),
            Refusal(status: 400, fields: ["Sec-WebSocket-Key": nil]),
            Refusal(status: 400, fields: ["Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ="]),
            Refusal(status: 400, fields: ["Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25j"]),
            Refusal(status: 400, fields: ["Sec-WebSocket-Protocol": "a b"]),
            Refusal(status: 400, fields: ["Sec-WebSocket-Extensions": "permessage-deflate; ="]),
            Refusal(status: 403, fields: ["Origin": "https://evil.example"]),
        ])
    func refused(refusal: Refusal) async throws {
        try await withSockets({ $0.webSocket("/", settings: .patient, handler: WebSocketEcho()) }) { server in
            let peer = try server.connect()
            try await peer.send(RawPeer.request("/", refusal.fields))
            let head = try await peer.head()
            #expect(head.status == refusal.status)
            for (name, value) in refusal.has { #expect(head[name] == value) }
            #expect(head["Sec-WebSocket-Accept"] == nil)
            _ = try await peer.stream.read(exactly: head["Content-Length"].flatMap { Int($0) } ?? 0)
            #expect(try await peer.open().status == 101)
            try await server.expect(.webSocketsOpened, 1)
        }
    }

    @Test("other methods are refused with 405, and HTTP/1.0 with 426")
    func methodsAndVersions() async throws {
        try await withSockets({ $0.webSocket("/", settings: .patient, handler: WebSocketEcho()) }) { server in
            let request = String(decoding: RawPeer.request(), as: UTF8.self)
            for (line, status) in [("POST / HTTP/1.1", 405), ("HEAD / HTTP/1.1", 405), ("GET / HTTP/1.0", 426)] {
                let peer = try server.connect()
                try await peer.send(Array((line + request.dropFirst("GET / HTTP/1.1".count)).utf8))
                let head = try await peer.head()
                #expect(head.status == status, "\(line)")
                if status == 405 { #expect(head["Allow"]?.contains("GET") == true) }
            }
            #expect(server.count(.webSocketsOpened) == 0)
        }
    }

    nonisolated struct Page: CustomTestStringConvertible {
        let origins: WebSocketSettings.Origins
        let origin: String?
        let isLetIn: Bool
        var host = "example.org"
        var testDescription: String { "\(origins): \(origin ?? "none") at \(host)" }
    }

    @Test(
        "pages are let in by where they come from",
        arguments: [
            Page(origins: .sameHost, origin: nil, isLetIn: true),
            Page(origins: .sameHost, origin: "http://example.org", isLetIn: true),
            Page(origins: .sameHost, origin: "https://EXAMPLE.org", isLetIn: true),
            Page(origins: .sameHost, origin: "https://example.org", isLetIn: true, host: "Example.Org"),
            Page(origins: .sameHost, origin: "http://example.org:8080", isLetIn: true, host: "example.org:8080"),
            Page(origins: .sameHost, origin: "http://example.org:8080", isLetIn: false),
            Page(origins: .sameHost, origin: "http://example.org", isLetIn: false, host: "example.org:8080"),
            Page(origins: .sameHost, origin: "http://[::1]:80", isLetIn: true, host: "[::1]:80"),
            Page(origins: .sameHost, origin: "https://sub.example.org", isLetIn: false),
            Page(origins: .sameHost, origin: "https://example.org.evil.net", isLetIn: false),
            Page(origins: .sameHost, origin: "https://evil.net/example.org", isLetIn: false),
            Page(origins: .sameHost, origin: "https://evil.net://example.org", isLetIn: false),
            Page(origins: .sameHost, origin: "example.org", isLetIn: false),
            Page(origins: .sameHost, origin: "null", isLetIn: false),
            Page(origins: .sameHost, origin: "null", isLetIn: false, host: ""),
            Page(origins: .sameHost, origin: "", isLetIn: false, host: ""),
            Page(
                origins: .among(["https://a.example", "https://b.example"]), origin: "https://b.example", isLetIn: true),
            Page(origins: .among(["https://a.example"]), origin: "https://example.org", isLetIn: false),
            Page(origins: .among(["https://a.example"]), origin: "http://a.example", isLetIn: false),
            Page(origins: .among(["https://a.example"]), origin: nil, isLetIn: true),
            Page(origins: .any, origin: "null", isLetIn: true),
        ])
    func origins(page: Page) async throws {
        let settings = WebSocketSettings.patient { $0.origins = page.origins }
        try await withSockets({ $0.webSocket("/", settings: settings, handler: WebSocketEcho()) }) { server in
            let peer = try server.connect()
            let fields: KeyValuePairs<String, String?> =
                if let origin = page.origin { ["Host": page.host, "Origin": origin] } else { ["Host": page.host] }
            try await peer.send(RawPeer.request("/", fields))
            #expect(try await peer.head().status == (page.isLetIn ? 101 : 403))
        }
    }

    @Test(
        "the server chooses the subprotocol, in its order",
        arguments: [
            ("chat", "chat"), ("superchat, chat", "chat"), ("other", nil), ("other,superchat", "superchat"),
            ("CHAT", nil), (nil, nil),
        ] as [(String?, String?)])
    func subprotocol(offered: String?, chosen: String?) async throws {
        let settings = WebSocketSettings.patient { $0.subprotocols = ["chat", "superchat"] }
        let observed = Observed()
        try await withSockets({
            $0.webSocket("/", settings: settings) { socket in
                observed.socket = socket
                await socket.waitUntilClosed()
            }
        }) { server in
            let peer = try server.connect()
            #expect(try await peer.open("/", ["Sec-WebSocket-Protocol": offered])["Sec-WebSocket-Protocol"] == chosen)
            try await waitUntil("it speaks") { observed.socket != nil }
            #expect(observed.socket?.subprotocol == chosen)
        }
    }

    nonisolated struct Offer: CustomTestStringConvertible {
        let settings: PerMessageDeflateSettings
        let offer: String
        let answer: String?
        var testDescription: String { offer }
    }

    @Test(
        "compression is agreed on, or declined",
        arguments: [
            Offer(
                settings: PerMessageDeflateSettings(), offer: "permessage-deflate",
                answer: "permessage-deflate; server_no_context_takeover; client_no_context_takeover"),
            Offer(settings: .off, offer: "permessage-deflate", answer: nil),
            Offer(settings: PerMessageDeflateSettings(), offer: "x-webkit-deflate-frame", answer: nil),
            Offer(
                settings: PerMessageDeflateSettings(), offer: "permessage-deflate; server_max_window_bits=99",
                answer: nil),
            Offer(
                settings: .contextTakeover, offer: "permessage-deflate; client_max_window_bits",
                answer: "permessage-deflate; server_max_window_bits=12; client_max_window_bits=12"),
        ])
    func compression(offer: Offer) async throws {
        let settings = WebSocketSettings.patient { $0.compression = offer.settings }
        try await withSockets({ $0.webSocket("/", settings: settings, handler: WebSocketEcho()) }) { server in
            let head = try await server.connect().open("/", ["Sec-WebSocket-Extensions": offer.offer])
            #expect(head["Sec-WebSocket-Extensions"] == offer.answer)
        }
    }

    @Test("one router serves two servers, each of which counts its own")
    func twoServers() async throws {
        let router = Router()
        router.webSocket("/", settings: .patient, handler: WebSocketEcho())
        for _ in 0..<2 {
            let server = HTTPServer(router: router, settings: .patient)
            let socket = try ListeningSocket.bind("127.0.0.1:0", options: ListenOptions())
            let address = socket.address
            try server.listen(on: socket)
            let peer = RawPeer(try await connect(to: address))
            try await peer.open()
            #expect(server.counters.load(.webSocketsOpened) == 1)
            try await peer.send(RawPeer.close())
            #expect(try await peer.rest() == [.close(1000, ""), .end])
            try await waitUntil("it has ended") { server.connectionCount == 0 }
            #expect(server.counters.load(.webSocketsActive) == 0)
            server.abort()
            peer.stream.close()
        }
    }
}
