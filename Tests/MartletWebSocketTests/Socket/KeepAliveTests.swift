import MartletLoop
import MartletServer
import MartletTesting
import MartletWebSocketCodec
import Testing

@testable import MartletWebSocket

@Suite("Signs of life of a WebSocket")
struct KeepAliveTests {
    private func waiting(_ observed: Observed, _ settings: WebSocketSettings = .patient) -> (Router) -> Void {
        { router in
            router.webSocket("/", settings: settings) { socket in
                observed.socket = socket
                observed.end = await socket.waitUntilClosed()
            }
        }
    }

    @Test("pings are answered while nobody reads, each with its bytes, between messages and fragments")
    func answersPings() async throws {
        let observed = Observed()
        try await withSockets(waiting(observed)) { server in
            let peer = try await server.open()
            let all = [UInt8](0..<125)
            try await peer.send(RawPeer.text("unread") + RawPeer.frame(.ping, all) + RawPeer.frame(.ping))
            #expect(try await peer.next(2) == [.pong(all), .pong([])])
            try await peer.send(RawPeer.text("a", isFinal: false) + RawPeer.frame(.ping, [1]))
            #expect(try await peer.next() == .pong([1]))
            // Nobody has asked for this one.
            try await peer.send(RawPeer.frame(.pong, [9]) + RawPeer.frame(.ping, [2]))
            #expect(try await peer.next() == .pong([2]))
        }
    }

    @Test("a ping tells how long it took; one answer is for those before, too")
    func ping() async throws {
        let observed = Observed()
        try await withSockets(waiting(observed)) { server in
            let peer = try await server.open()
            try await waitUntil("it speaks") { observed.socket != nil }
            let socket = try #require(observed.socket)
            let pings = (0..<3).map { _ in Task { try await socket.ping() } }
            var payloads: [[UInt8]] = []
            for event in try await peer.next(3) {
                guard case .ping(let bytes) = event else { throw PeerError("no ping: \(event)") }
                payloads.append(bytes)
            }
            #expect(Set(payloads).count == 3)
            try await peer.send(RawPeer.frame(.pong, [1, 2, 3]) + RawPeer.frame(.pong, payloads[1]))
            let (first, second) = (try await pings[0].value, try await pings[1].value)
            #expect(first >= second && second > .zero && first < .seconds(60))
            #expect(socket.extras?.pings.count == 1)
            // Answered twice, which is allowed.
            try await peer.send(RawPeer.frame(.pong, payloads[1]) + RawPeer.frame(.pong, payloads[2]))
            _ = try await pings[2].value
            #expect(socket.extras?.pings.isEmpty == true)
        }
    }

    @Test("a ping without an answer ends with the WebSocket, or when its task is cancelled")
    func pingWithoutAnswer() async throws {
        let observed = Observed()
        try await withSockets(waiting(observed)) { server in
            let peer = try await server.open()
            try await waitUntil("it speaks") { observed.socket != nil }
            let socket = try #require(observed.socket)
            let (cancelled, ended) = (Task { try await socket.ping() }, Task { try await socket.ping() })
            _ = try await peer.next(2)
            cancelled.cancel()
            await #expect(throws: CancellationError.self) { try await cancelled.value }
            try await peer.send(RawPeer.close(4000))
            await #expect(throws: WebSocketClosed(code: .init(rawValue: 4000), reason: "")) { try await ended.value }
        }
    }

    @Test("a silent peer is pinged, and lives on as long as it answers")
    func pingsItself() async throws {
        let observed = Observed()
        let settings = WebSocketSettings.patient {
            $0.pingInterval = .milliseconds(10)
            $0.pongTimeout = .seconds(600)
        }
        try await withSockets(waiting(observed, settings)) { server in
            let peer = try await server.open()
            for _ in 0..<5 {
                #expect(try await peer.next() == .ping([]))
                try await peer.send(RawPeer.frame(.pong))
            }
            // Anything is a sign of life.
            #expect(try await peer.next() == .ping([]))
            try await peer.send(RawPeer.text("here"))
            #expect(try await peer.next() == .ping([]))
            #expect(observed.end == nil)
        }
    }

    @Test("a peer that does not answer a ping is cut off", arguments: [false, true])
    func neverPongs(hasTask: Bool) async throws {
        let observed = Observed()
        let echo = ObservingEcho()
        let settings = WebSocketSettings.patient {
            $0.pingInterval = .milliseconds(10)
            $0.pongTimeout = .milliseconds(20)
        }
        try await withSockets({
            if hasTask { waiting(observed, settings)($0) } else { $0.webSocket("/", settings: settings, handler: echo) }
        }) { server in
            let peer = try await server.open()
            #expect(try await peer.rest().dropLast() == [.ping([])])
            try await waitUntil("nobody is left") { server.server.connectionCount == 0 }
            #expect((hasTask ? observed.end : echo.ends.first)?.code == .abnormalClosure)
            try await server.expect(.webSocketsClosedForSlowness, 1)
        }
    }

    @Test("a peer that is not read from is not taken for dead")
    func pausedPeerLives() async throws {
        let observed = Observed()
        let settings = WebSocketSettings.patient {
            $0.pingInterval = .milliseconds(5)
            $0.pongTimeout = .milliseconds(5)
            $0.receiveLimit = 1
        }
        try await withSockets(waiting(observed, settings)) { server in
            // Together with the request, so that it is there before anything is asked.
            try await server.connect().open(frames: RawPeer.text("unread"))
            try await waitUntil("nothing more is taken") { observed.socket?.isPaused == true }
            await EventLoop.sleep(.milliseconds(100))
            #expect(observed.end == nil)
            _ = try await observed.socket?.receive()
            // Now it is asked again, and does not answer.
            try await waitUntil("nobody is left") { server.server.connectionCount == 0 }
            #expect(observed.end?.code == .abnormalClosure)
        }
    }
}
