import MartletLoop
import MartletServer
import MartletTesting
import MartletWebSocketCodec
import Testing

@testable import MartletWebSocket

@Suite("Messages of a WebSocket")
struct MessageTests {
    /// The ways to answer that a route has.
    nonisolated enum Way: String, CaseIterable {
        case task, taskWithRequest, object, pieces

        @MainActor func add(to router: Router, _ settings: WebSocketSettings) {
            switch self {
            case .task:
                router.webSocket("/", settings: settings) { socket in
                    for try await message in socket { try await socket.send(message) }
                }
            case .taskWithRequest:
                router.webSocket("/", settings: settings) { socket, request in
                    #expect(request.path == "/")
                    while let message = try await socket.receive() { try await socket.send(message) }
                }
            case .object:
                router.webSocket("/", settings: settings, handler: WebSocketEcho())
            case .pieces:
                var settings = settings
                settings.streamsMessages = true
                router.webSocket("/", settings: settings) { socket in
                    for try await message in socket { try await socket.send(message) }
                }
            }
        }
    }

    static let messages: [WebSocketMessage] = [
        .text(""), .binary([]), .text("a"), .binary([0, 255]), .text("grüße, 世界 🦅"),
        .text(String(repeating: "x", count: 125)),
        .text(String(repeating: "x", count: 126)), .binary([UInt8](repeating: 1, count: 65535)),
        .binary([UInt8](repeating: 2, count: 65536)), .text(String(repeating: "0123456789", count: 50_000)), .text("z"),
    ]

    private func frames(_ message: WebSocketMessage, fragments: Int = 1) -> [UInt8] {
        let (opcode, bytes): (WebSocketOpcode, [UInt8]) =
            switch message {
            case .text(let text): (.text, Array(text.utf8))
            case .binary(let bytes): (.binary, bytes)
            }
        var frames: [UInt8] = []
        for index in 0..<fragments {
            let part = bytes[bytes.count * index / fragments..<bytes.count * (index + 1) / fragments]
            frames += RawPeer.frame(index == 0 ? opcode : .continuation, Array(part), isFinal: index + 1 == fragments)
        }
        return frames
    }

    private func event(_ message: WebSocketMessage) -> RawPeer.Event {
        switch message {
        case .text(let text): .text(text)
        case .binary(let bytes): .binary(bytes)
        }
    }

    @Test("come back as they were, in their order", arguments: Way.allCases, [1, 3])
    func echo(way: Way, fragments: Int) async throws {
        try await withSockets({ way.add(to: $0, .patient) }) { server in
            let peer = try await server.open()
            let all = Self.messages.flatMap { frames($0, fragments: fragments) }
            async let sent: Void = peer.send(all)
            for message in Self.messages { #expect(try await peer.next() == event(message)) }
            try await sent
            let bytes = Self.messages.reduce(0) { $0 + $1.byteCount }
            #expect(server.count(.webSocketMessagesReceived) == UInt64(Self.messages.count))
            #expect(server.count(.webSocketMessagesSent) == UInt64(Self.messages.count))
            #expect(server.count(.webSocketPayloadReceived) == UInt64(bytes))
            #expect(server.count(.webSocketPayloadSent) == UInt64(bytes))
            #expect(server.count(.webSocketBytesReceived) == UInt64(all.count))
            #expect(server.count(.webSocketBytesSent) == UInt64(peer.bytesReceived))
        }
    }

    @Test("that come a byte at a time are the same", arguments: Way.allCases)
    func byteByByte(way: Way) async throws {
        try await withSockets({ way.add(to: $0, .patient) }) { server in
            let peer = try await server.open()
            let frames = frames(.text("grüße, 世界"), fragments: 4) + RawPeer.frame(.ping, [1]) + frames(.binary([]))
            for byte in frames { try await peer.send([byte]) }
            var events = try await peer.next(3)
            events.removeAll { $0 == .pong([1]) }
            #expect(events == [.text("grüße, 世界"), .binary([])])
        }
    }

    @Test(
        "are compressed and inflated, each by itself and with what was before",
        arguments: Way.allCases, [PerMessageDeflateSettings(threshold: 10), .contextTakeover])
    func compressed(way: Way, compression: PerMessageDeflateSettings) async throws {
        let settings = WebSocketSettings.patient { $0.compression = compression }
        try await withSockets({ way.add(to: $0, settings) }) { server in
            let peer = try server.connect()
            try await peer.open("/", ["Sec-WebSocket-Extensions": "permessage-deflate; client_max_window_bits"])
            let texts = (0..<20).map {
                "message \($0): " + String(repeating: "the same again and again ", count: $0 * 40)
            }
            let keeps = !compression.clientNoContextTakeover
            for text in texts { try await peer.send(peer.deflated(text, keepsContext: keeps)) }
            for text in texts { #expect(try await peer.next() == .text(text)) }
            // One that is not compressed may come between those that are.
            try await peer.send(RawPeer.text("plain") + peer.deflated(texts[19], keepsContext: keeps))
            #expect(try await peer.next(2) == [.text("plain"), .text(texts[19])])
            #expect(server.count(.webSocketPayloadReceived) > 5 * server.count(.webSocketBytesReceived))
            #expect(server.count(.webSocketPayloadSent) > 5 * server.count(.webSocketBytesSent))
        }
    }

    @Test("those below the threshold are not compressed")
    func threshold() async throws {
        try await withSockets({ $0.webSocket("/", settings: .patient, handler: WebSocketEcho()) }) { server in
            let peer = try server.connect()
            try await peer.open("/", ["Sec-WebSocket-Extensions": "permessage-deflate"])
            try await peer.send(RawPeer.text(String(repeating: "a", count: 1000)))
            _ = try await peer.next()
            #expect(peer.bytesReceived == 1004)
        }
    }

    @Test("an object gets whole messages, also where pieces are set, and each socket's own end")
    func handlerObject() async throws {
        let echo = ObservingEcho()
        let settings = WebSocketSettings.patient { $0.streamsMessages = true }
        try await withSockets({ $0.webSocket("/", settings: settings, handler: echo) }) { server in
            let (first, second) = (try await server.open(), try await server.open())
            for _ in 0..<40 { try await first.send(frames(.text("abc"), fragments: 3)) }
            #expect(try await first.next(40) == Array(repeating: .text("abc"), count: 40))
            try await second.send(RawPeer.close(4001, "bye"))
            #expect(try await second.rest() == [.close(4001, ""), .end])
            #expect(echo.ends == [WebSocketClosed(code: .init(rawValue: 4001), reason: "bye")])
            #expect(echo.opened.count == 2 && echo.messages.count == 40)
        }
    }

    @Test("an object that closes is told nothing after the end")
    func handlerObjectCloses() async throws {
        let limited = WebSocketSettings.patient {
            $0.sendLimit = 1
            $0.backpressure = .close
        }
        let echo = ObservingEcho { message, socket in
            socket.post(message)
            socket.post(message)
        }
        try await withSockets({ $0.webSocket("/", settings: limited, handler: echo) }) { server in
            let peer = try await server.open()
            try await peer.send(RawPeer.text("one") + RawPeer.text("two") + RawPeer.text("three"))
            #expect(try await peer.next() == .text("one"))
            guard case .close(1008, _) = try await peer.next() else { throw PeerError("1008 was expected") }
            #expect(try await peer.next() == .end)
            #expect(echo.messages == [.text("one")])
            peer.stream.close()
            try await waitUntil("it has ended") { echo.ends.map(\.code) == [.policyViolation] }
        }
    }

    @Test("an object that ends everything from within a call is called no more")
    func handlerObjectAborts() async throws {
        var aborted: HTTPServer?
        let echo = ObservingEcho { _, _ in aborted?.abort() }
        try await withSockets({ $0.webSocket("/", settings: .patient, handler: echo) }) { server in
            aborted = server.server
            let peer = try await server.open()
            try await peer.send(RawPeer.text("one") + RawPeer.text("two") + RawPeer.frame(.ping))
            _ = try await peer.rest()
            #expect(echo.messages == [.text("one")] && echo.ends.map(\.code) == [.abnormalClosure])
        }
    }

    @Test("several tasks that read share them, and a cancelled one takes none along")
    func severalReaders() async throws {
        let observed = Observed()
        try await withSockets({
            $0.webSocket("/", settings: .patient { $0.receiveLimit = 3 }) { socket in
                observed.socket = socket
                await socket.waitUntilClosed()
            }
        }) { server in
            let peer = try await server.open()
            try await waitUntil("it speaks") { observed.socket != nil }
            let socket = try #require(observed.socket)
            let readers = (0..<3).map { _ in
                Task { for try await message in socket { observed.messages.append(message) } }
            }
            try await waitUntil("they wait") { socket.extras?.readers.isEmpty == false }
            let texts = (0..<100).map { "\($0)" }
            try await peer.send(texts.prefix(50).flatMap { RawPeer.text($0) })
            try await waitUntil("half have come") { observed.messages.count >= 25 }
            readers[1].cancel()
            await #expect(throws: CancellationError.self) { try await readers[1].value }
            try await peer.send(texts.dropFirst(50).flatMap { RawPeer.text($0) } + RawPeer.close())
            #expect(try await peer.next() == .close(1000, ""))
            for index in [0, 2] { try await readers[index].value }
            #expect(Set(observed.messages) == Set(texts.map { .text($0) }) && observed.messages.count == 100)
        }
    }

    @Test("an application keeps values with a socket")
    func values() async throws {
        enum Name: WebSocketKey { typealias Value = String }
        try await withSockets({
            $0.webSocket("/", settings: .patient) { socket in
                #expect(socket[Name.self] == nil)
                socket[Name.self] = "ann"
                try await socket.send(socket[Name.self] ?? "")
                socket[Name.self] = nil
                #expect(socket[Name.self] == nil && socket.peerAddress != nil)
            }
        }) { server in
            let peer = try await server.open()
            #expect(try await peer.next() == .text("ann"))
        }
    }
}
