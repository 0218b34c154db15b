import MartletLoop
import MartletServer
import MartletTesting
import MartletWebSocketCodec
import Testing

@testable import MartletWebSocket

@Suite("Back-pressure of a WebSocket")
struct BackpressureTests {
    @Test("a handler that does not read makes its peer wait, and loses nothing", arguments: [1, 2, 16])
    func receiving(limit: Int) async throws {
        let gate = Event()
        let observed = Observed()
        try await withSockets({
            $0.webSocket("/", settings: .patient { $0.receiveLimit = limit }) { socket in
                observed.socket = socket
                try await gate.wait()
                for try await message in socket { observed.messages.append(message) }
            }
        }) { server in
            let peer = try await server.open(receiveBuffer: 4096)
            let payload = [UInt8](repeating: 1, count: 1000)
            let frames = (0..<8_000).flatMap { _ in RawPeer.frame(.binary, payload) }
            async let sent: Void = peer.send(frames)
            try await waitUntil("nothing more is taken") { observed.socket?.isPaused == true }
            await EventLoop.sleep(.milliseconds(30))
            // One buffer's worth, and what is in the inbox.
            #expect(server.count(.webSocketBytesReceived) <= 128 * 1024)
            #expect(observed.socket?.extras?.inbox.count == limit)
            gate.set()
            try await sent
            try await waitUntil("all have come") { observed.messages.count == 8_000 }
            #expect(server.count(.webSocketBytesReceived) == UInt64(frames.count))
        }
    }

    @Test("what is sent in many small messages is taken in linear time")
    func smallMessages() async throws {
        let observed = Observed()
        var count = 0
        try await withSockets({
            $0.webSocket("/", settings: .patient { $0.receiveLimit = 1 }) { socket in
                observed.socket = socket
                for try await _ in socket { count += 1 }
            }
        }) { server in
            let peer = try await server.open()
            let message = RawPeer.frame(.binary)
            try await peer.send((0..<50_000).flatMap { _ in message })
            try await waitUntil("all have come") { count == 50_000 }
        }
    }

    @Test("while its handler does not read, a WebSocket that has to send goes on sending")
    func sendsWhilePaused() async throws {
        let observed = Observed()
        try await withSockets({
            $0.webSocket("/", settings: .patient { $0.receiveLimit = 1 }) { socket in
                observed.socket = socket
                await socket.waitUntilClosed()
            }
        }) { server in
            let peer = try await server.open(receiveBuffer: 4096)
            try await peer.send(RawPeer.text("a") + RawPeer.text("b"))
            try await waitUntil("nothing more is taken") { observed.socket?.isPaused == true }
            let large = [UInt8](repeating: 3, count: 6 << 20)
            try await observed.socket?.send(large)
            #expect(try await peer.next() == .binary(large))
        }
    }

    @Test("a send waits for a peer that does not read, and goes on when it does")
    func waits() async throws {
        let observed = Observed()
        var sent = 0
        try await withSockets({
            $0.webSocket("/", settings: .patient { $0.sendLimit = 100_000 }) { socket in
                observed.socket = socket
                for number in 0..<80 {
                    try await socket.send([UInt8](repeating: UInt8(number), count: 100_000))
                    sent += 1
                }
            }
        }) { server in
            let peer = try await server.open(receiveBuffer: 4096)
            try await waitUntil("it waits") { observed.socket?.extras?.senders.isEmpty == false }
            #expect(sent < 80 && (observed.socket?.bufferedBytes ?? 0) < 200_100)
            for number in 0..<80 {
                #expect(try await peer.next() == .binary([UInt8](repeating: UInt8(number), count: 100_000)))
            }
            #expect(server.count(.webSocketWaitNanoseconds) > 0 && server.count(.webSocketMessagesDropped) == 0)
        }
    }

    @Test("a send that waits and is cancelled has sent nothing; others go out whole and in order")
    func cancelledSend() async throws {
        let observed = Observed()
        let done = Event()
        try await withSockets({
            $0.webSocket("/", settings: .patient { $0.sendLimit = 1 }) { socket in
                observed.socket = socket
                try await done.wait()
            }
        }) { server in
            let peer = try await server.open(receiveBuffer: 4096)
            try await waitUntil("it speaks") { observed.socket != nil }
            let socket = try #require(observed.socket)
            try await socket.send([UInt8](repeating: 0, count: 6 << 20))
            let senders = (1...5).map { number in Task { try await socket.send("\(number)") } }
            try await waitUntil("they wait") { socket.extras?.senders.isEmpty == false }
            senders[1].cancel()
            senders[3].cancel()
            for index in [1, 3] { await #expect(throws: CancellationError.self) { try await senders[index].value } }
            #expect(try await peer.next() == .binary([UInt8](repeating: 0, count: 6 << 20)))
            #expect(try await peer.next(3) == [.text("1"), .text("3"), .text("5")])
            for index in [0, 2, 4] { try await senders[index].value }
            done.set()
            #expect(try await peer.next() == .close(1000, ""))
        }
    }

    @Test("those who wait to send hear of the end", arguments: [false, true])
    func endsWhileWaiting(resets: Bool) async throws {
        let observed = Observed()
        try await withSockets({
            $0.webSocket("/", settings: .patient { $0.sendLimit = 1 }) { socket in
                observed.socket = socket
                do {
                    while true { try await socket.send([UInt8](repeating: 0, count: 1 << 20)) }
                } catch let end as WebSocketClosed {
                    observed.end = end
                }
            }
        }) { server in
            let peer = try await server.open(receiveBuffer: 4096)
            try await waitUntil("it waits") { observed.socket?.extras?.senders.isEmpty == false }
            if resets { peer.stream.abort() } else { try await peer.send(RawPeer.close(4000)) }
            try await waitUntil("it has ended") { observed.end != nil }
            #expect(observed.end?.code.rawValue == (resets ? 1006 : 4000))
        }
    }

    @Test("messages for a peer that does not read are dropped and counted, if that is the rule")
    func drops() async throws {
        let observed = Observed()
        let settings = WebSocketSettings.patient {
            $0.sendLimit = 1 << 20
            $0.backpressure = .drop
        }
        try await withSockets({
            $0.webSocket("/", settings: settings) { socket in
                observed.socket = socket
                await socket.waitUntilClosed()
            }
        }) { server in
            let peer = try await server.open(receiveBuffer: 4096)
            try await waitUntil("it speaks") { observed.socket != nil }
            let socket = try #require(observed.socket)
            let bytes = [UInt8](repeating: 9, count: 100_000)
            for _ in 0..<200 { try await socket.send(bytes) }
            let dropped = server.count(.webSocketMessagesDropped)
            #expect(dropped > 0 && dropped < 200 && socket.bufferedBytes < (1 << 20) + 200_000)
            #expect(!socket.post(bytes) && server.count(.webSocketMessagesDropped) == dropped + 1)
            #expect(try await peer.next(200 - Int(dropped)).allSatisfy { $0 == .binary(bytes) })
            try await socket.send("again")
            #expect(try await peer.next() == .text("again"))
        }
    }

    @Test("a peer that does not read is closed with 1008, if that is the rule", arguments: [false, true])
    func closes(posts: Bool) async throws {
        let observed = Observed()
        let settings = WebSocketSettings.patient {
            $0.sendLimit = 1 << 20
            $0.backpressure = .close
        }
        try await withSockets({
            $0.webSocket("/", settings: settings) { socket in
                observed.socket = socket
                observed.end = await socket.waitUntilClosed()
            }
        }) { server in
            let peer = try await server.open(receiveBuffer: 4096)
            try await waitUntil("it speaks") { observed.socket != nil }
            let socket = try #require(observed.socket)
            let bytes = [UInt8](repeating: 9, count: 100_000)
            var taken = 0
            while socket.isOpen {
                if posts { if socket.post(bytes) { taken += 1 } } else { try await socket.send(bytes) }
                if !posts, socket.isOpen { taken += 1 }
                await EventLoop.yield()
            }
            #expect(socket.closeStatus?.code == .policyViolation)
            #expect(try await peer.next(taken).allSatisfy { $0 == .binary(bytes) })
            guard case .close(1008, _) = try await peer.next() else { throw PeerError("1008 was expected") }
            #expect(try await peer.next() == .end)
            peer.stream.close()
            try await waitUntil("it has ended") { observed.end?.code == .policyViolation }
            try await server.expect(.webSocketsClosedForSlowness, 1)
        }
    }

    @Test("a peer that reads nothing for too long is cut off", arguments: [false, true])
    func neverReads(sendsOn: Bool) async throws {
        let settings = WebSocketSettings.patient { $0.writeTimeout = .milliseconds(50) }
        let echo = ObservingEcho { message, socket in
            if message.kind == .text { socket.post([UInt8](repeating: 0, count: 16 << 20)) }
        }
        try await withSockets({ $0.webSocket("/", settings: settings, handler: echo) }) { server in
            let peer = try await server.open(receiveBuffer: 4096)
            try await peer.send(RawPeer.text("go"))
            let noise = RawPeer.frame(.binary, [UInt8](repeating: 7, count: 1000))
            while server.server.connectionCount > 0 {
                if sendsOn { _ = peer.sendWhatFits(noise) }
                await EventLoop.sleep(.milliseconds(1))
            }
            #expect(echo.ends.map(\.code) == [.abnormalClosure])
            try await server.expect(.webSocketsClosedForSlowness, 1)
        }
    }

    @Test("a flood of pings by a peer that does not read is answered as far as there is room")
    func pingFlood() async throws {
        let echo = ObservingEcho { _, _ in }
        let settings = WebSocketSettings.patient { $0.sendLimit = 100_000 }
        try await withSockets({ $0.webSocket("/", settings: settings, handler: echo) }) { server in
            let peer = try await server.open(receiveBuffer: 4096)
            let ping = RawPeer.frame(.ping, [UInt8](repeating: 5, count: 125))
            let pings = (0..<20_000).flatMap { _ in ping }
            // Until the kernel takes no more of the answers, and then once more.
            var rounds = 0
            while rounds < 100, (echo.opened.first?.bufferedBytes ?? 0) < 100_000 {
                try await peer.send(pings + RawPeer.text(""))
                rounds += 1
                try await waitUntil("all have come") { echo.messages.count == rounds }
            }
            try await peer.send(pings + RawPeer.text(""))
            try await waitUntil("all have come") { echo.messages.count == rounds + 1 }
            #expect((100_000..<100_200).contains(try #require(echo.opened.first).bufferedBytes))
        }
    }
}
