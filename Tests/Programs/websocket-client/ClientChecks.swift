import MartletLoop
import MartletWebSocket
import MartletWebSocketCodec

/// What the client and a server that others have written make of each other.
struct ClientChecks {
    let url: String

    func run() async throws {
        let checks: [(name: String, check: () async throws -> Void)] = [
            ("echoes messages", echoes), ("sends a message in pieces", sendsPieces),
            ("reads fragments", readsFragments), ("compresses", compresses), ("agrees on a subprotocol", agrees),
            ("pings", pings), ("closes", closes), ("is closed", isClosed), ("is refused", isRefused),
            ("follows a redirect", isRedirected), ("connects again", connectsAgain), ("opens many", opensMany),
        ]
        for (name, check) in checks {
            do {
                try await withTimeout(.seconds(15), for: name) { try await check() }
            } catch {
                throw CheckFailure("\(url) \(name): \(error)")
            }
        }
        print("\(checks.count) of \(checks.count) hold")
    }

    private func echoes() async throws {
        try await WebSocketClient.withConnection("\(url)/echo", settings: Self.large) { socket in
            let messages: [WebSocketMessage] = [
                .text("été 🐦"), .binary([0, 255]), .text(""), .binary([]), .text(Self.prose),
                .binary(Self.noise(1 << 20)), .binary(Self.noise(3 << 20)),
            ]
            for message in messages { try await socket.send(message) }
            for message in messages { try await expect(message, on: socket) }
        }
    }

    private func sendsPieces() async throws {
        try await WebSocketClient.withConnection("\(url)/echo", settings: Self.large) { socket in
            try await socket.sendStream(.text) { message in
                for number in 0..<100 { try await message.write("piece \(number), été ") }
            }
            try await expect(.text((0..<100).map { "piece \($0), été " }.joined()), on: socket)
        }
    }

    private func readsFragments() async throws {
        try await WebSocketClient.withConnection("\(url)/fragments") { socket in
            try await expect(.text((0..<100).map { "fragment \($0), été " }.joined()), on: socket)
        }
    }

    private func compresses() async throws {
        let forms: [(settings: PerMessageDeflateSettings, isAgreed: Bool)] = [
            (PerMessageDeflateSettings(), true), (.contextTakeover, true), (.off, false),
            (PerMessageDeflateSettings(serverNoContextTakeover: false, clientNoContextTakeover: false), true),
        ]
        for form in forms {
            var settings = Self.large
            settings.compression = form.settings
            try await WebSocketClient.withConnection("\(url)/echo", settings: settings) { socket in
                guard (socket.compression != nil) == form.isAgreed else {
                    throw CheckFailure("\(form.settings) comes to \(String(describing: socket.compression))")
                }
                for text in [Self.prose, "short", Self.prose, "", Self.prose] {
                    try await socket.send(text)
                    try await expect(.text(text), on: socket)
                }
            }
        }
    }

    private func agrees() async throws {
        for (offered, agreed) in [(["one", "two"], "one"), (["none", "two"], "two"), (["none"], nil), ([], nil)] {
            try await WebSocketClient.withConnection("\(url)/echo", subprotocols: offered) { socket in
                try equal(socket.subprotocol, agreed)
            }
        }
    }

    private func pings() async throws {
        try await WebSocketClient.withConnection("\(url)/echo") { socket in
            for _ in 0..<10 {
                let time = try await socket.ping()
                guard time > .zero, time < .seconds(5) else { throw CheckFailure("a ping took \(time)") }
            }
        }
    }

    private func closes() async throws {
        for code in [WebSocketCloseCode.normalClosure, WebSocketCloseCode(rawValue: 3001)] {
            let socket = try await WebSocketClient.connect("\(url)/echo")
            try await socket.send("last words")
            let end = await socket.close(code, reason: "enough")
            // What counts is the peer's answer (RFC 6455 §7.1.5); aiohttp's is always the same.
            guard end.code == code || end.code == .normalClosure else { throw CheckFailure("\(end)") }
            try equal(socket.isOpen, false)
        }
    }

    private func isClosed() async throws {
        let socket = try await WebSocketClient.connect("\(url)/close/1000")
        try equal(try await socket.receive(), nil)
        for code: UInt16 in [1008, 4321] {
            let socket = try await WebSocketClient.connect("\(url)/close/\(code)")
            do {
                let message = try await socket.receive()
                throw CheckFailure("\(String(describing: message)) instead of \(code)")
            } catch let end as WebSocketClosed {
                try equal(end.code, WebSocketCloseCode(rawValue: code))
                try equal(end.reason, "as you say")
            }
            await socket.waitUntilClosed()
        }
    }

    private func isRefused() async throws {
        do {
            _ = try await WebSocketClient.connect("\(url)/refuse")
            throw CheckFailure("it was let in")
        } catch let error as WebSocketClientError {
            try equal(error.code, .refused)
            try equal(error.status, 403)
        }
    }

    private func isRedirected() async throws {
        try await WebSocketClient.withConnection("\(url)/elsewhere") { socket in
            try await socket.send("found")
            try await expect(.text("found"), on: socket)
        }
    }

    /// The server closes every second one.
    private func connectsAgain() async throws {
        var reconnect = WebSocketClient.Reconnect()
        reconnect.backoff = .constant(.milliseconds(10))
        var connections = 0
        try await WebSocketClient.run("\(url)/flaky", reconnect: reconnect) { socket in
            connections += 1
            try await socket.send("hello")
            try await expect(.text("hello"), on: socket)
        }
        try equal(connections, 2)
    }

    private func opensMany() async throws {
        let visits = (0..<100).map { number in
            Task {
                try await WebSocketClient.withConnection("\(url)/echo") { socket in
                    for round in 0..<5 {
                        try await socket.send("\(number) \(round)")
                        try await expect(.text("\(number) \(round)"), on: socket)
                    }
                }
            }
        }
        for visit in visits { try await visit.value }
    }

    // MARK: Checking

    private func expect(_ message: WebSocketMessage, on socket: WebSocket) async throws {
        guard let received = try await socket.receive() else { throw CheckFailure("the end instead of a message") }
        guard received == message else {
            throw CheckFailure("\(received.byteCount) other bytes instead of \(message.byteCount)")
        }
    }

    private func equal<Value: Equatable>(_ value: Value, _ expected: Value) throws {
        guard value == expected else { throw CheckFailure("\(value) instead of \(expected)") }
    }

    private static var large: WebSocketSettings {
        var settings = WebSocketSettings()
        settings.limits = WebSocketLimits(messageSize: 8 << 20)
        return settings
    }

    /// Bytes that do not compress much.
    private static func noise(_ count: Int) -> [UInt8] {
        var state: UInt32 = 1
        return (0..<count).map { _ in
            state = state &* 1_664_525 &+ 1_013_904_223
            return UInt8(truncatingIfNeeded: state >> 24)
        }
    }

    private static let prose = (0..<20_000).map { "line \($0) of a text that compresses well\n" }.joined()
}
