import MartletLoop
import MartletNet
import MartletServer
import MartletTesting
import MartletWebSocketCodec
import Testing

@testable import MartletWebSocket

@Suite("Peers and handlers that do anything at any time")
struct RandomPeerTests {
    /// Limits and times so small that all of them are reached.
    private static func settings(
        _ backpressure: WebSocketSettings.Backpressure, streams: Bool
    ) -> WebSocketSettings {
        .patient {
            ($0.receiveLimit, $0.sendLimit, $0.backpressure) = (2, 1000, backpressure)
            ($0.closeTimeout, $0.writeTimeout) = (.milliseconds(100), .milliseconds(500))
            ($0.pingInterval, $0.pongTimeout) = (.milliseconds(100), .seconds(2))
            ($0.handlerGrace, $0.drainSpread) = (.milliseconds(10), .milliseconds(10))
            ($0.compression, $0.streamsMessages) = (.contextTakeover, streams)
            $0.limits = WebSocketLimits(messageSize: 200_000)
        }
    }

    private static func speak(_ socket: WebSocket) async throws {
        while true {
            switch Int.random(in: 0..<12) {
            case 0: socket.post("posted")
            case 1: try await socket.send([UInt8](repeating: 1, count: .random(in: 0...100_000)))
            case 2:
                try await socket.sendStream(.text) { message in
                    for _ in 0..<Int.random(in: 0..<5) { try await message.write("piece") }
                    if Int.random(in: 0..<10) == 0 { throw PeerError("on purpose") }
                }
            case 3: Task { try await socket.ping() }
            case 4: Task { try await socket.sendStream(.binary) { try await $0.write([1, 2, 3]) } }
            case 5: await EventLoop.sleep(.milliseconds(Int.random(in: 0...15)))
            case 6: if Int.random(in: 0..<6) == 0 { await socket.close(.policyViolation, reason: "random") }
            case 7:
                let reader = Task { try await socket.receive() }
                await EventLoop.yield()
                reader.cancel()
                _ = try? await reader.value
            case 8:
                for try await message in socket.streams {
                    _ = try await message.read()
                    if Bool.random() { break }
                }
            default: guard try await socket.receive() != nil else { return }
            }
        }
    }

    private func act(_ peer: RawPeer) async throws {
        let text = String(repeating: "random ", count: .random(in: 0..<2000))
        let frames: [UInt8] =
            switch Int.random(in: 0..<12) {
            case 0: RawPeer.frame(.ping, [1])
            case 1: RawPeer.frame(.pong, [2])
            case 2: RawPeer.text("begin", isFinal: false) + RawPeer.frame(.continuation, [65])
            case 3: peer.deflated(text, keepsContext: true)
            case 4: (0..<50).flatMap { RawPeer.text("\($0)") }
            case 5: Int.random(in: 0..<5) == 0 ? RawPeer.close([1000, 4000, nil, 1005][.random(in: 0..<4)]) : []
            case 6: Int.random(in: 0..<8) == 0 ? (0..<20).map { _ in .random(in: 0...255) } : []
            default: RawPeer.text(text)
            }
        _ = peer.sendWhatFits(Int.random(in: 0..<20) == 0 ? Array(frames.dropLast()) : frames)
    }

    private func run(_ server: WebSocketTestServer) async throws {
        let peer = try server.connect(receiveBuffer: Bool.random() ? 4096 : nil)
        try await peer.open("/", ["Sec-WebSocket-Extensions": "permessage-deflate; client_max_window_bits"])
        for _ in 0..<Int.random(in: 0..<30) {
            try await act(peer)
            if Bool.random() { _ = try? await peer.stream.read(upTo: 100_000, within: .milliseconds(5)) }
        }
        switch Int.random(in: 0..<4) {
        case 0: peer.stream.abort()
        case 1: peer.stream.shutdownWriting()
        case 2: peer.stream.close()
        default: _ = peer.sendWhatFits(RawPeer.close())
        }
    }

    @Test(
        "leave nothing behind, and end once", arguments: [WebSocketSettings.Backpressure.wait, .drop, .close],
        [false, true])
    func anything(backpressure: WebSocketSettings.Backpressure, streams: Bool) async throws {
        let settings = Self.settings(backpressure, streams: streams)
        let echo = ObservingEcho { message, socket in
            socket.post(message)
            if Int.random(in: 0..<30) == 0 { socket.beginClosing() }
        }
        for hasTask in [true, false] {
            try await withSockets({
                if hasTask {
                    $0.webSocket("/", settings: settings) { try await Self.speak($0) }
                } else {
                    $0.webSocket("/", settings: settings, handler: echo)
                }
            }) { server in
                let peers = (0..<40).map { _ in Task { try await run(server) } }
                for peer in peers { _ = try? await peer.value }
                #expect(server.count(.webSocketsOpened) == 40 && server.count(.webSocketMessagesReceived) > 0)
                // Most have ended by then, or are about to.
                if Bool.random() { server.server.drain() }
                try await waitUntil("nobody is left") { server.server.connectionCount == 0 }
            }
        }
        #expect(echo.opened.count == echo.ends.count)
    }
}

extension ByteStream {
    /// Reads what comes within a time.
    fileprivate func read(upTo limit: Int, within time: Duration) async throws -> [UInt8] {
        try await withTimeout(time) { try await self.read(upTo: limit) }
    }
}
