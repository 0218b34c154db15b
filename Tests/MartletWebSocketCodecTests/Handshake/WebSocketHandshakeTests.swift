import Testing

@testable import MartletWebSocketCodec

@Suite("WebSocket handshake")
struct WebSocketHandshakeTests {
    static let key = "dGhlIHNhbXBsZSBub25jZQ=="
    static let accept = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="

    @Test("the key of RFC 6455 is answered as there")
    func example() throws {
        #expect(WebSocketHandshake.accept(for: Self.key) == Self.accept)
        let answer = try WebSocketHandshake.checkRequest(
            method: "GET", upgrade: "websocket", connection: "Upgrade", version: "13", key: Self.key)
        #expect(answer == Self.accept)
    }

    @Test("keys that are made are valid and differ")
    func keys() {
        let keys = (0..<50).map { _ in WebSocketHandshake.makeKey() }
        #expect(Set(keys).count == 50)
        for key in keys { #expect(WebSocketHandshake.isValid(key: key)) }
    }

    static let invalidKeys = [
        "", "AAAA", "dGhlIHNhbXBsZSBub25jZQ", "dGhlIHNhbXBsZSBub25jZQ=", "dGhlIHNhbXBsZSBub25jZR==",
        " dGhlIHNhbXBsZSBub25jZQ==",
        "dGhlIHNhbXBsZSBub25jZSE=", "dGhlIHNhbXBsZSBub25jZSEh", "dGhlIHNhbXBsZSBub25j_Q==", "dGhlIHNhbXBsZSBub25jZé==",
    ]

    @Test("what is not sixteen bytes in Base 64 is no key", arguments: invalidKeys)
    func invalidKey(_ key: String) { #expect(!WebSocketHandshake.isValid(key: key)) }

    struct Request: Sendable {
        var method = "GET"
        var upgrade: String? = "websocket"
        var connection: String? = "Upgrade"
        var version: String? = "13"
        var key: String? = WebSocketHandshakeTests.key
        var status: Int?
    }

    static let requests = [
        Request(upgrade: "h2c, WebSocket", connection: "keep-alive ,\tUPGRADE"),
        Request(method: "POST", status: 405), Request(method: "get", status: 405),
        Request(upgrade: nil, status: 426), Request(upgrade: "h2c", status: 426),
        Request(upgrade: "websockets", status: 426), Request(connection: nil, status: 400),
        Request(connection: "close", status: 400), Request(version: nil, status: 400),
        Request(version: "8", status: 426), Request(version: "013", status: 426), Request(version: "", status: 426),
        Request(key: nil, status: 400), Request(key: "x", status: 400),
    ]

    @Test("requests that do not ask for a WebSocket properly are answered with the right status", arguments: requests)
    func checksRequests(_ request: Request) {
        var status: Int?
        do throws(WebSocketHandshakeError) {
            _ = try WebSocketHandshake.checkRequest(
                method: request.method, upgrade: request.upgrade, connection: request.connection,
                version: request.version, key: request.key)
        } catch {
            status = error.status
            let names = error.fields.map(\.name)
            #expect(names.contains("Sec-WebSocket-Version") == (status == 426))
            #expect(names.contains("Allow") == (status == 405) && !error.message.isEmpty)
        }
        #expect(status == request.status)
    }

    static let responses: [(Int, String?, String?, String?, Bool)] = [
        (101, "websocket", "Upgrade", accept, true), (101, "WebSocket", "upgrade", accept, true),
        (200, "websocket", "Upgrade", accept, false), (101, nil, "Upgrade", accept, false),
        (101, "h2c", "Upgrade", accept, false), (101, "websocket", nil, accept, false),
        (101, "websocket", "close", accept, false), (101, "websocket", "Upgrade", nil, false),
        (101, "websocket", "Upgrade", accept.lowercased(), false),
    ]

    @Test("responses are accepted only when all fields agree", arguments: responses)
    func checksResponses(_ status: Int, _ upgrade: String?, _ connection: String?, _ accept: String?, _ isRight: Bool) {
        let check = {
            try WebSocketHandshake.checkResponse(
                status: status, upgrade: upgrade, connection: connection, accept: accept, key: Self.key)
        }
        if isRight {
            #expect(throws: Never.self) { try check() }
        } else {
            #expect(throws: WebSocketHandshakeError.self) { try check() }
        }
    }

    @Test("the server's first subprotocol that is offered is selected")
    func subprotocols() throws {
        let offered = try WebSocketSubprotocol.offered(" chat,\tsuperchat , ,v1.json")
        #expect(offered == ["chat", "superchat", "v1.json"])
        #expect(WebSocketSubprotocol.select(from: offered, supported: ["v1.json", "chat"]) == "v1.json")
        #expect(WebSocketSubprotocol.select(from: offered, supported: ["Chat"]) == nil)
        #expect(try WebSocketSubprotocol.offered(nil).isEmpty)
        for field in ["a b", "a/b", "a,\"b\"", "é"] {
            #expect(throws: WebSocketHandshakeError.self) { try WebSocketSubprotocol.offered(field) }
        }
        #expect(WebSocketSubprotocol.isValid("a!#$%&'*+-.^_`|~9") && !WebSocketSubprotocol.isValid(""))
    }

    @Test("a client takes only a subprotocol that it has offered")
    func selected() {
        #expect(throws: Never.self) { try WebSocketHandshake.checkSubprotocol(nil, offered: ["chat"]) }
        #expect(throws: Never.self) { try WebSocketHandshake.checkSubprotocol("chat", offered: ["a", "chat"]) }
        for name in ["CHAT", "b", ""] {
            #expect(throws: WebSocketHandshakeError.self) {
                try WebSocketHandshake.checkSubprotocol(name, offered: ["chat"])
            }
        }
    }
}
