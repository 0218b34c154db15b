import MartletLoop
import MartletServer
import MartletTesting
import MartletWebSocketCodec
import Testing

@testable import MartletWebSocket

@Suite("WebSockets of a server that ends")
struct DrainTests {
    @Test("are closed with 1001, and the server is drained when their handlers have ended", arguments: [false, true])
    func drain(hasTask: Bool) async throws {
        let gate = Event()
        var ended = 0
        var isDrained = false
        let echo = ObservingEcho()
        try await withSockets({
            guard hasTask else {
                $0.webSocket("/", settings: .patient, handler: echo)
                return
            }
            $0.webSocket("/", settings: .patient) { socket in
                for try await _ in socket {}
                try await gate.wait()
                ended += 1
            }
        }) { server in
            var peers: [RawPeer] = []
            for _ in 0..<5 { peers.append(try await server.open()) }
            server.server.onDrained = {
                isDrained = true
                #expect(ended == (hasTask ? 5 : 0))
            }
            server.server.drain()
            for peer in peers {
                guard case .close(1001, _) = try await peer.next() else { throw PeerError("1001 was expected") }
                try await peer.send(RawPeer.close(1001))
                #expect(try await peer.next() == .end)
            }
            if hasTask {
                try await waitUntil("all have ended") { server.count(.webSocketsActive) == 0 }
                await EventLoop.sleep(.milliseconds(10))
                #expect(!isDrained && server.server.connectionCount == 5)
                gate.set()
            }
            try await waitUntil("it is drained") { isDrained }
            #expect(server.count(.webSocketsClosedNormally) == 5 && echo.ends.count == (hasTask ? 0 : 5))
        }
    }

    @Test("are closed one by one, within the time that is set")
    func spread() async throws {
        let settings = WebSocketSettings.patient { $0.drainSpread = .seconds(1) }
        let echo = ObservingEcho()
        try await withSockets({ $0.webSocket("/", settings: settings, handler: echo) }) { server in
            for _ in 0..<50 { _ = try await server.open() }
            var moments: Set<EventLoop.Instant> = []
            server.server.drain()
            var open = 50
            try await waitUntil("all are closed") {
                let now = echo.opened.count { $0.isOpen }
                if now < open { moments.insert(.readClock()) }
                open = now
                return open == 0
            }
            #expect(moments.count > 1)
        }
    }

    @Test("one that is opened while the server drains is closed at once")
    func opensWhileDraining() async throws {
        let gate = Event()
        enum User: RequestKey { typealias Value = String }
        try await withSockets({ router in
            router.use(
                BearerAuthentication(as: User.self) { _ async throws in
                    try await gate.wait()
                    return ""
                })
            router.webSocket("/", settings: .patient, handler: WebSocketEcho())
        }) { server in
            let peer = try server.connect()
            try await peer.send(RawPeer.request("/", ["Authorization": "Bearer a"]))
            try await waitUntil("it waits") { gate.waiterCount == 1 }
            server.server.drain()
            gate.set()
            #expect(try await peer.head().status == 101)
            guard case .close(1001, _) = try await peer.next() else { throw PeerError("1001 was expected") }
        }
    }

    @Test("one whose peer does not answer ends when its time is over")
    func deadPeer() async throws {
        var isDrained = false
        let settings = WebSocketSettings.patient { $0.closeTimeout = .milliseconds(20) }
        try await withSockets({ MessageTests.Way.task.add(to: $0, settings) }) { server in
            _ = try await server.open()
            server.server.onDrained = { isDrained = true }
            server.server.drain()
            try await waitUntil("it is drained") { isDrained }
        }
    }

    @Test("are cut when the server aborts, and their handlers are cancelled")
    func abort() async throws {
        var cancelled = 0
        try await withSockets({
            $0.webSocket("/", settings: .patient) { socket in
                do {
                    try await Event().wait()
                } catch {
                    cancelled += 1
                    throw error
                }
            }
        }) { server in
            let peers = [try await server.open(), try await server.open()]
            server.server.abort()
            for peer in peers { #expect(try await peer.rest().count == 1) }
            try await waitUntil("nobody is left") { server.server.connectionCount == 0 }
            #expect(cancelled == 2 && server.count(.webSocketsLost) == 2 && server.count(.handlerErrors) == 0)
        }
    }
}
