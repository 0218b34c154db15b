import HTTPTypes
import MartletLoop
import MartletNet
import MartletServer
import MartletTesting
import MartletWebSocketCodec
import Testing

@testable import MartletWebSocket

@Suite("From HTTP to WebSocket")
struct HandOverTests {
    private enum User: RequestKey { typealias Value = String }

    private struct Refusing: Filter {
        func before(_ request: Request) throws -> Response? {
            if request[.authorization] != "yes" { throw HTTPError(.unauthorized, "who are you?") }
            return nil
        }
    }

    @Test("who has to be authenticated is, before the WebSocket is opened", arguments: [false, true])
    func authentication(waits: Bool) async throws {
        try await withSockets({ router in
            let authentication =
                waits
                ? BearerAuthentication(as: User.self) { token async throws in
                    await EventLoop.yield()
                    return token.matches("secret") ? "ann" : nil
                }
                : BearerAuthentication(as: User.self) { token in token.matches("secret") ? "ann" : nil }
            let group = router.group("/private")
            group.use(authentication)
            group.webSocket("", settings: .patient) { socket, request in
                try await socket.send("hello \(request[User.self] ?? "nobody")")
                await socket.waitUntilClosed()
            }
        }) { server in
            for token in ["", "Bearer wrong"] {
                let peer = try server.connect()
                try await peer.send(RawPeer.request("/private", ["Authorization": token]))
                #expect(try await peer.head().status == 401)
            }
            let peer = try await server.open("/private", ["Authorization": "Bearer secret"])
            #expect(try await peer.next() == .text("hello ann"))
            try await server.expect(.webSocketsOpened, 1)
        }
    }

    @Test("a filter refuses before the WebSocket is opened")
    func filter() async throws {
        try await withSockets({ router in
            let group = router.group()
            group.use(Refusing())
            group.webSocket("/", settings: .patient, handler: WebSocketEcho())
        }) { server in
            let peer = try server.connect()
            try await peer.send(RawPeer.request())
            #expect(try await peer.head().status == 401)
            _ = try await server.open("/", ["Authorization": "yes"])
            try await server.expect(.webSocketsOpened, 1)
        }
    }

    /// Whether the route answers at once, or something before it waits.
    nonisolated static let ways = [(true, false), (true, true), (false, false), (false, true)]

    private func add(_ router: Router, hasTask: Bool, waits: Bool, gate: Event? = nil) {
        let group = router.group()
        if waits {
            group.use(
                BearerAuthentication(as: User.self) { _ async throws in
                    await EventLoop.yield()
                    if let gate { try await gate.wait() }
                    return ""
                })
        }
        if hasTask {
            group.webSocket("/", settings: .patient) { socket in
                for try await message in socket { try await socket.send(message) }
            }
        } else {
            group.webSocket("/", settings: .patient, handler: WebSocketEcho())
        }
    }

    @Test("frames that come together with the request are answered", arguments: ways)
    func firstFrames(hasTask: Bool, waits: Bool) async throws {
        try await withSockets({ add($0, hasTask: hasTask, waits: waits) }) { server in
            let peer = try server.connect()
            let frames = RawPeer.text("one") + RawPeer.frame(.ping, [7]) + RawPeer.text("two")
            // The last frame comes in halves.
            let cut = frames.count - 3
            try await peer.open("/", ["Authorization": "Bearer a"], frames: Array(frames[..<cut]))
            #expect(try await peer.next() == (hasTask ? .pong([7]) : .text("one")))
            #expect(try await peer.next() == (hasTask ? .text("one") : .pong([7])))
            try await peer.send(Array(frames[cut...]))
            #expect(try await peer.next() == .text("two"))
        }
    }

    @Test("one that is closed with the first frames is closed, and its place is free", arguments: ways)
    func firstFramesClose(hasTask: Bool, waits: Bool) async throws {
        try await withSockets({ add($0, hasTask: hasTask, waits: waits) }) { server in
            let other = try await server.open("/", ["Authorization": "Bearer a"])
            let peer = try server.connect()
            try await peer.open(
                "/", ["Authorization": "Bearer a"], frames: RawPeer.text("one") + RawPeer.close(4000, "done"))
            #expect(try await peer.rest() == [.text("one"), .close(4000, ""), .end])
            try await waitUntil("its place is free") { server.server.connectionCount == 1 }
            try await server.expect(.webSocketsActive, 1)
            try await server.expect(.webSocketsClosedOtherwise, 1)
            try await other.send(RawPeer.text("still here"))
            #expect(try await other.next() == .text("still here"))
        }
    }

    @Test("frames that come before the answer, while somebody waits, are answered", arguments: [false, true])
    func earlyFrames(hasTask: Bool) async throws {
        let gate = Event()
        try await withSockets({ add($0, hasTask: hasTask, waits: true, gate: gate) }) { server in
            let peer = try server.connect()
            try await peer.send(RawPeer.request("/", ["Authorization": "Bearer a"]))
            try await waitUntil("it waits") { gate.waiterCount == 1 }
            try await peer.send(RawPeer.text("early"))
            // The loop has to see that there is something to read while nobody waits for it.
            await EventLoop.sleep(.milliseconds(20))
            gate.set()
            #expect(try await peer.head().status == 101)
            #expect(try await peer.next() == .text("early"))
        }
    }

    @Test("a client that is gone before the answer leaves nothing behind", arguments: [false, true])
    func goneBefore(hasTask: Bool) async throws {
        let gate = Event()
        try await withSockets({ add($0, hasTask: hasTask, waits: true, gate: gate) }) { server in
            let peer = try server.connect()
            try await peer.send(RawPeer.request("/", ["Authorization": "Bearer a"]))
            try await waitUntil("it waits") { gate.waiterCount == 1 }
            peer.stream.shutdownWriting()
            await EventLoop.sleep(.milliseconds(20))
            gate.set()
            try await waitUntil("it is gone") { server.server.connectionCount == 0 }
            try await server.expect(.webSocketsLost, 1)
        }
    }

    @Test("the connection of a closed WebSocket is closed, and pipelined requests are not answered")
    func noWayBack() async throws {
        try await withSockets({ $0.webSocket("/", settings: .patient, handler: WebSocketEcho()) }) { server in
            let peer = try server.connect()
            try await peer.open("/", frames: RawPeer.close() + RawPeer.request())
            let end = try await peer.rest()
            #expect(end.first == .close(1000, "") && end.count == 2)
        }
    }

    @Test("the tests' own client reaches it, without a socket and with one", arguments: TestMode.allCases)
    func testClient(mode: TestMode) async throws {
        for hasTask in [false, true] {
            let router = Router()
            add(router, hasTask: hasTask, waits: false)
            try await withTestServer(router, mode) { client in
                let exchange = try await client.open(
                    .get, "/",
                    fields: [
                        .upgrade: "websocket", .connection: "Upgrade", .secWebSocketVersion: "13",
                        .secWebSocketKey: WebSocketHandshake.makeKey(),
                    ])
                let upgraded = try await exchange.upgraded()
                #expect(upgraded.received.isEmpty)
                let peer = RawPeer(upgraded.stream)
                try await peer.send(RawPeer.text("one") + RawPeer.text("two"))
                #expect(try await peer.next(2) == [.text("one"), .text("two")])
                try await peer.send(RawPeer.close())
                #expect(try await peer.rest() == [.close(1000, ""), .end])
            }
        }
    }

    @Test("the tests' own client may cut it, and its handler is cancelled", arguments: TestMode.allCases)
    func cutTestClient(mode: TestMode) async throws {
        let observed = Observed()
        let router = Router()
        router.webSocket("/", settings: .patient) { socket in
            observed.socket = socket
            defer { observed.isOver = true }
            for try await _ in socket {}
        }
        try await withTestServer(router, mode) { client in
            let exchange = try await client.open(
                .get, "/",
                fields: [
                    .upgrade: "websocket", .connection: "Upgrade", .secWebSocketVersion: "13",
                    .secWebSocketKey: WebSocketHandshake.makeKey(),
                ])
            _ = try await exchange.upgraded()
            try await waitUntil("it speaks") { observed.socket != nil }
            exchange.cut()
            try await waitUntil("it has ended") { observed.isOver }
            #expect(observed.socket?.closeStatus?.code == .abnormalClosure)
        }
    }
}
