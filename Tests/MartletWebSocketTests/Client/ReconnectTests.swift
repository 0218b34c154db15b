import MartletLoop
import MartletNet
import MartletWebSocketCodec
import Testing

@testable import MartletWebSocket

@Suite("Connecting again", .timeLimit(.minutes(5)))
struct ReconnectTests {
    struct Failure: Error {}

    private static var atOnce: WebSocketClient.Reconnect {
        var reconnect = WebSocketClient.Reconnect()
        reconnect.backoff = .none
        return reconnect
    }

    @Test("a connection that is lost, refused for now, or closed because the server goes down is replaced")
    func replaces() async throws {
        try await withScript { connection, number in
            switch number {
            case 1:
                // Lost without a close frame.
                try await connection.open()
                _ = try await connection.frame()
            case 2: try await connection.answer("HTTP/1.1 503 x\r\nContent-Length: 0\r\n\r\n")
            case 3: try await connection.request()
            case 4:
                try await connection.open()
                try await connection.close(1001)
            case 5:
                try await connection.open()
                try await connection.close(1012)
            default:
                try await connection.open()
                try await connection.close(1000)
            }
        } _: { server in
            var ends: [UInt16?] = []
            try await WebSocketClient.run("ws://\(server.authority)", reconnect: Self.atOnce) { socket in
                defer { ends.append(socket.closeStatus?.code.rawValue) }
                try? await socket.send("x")
                for try await _ in socket {}
            }
            #expect(ends == [1006, 1001, 1012, 1000])
            #expect(server.requests.count == 6)
        }
    }

    @Test("a closure that returns ends it, and closes an open WebSocket")
    func ends() async throws {
        var codes: [Int] = []
        try await withScript { connection, _ in
            try await connection.open()
            // The answer is never sent: it is the end all the same.
            codes.append(try await connection.closeCode())
        } _: { server in
            try await WebSocketClient.run("ws://\(server.authority)", reconnect: Self.atOnce) { _ in }
            #expect(codes == [1000])
            #expect(server.requests.count == 1)
        }
    }

    @Test("the closure's own error ends it, also one about another WebSocket")
    func ownErrors() async throws {
        try await withScript { connection, _ in
            try await connection.open()
            _ = try await connection.closeCode()
        } _: { server in
            let url = "ws://\(server.authority)"
            await #expect(throws: Failure.self) {
                try await WebSocketClient.run(url, reconnect: Self.atOnce) { _ in throw Failure() }
            }
            await #expect(throws: WebSocketClosed.self) {
                try await WebSocketClient.run(url, reconnect: Self.atOnce) { _ in
                    throw WebSocketClosed(code: .abnormalClosure, reason: "another one")
                }
            }
            // An error of the network is the closure's own, too.
            await #expect(throws: SystemError.self) {
                try await WebSocketClient.run(url, reconnect: Self.atOnce) { _ in throw SystemError("read", code: 5) }
            }
            #expect(server.requests.count == 3)
        }
    }

    @Test("what another attempt would not make better ends it")
    func notWorthwhile() async throws {
        try await withScript { connection, number in
            if number == 1 { return try await connection.answer("HTTP/1.1 403 x\r\nContent-Length: 0\r\n\r\n") }
            try await connection.open()
            try await connection.close(4001)
        } _: { server in
            let url = "ws://\(server.authority)"
            await #expect(throws: WebSocketClientError.self) { try await WebSocketClient.run(url) { _ in } }
            let end = await #expect(throws: WebSocketClosed.self) {
                try await WebSocketClient.run(url) { socket in _ = try await socket.receive() }
            }
            #expect(end?.code.rawValue == 4001)
            await #expect(throws: WebSocketClientError.self) { try await WebSocketClient.run("http://a") { _ in } }
            #expect(server.requests.count == 2)
        }
    }

    @Test("attempts may be limited; the last error is thrown")
    func attempts() async throws {
        try await withScript { connection, _ in
            try await connection.answer("HTTP/1.1 502 x\r\nContent-Length: 0\r\n\r\n")
        } _: { server in
            var reconnect = Self.atOnce
            reconnect.attempts = 3
            let error = await #expect(throws: WebSocketClientError.self) {
                try await WebSocketClient.run("ws://\(server.authority)", reconnect: reconnect) { _ in }
            }
            #expect(error?.status == 502)
            #expect(server.requests.count == 3)
        }
    }

    @Test("it is cancelled while it waits, while it connects, and while the closure speaks", arguments: 0..<3)
    func cancelled(_ place: Int) async throws {
        var isOpen = false
        var codes: [Int] = []
        try await withScript { connection, _ in
            switch place {
            case 0: try await connection.answer("HTTP/1.1 502 x\r\nContent-Length: 0\r\n\r\n")
            case 1: try await connection.answer("")
            default:
                try await connection.open()
                codes.append(try await connection.closeCode())
            }
        } _: { server in
            let url = "ws://\(server.authority)"
            var reconnect = WebSocketClient.Reconnect()
            reconnect.backoff = .constant(.seconds(600))
            let task = Task { [reconnect] in
                try await WebSocketClient.run(url, reconnect: reconnect) { socket in
                    isOpen = true
                    for try await _ in socket {}
                }
            }
            await eventually("it is there") {
                switch place {
                case 0: server.ended == 1
                case 1: server.requests.count == 1
                default: isOpen
                }
            }
            task.cancel()
            await #expect(throws: CancellationError.self) { try await task.value }
            await eventually("the connection is closed") { server.ended == 1 }
            #expect(server.requests.count == 1)
            #expect(codes == (place == 2 ? [1001] : []))
        }
    }

    @Test("waits grow, heed Retry-After, and begin anew after a connection that has lasted")
    func pace() throws {
        var reconnect = WebSocketClient.Reconnect()
        reconnect.backoff = .exponential(from: .seconds(1), to: .seconds(8), jitter: .none)
        reconnect.resetsAfter = .seconds(10)
        reconnect.attempts = 6
        let lost = WebSocketClosed(code: .abnormalClosure, reason: "")
        let busy = WebSocketClientError(.refused, url: "", "", status: 503, retryAfter: .seconds(5))
        var pace = WebSocketClient.Pace(reconnect)
        var now = EventLoop.Instant(nanoseconds: 0)
        #expect(try pace.wait(after: lost, at: now) == .seconds(1))
        #expect(try pace.wait(after: busy, at: now) == .seconds(5))
        #expect(try pace.wait(after: lost, at: now) == .seconds(4))
        #expect(try pace.wait(after: busy, at: now) == .seconds(8))
        // Lost too soon.
        pace.connected(at: now)
        now = now + .seconds(9)
        #expect(try pace.wait(after: lost, at: now) == .seconds(8))
        #expect(throws: WebSocketClosed.self) { try pace.wait(after: lost, at: now) }
        pace.connected(at: now)
        now = now + .seconds(10)
        #expect(try pace.wait(after: lost, at: now) == .seconds(1))
        now = now + .seconds(1000)
        #expect(try pace.wait(after: lost, at: now) == .seconds(2))
        #expect(throws: CancellationError.self) { try pace.wait(after: CancellationError(), at: now) }
    }

    @Test("what is worth another attempt is told by the kind of error")
    func transience() {
        func isTransient(_ code: WebSocketClientError.Code, _ status: Int? = nil) -> Bool {
            WebSocketClient.Reconnect.isTransient(WebSocketClientError(code, url: "", "", status: status))
        }
        #expect([408, 429, 500, 502, 503, 504].allSatisfy { isTransient(.refused, $0) })
        #expect(![200, 400, 403, 404, 426].contains { isTransient(.refused, $0) })
        #expect(isTransient(.proxyRefused, 502) && isTransient(.proxyUnreachable) && isTransient(.endedEarly))
        let final: [WebSocketClientError.Code] = [
            .invalidURL, .invalidRequest, .unauthorized, .proxyUnauthorized, .handshake, .redirected,
            .malformedResponse,
        ]
        #expect(!final.contains { isTransient($0) })
        func isTransient(_ end: WebSocketCloseCode) -> Bool {
            WebSocketClient.Reconnect.isTransient(WebSocketClosed(code: end, reason: ""))
        }
        let transient: [WebSocketCloseCode] = [
            .goingAway, .abnormalClosure, .internalError, .serviceRestart, .tryAgainLater,
        ]
        #expect(transient.allSatisfy { isTransient($0) })
        #expect(![WebSocketCloseCode.protocolError, .policyViolation, .messageTooBig].contains { isTransient($0) })
        #expect(WebSocketClient.Reconnect.isTransient(SystemError("x", code: 104)))
        #expect(!WebSocketClient.Reconnect.isTransient(Failure()))
    }
}
