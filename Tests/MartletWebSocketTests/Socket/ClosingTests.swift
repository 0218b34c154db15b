import MartletLoop
import MartletServer
import MartletTesting
import MartletWebSocketCodec
import Testing

@testable import MartletWebSocket

@Suite("How a WebSocket ends")
struct ClosingTests {
    /// A route whose handler reads until the end, and tells what it has seen.
    private func reading(_ observed: Observed, _ settings: WebSocketSettings = .patient) -> (Router) -> Void {
        { router in
            router.webSocket("/", settings: settings) { socket in
                observed.socket = socket
                defer { observed.isOver = true }
                do {
                    for try await message in socket { observed.messages.append(message) }
                    observed.end = socket.closeStatus
                } catch let end as WebSocketClosed {
                    observed.end = end
                    throw end
                }
            }
        }
    }

    nonisolated struct Close: CustomTestStringConvertible {
        let code: UInt16?
        var reason = ""
        let counter: HTTPCounter
        var testDescription: String { code.map { "\($0)" } ?? "no code" }

        init(_ code: UInt16?, _ counter: HTTPCounter, _ reason: String = "") {
            (self.code, self.reason, self.counter) = (code, reason, counter)
        }
    }

    @Test(
        "the peer closes: its code is answered, and both sides know it",
        arguments: [
            Close(1000, .webSocketsClosedNormally, "done"), Close(1001, .webSocketsClosedNormally),
            Close(nil, .webSocketsClosedNormally), Close(1002, .webSocketsClosedForErrors),
            Close(1011, .webSocketsClosedOtherwise, "grüße"), Close(1008, .webSocketsClosedOtherwise),
            Close(3000, .webSocketsClosedOtherwise),
            Close(4999, .webSocketsClosedOtherwise, String(repeating: "x", count: 123)),
        ])
    func peerCloses(close: Close) async throws {
        let observed = Observed()
        try await withSockets(reading(observed)) { server in
            let peer = try await server.open()
            try await peer.send(RawPeer.text("last") + RawPeer.close(close.code, close.reason))
            #expect(try await peer.rest() == [.close(close.code, ""), .end])
            try await waitUntil("nobody is left") { server.server.connectionCount == 0 }
            let code = WebSocketCloseCode(rawValue: close.code ?? 1005)
            #expect(observed.messages == [.text("last")] && observed.isOver)
            #expect(observed.end == WebSocketClosed(code: code, reason: close.reason))
            #expect(observed.end?.isNormal == (close.counter == .webSocketsClosedNormally))
            try await server.expect(close.counter, 1)
            #expect(server.count(.handlerErrors) == 0)
        }
    }

    @Test(
        "the handler closes: the peer is told, and waited for",
        arguments: [
            Close(1000, .webSocketsClosedNormally, "done"), Close(1011, .webSocketsClosedOtherwise),
            Close(4000, .webSocketsClosedOtherwise, String(repeating: "ü", count: 62)),
        ])
    func handlerCloses(close: Close) async throws {
        var end: WebSocketClosed?
        try await withSockets({
            $0.webSocket("/", settings: .patient) { socket in
                try await socket.send("last")
                end = await socket.close(.init(rawValue: close.code ?? 0), reason: close.reason)
                #expect(!socket.isOpen && socket.peerAddress == nil)
                await #expect(throws: WebSocketClosed.self) { try await socket.send("too late") }
                #expect(!socket.post("too late"))
                await #expect(throws: WebSocketClosed.self) { try await socket.ping() }
                await #expect(throws: WebSocketClosed.self) { try await socket.sendStream(.text) { _ in } }
            }
        }) { server in
            let peer = try await server.open()
            #expect(try await peer.next() == .text("last"))
            // Reasons are cut between characters.
            #expect(
                try await peer.next() == .close(close.code, String(close.reason.prefix(61 + close.reason.count % 62))))
            #expect(end == nil)
            try await peer.send(RawPeer.text("still on its way") + RawPeer.close(close.code))
            #expect(try await peer.next() == .end)
            try await waitUntil("nobody is left") { server.server.connectionCount == 0 }
            #expect(end?.code.rawValue == close.code)
            #expect(server.count(close.counter) == 1 && server.count(.webSocketMessagesDropped) == 0)
        }
    }

    @Test("both close at once")
    func simultaneous() async throws {
        let observed = Observed()
        try await withSockets(reading(observed)) { server in
            let peer = try await server.open()
            try await waitUntil("it speaks") { observed.socket != nil }
            // In one go of the loop: neither has seen the other's.
            try await peer.send(RawPeer.close(4001))
            observed.socket?.beginClosing(.init(rawValue: 4000))
            #expect(try await peer.rest() == [.close(4000, ""), .end])
            #expect(observed.socket?.closeStatus?.code.rawValue == 4001)
        }
    }

    @Test("an answer to a close frame that breaks the protocol ends it, too")
    func brokenAnswer() async throws {
        let observed = Observed()
        try await withSockets(reading(observed)) { server in
            let peer = try await server.open()
            try await waitUntil("it speaks") { observed.socket != nil }
            observed.socket?.beginClosing()
            #expect(try await peer.next() == .close(1000, ""))
            try await peer.send(RawPeer.frame(.text, [0xFF]))
            #expect(try await peer.next() == .end)
            peer.stream.close()
            try await waitUntil("nobody is left") { server.server.connectionCount == 0 }
            #expect(observed.end?.code == .invalidPayload)
            try await server.expect(.webSocketsClosedForErrors, 1)
        }
    }

    @Test("a handler that returns closes with 1000, one that throws with 1011 and is logged", arguments: [false, true])
    func handlerEnds(throwing: Bool) async throws {
        struct Broken: Error {}
        try await withSockets({
            $0.webSocket("/", settings: .patient) { _ in if throwing { throw Broken() } }
        }) { server in
            let peer = try await server.open()
            #expect(try await peer.next() == .close(throwing ? 1011 : 1000, ""))
            try await peer.send(RawPeer.close(throwing ? 1011 : 1000))
            #expect(try await peer.next() == .end)
            try await server.expect(.handlerErrors, throwing ? 1 : 0)
            #expect(server.log.entries.contains { $0.contains("Broken") } == throwing)
        }
    }

    @Test("messages before a close are answered, however slow the handler is")
    func answersBeforeClose() async throws {
        let gate = Event()
        try await withSockets({
            $0.webSocket("/", settings: .patient) { socket in
                try await gate.wait()
                for try await message in socket {
                    await EventLoop.yield()
                    try await socket.send(message)
                }
            }
        }) { server in
            let peer = try await server.open()
            let texts = (0..<100).map { "\($0)" }
            try await peer.send(texts.flatMap { RawPeer.text($0) } + RawPeer.close(1000, "done"))
            peer.stream.shutdownWriting()
            await EventLoop.sleep(.milliseconds(20))
            gate.set()
            #expect(try await peer.next(100) == texts.map { .text($0) })
            #expect(try await peer.rest() == [.close(1000, ""), .end])
            try await waitUntil("nobody is left") { server.server.connectionCount == 0 }
        }
    }

    @Test("a close that waits for a handler that reads no more is answered in time", arguments: [1, 3, 100])
    func handlerIsStuck(messages: Int) async throws {
        let gate = Event()
        let settings = WebSocketSettings.patient {
            $0.closeTimeout = .milliseconds(30)
            $0.receiveLimit = 4
        }
        try await withSockets({
            $0.webSocket("/", settings: settings) { socket in
                // Takes enough for the rest of what has come to be looked at.
                for _ in 0..<min(messages - 1, 98) { _ = try await socket.receive() }
                try await gate.wait()
            }
        }) { server in
            let peer = try await server.open()
            try await peer.send((0..<messages).flatMap { RawPeer.text("\($0)") } + RawPeer.close(4000))
            #expect(try await peer.rest() == [.close(4000, ""), .end])
            #expect(server.server.connectionCount == 1)
            gate.set()
            try await waitUntil("nobody is left") { server.server.connectionCount == 0 }
        }
    }

    @Test("closing while messages wait for the handler drops them, and sees the peer's close behind them")
    func closesWithoutReading() async throws {
        let observed = Observed()
        let gate = Event()
        try await withSockets({
            $0.webSocket("/", settings: .patient { $0.receiveLimit = 2 }) { socket in
                observed.socket = socket
                try await gate.wait()
                observed.end = await socket.close()
            }
        }) { server in
            let peer = try await server.open()
            try await peer.send((0..<50).flatMap { RawPeer.text("\($0)") })
            try await waitUntil("they have come") { observed.socket?.isPaused == true }
            gate.set()
            #expect(try await peer.next() == .close(1000, ""))
            try await peer.send((0..<50).flatMap { RawPeer.text("\($0)") } + RawPeer.close())
            #expect(try await peer.next() == .end)
            try await waitUntil("nobody is left") { server.server.connectionCount == 0 }
            #expect(observed.end == WebSocketClosed(code: .normalClosure, reason: ""))
        }
    }

    @Test("what is closed while a close waits to be answered is answered with the peer's code")
    func closesWhileDeferred() async throws {
        let gate = Event()
        let observed = Observed()
        try await withSockets({
            $0.webSocket("/", settings: .patient) { socket in
                observed.socket = socket
                try await gate.wait()
                observed.end = await socket.close(.init(rawValue: 4444))
            }
        }) { server in
            let peer = try await server.open()
            try await peer.send(RawPeer.text("unread") + RawPeer.close(4000, "mine"))
            try await waitUntil("it has come") { observed.socket?.extras?.ending != nil }
            gate.set()
            #expect(try await peer.rest() == [.close(4000, ""), .end])
            try await waitUntil("nobody is left") { server.server.connectionCount == 0 }
            #expect(observed.end == WebSocketClosed(code: .init(rawValue: 4000), reason: "mine"))
        }
    }

    @Test("a peer that does not answer a close frame is cut off", arguments: [false, true])
    func neverCloses(sendsOn: Bool) async throws {
        let settings = WebSocketSettings.patient { $0.closeTimeout = .milliseconds(50) }
        try await withSockets({ $0.webSocket("/", settings: settings) { _ in } }) { server in
            let peer = try await server.open()
            #expect(try await peer.next() == .close(1000, ""))
            let noise = RawPeer.frame(.binary, [UInt8](repeating: 7, count: 100_000))
            while server.server.connectionCount > 0 {
                if sendsOn { _ = peer.sendWhatFits(noise) }
                await EventLoop.sleep(.milliseconds(1))
            }
            try await server.expect(.webSocketsClosedForSlowness, 1)
        }
    }

    @Test("a peer that does not close after an error is cut off", arguments: [false, true])
    func neverClosesAfterError(sendsOn: Bool) async throws {
        let settings = WebSocketSettings.patient { $0.closeTimeout = .milliseconds(50) }
        try await withSockets({ $0.webSocket("/", settings: settings, handler: WebSocketEcho()) }) { server in
            let peer = try await server.open()
            try await peer.send(RawPeer.frame(.text, [0xFF]))
            let noise = [UInt8](repeating: 7, count: 100_000)
            while server.server.connectionCount > 0 {
                if sendsOn { _ = peer.sendWhatFits(noise) }
                await EventLoop.sleep(.milliseconds(1))
            }
            try await server.expect(.webSocketsClosedForErrors, 1)
        }
    }

    /// How a peer may go away.
    nonisolated enum Loss: CaseIterable { case end, close, reset }

    @Test("a connection that ends without a close frame is 1006", arguments: Loss.allCases, [false, true])
    func lost(loss: Loss, closesFirst: Bool) async throws {
        let observed = Observed()
        try await withSockets(reading(observed)) { server in
            let peer = try await server.open()
            try await peer.send(RawPeer.text("last"))
            try await waitUntil("it has come") { !observed.messages.isEmpty }
            if closesFirst { observed.socket?.beginClosing() }
            switch loss {
            case .end: peer.stream.shutdownWriting()
            case .close: peer.stream.close()
            case .reset: peer.stream.abort()
            }
            try await waitUntil("nobody is left") { server.server.connectionCount == 0 }
            #expect(observed.isOver && observed.end?.code == .abnormalClosure)
            try await server.expect(.webSocketsLost, 1)
            #expect(server.count(.handlerErrors) == 0)
        }
    }

    @Test("what came before a connection ended is still read", arguments: [Loss.end, .close])
    func readsAfterLoss(loss: Loss) async throws {
        let observed = Observed()
        let gate = Event()
        try await withSockets({
            $0.webSocket("/", settings: .patient { $0.receiveLimit = 4 }) { socket in
                observed.socket = socket
                try await gate.wait()
                do {
                    for try await message in socket { observed.messages.append(message) }
                } catch let end as WebSocketClosed {
                    observed.end = end
                }
            }
        }) { server in
            let peer = try await server.open()
            try await peer.send((0..<50).flatMap { RawPeer.text("\($0)") })
            if loss == .end { peer.stream.shutdownWriting() } else { peer.stream.close() }
            try await waitUntil("they have come") { observed.socket?.isPaused == true }
            await EventLoop.sleep(.milliseconds(20))
            gate.set()
            try await waitUntil("it has ended") { observed.end != nil }
            #expect(observed.messages == (0..<50).map { .text("\($0)") })
            #expect(observed.end?.code == .abnormalClosure)
        }
    }

    @Test("a reset is noticed while nobody reads")
    func resetWhilePaused() async throws {
        let observed = Observed()
        try await withSockets({
            $0.webSocket("/", settings: .patient { $0.receiveLimit = 2 }) { socket in
                observed.socket = socket
                observed.end = await socket.waitUntilClosed()
            }
        }) { server in
            let peer = try await server.open()
            try await peer.send((0..<50).flatMap { RawPeer.text("\($0)") })
            try await waitUntil("they have come") { observed.socket?.isPaused == true }
            peer.stream.abort()
            try await waitUntil("nobody is left") { server.server.connectionCount == 0 }
            #expect(observed.end?.code == .abnormalClosure)
        }
    }

    @Test("a handler that goes on after the end is cancelled when its grace is over")
    func grace() async throws {
        let observed = Observed()
        let settings = WebSocketSettings.patient { $0.handlerGrace = .milliseconds(20) }
        try await withSockets({
            $0.webSocket("/", settings: settings) { socket in
                await socket.waitUntilClosed()
                defer { observed.isOver = true }
                do {
                    try await Event().wait()
                } catch {
                    observed.wasCancelled = true
                    throw error
                }
            }
        }) { server in
            let peer = try await server.open()
            try await peer.send(RawPeer.close())
            #expect(try await peer.rest() == [.close(1000, ""), .end])
            try await waitUntil("nobody is left") { server.server.connectionCount == 0 }
            #expect(observed.isOver && observed.wasCancelled)
            #expect(server.count(.handlerErrors) == 0)
        }
    }

    @Test("the connection counts until its handler has returned")
    func countsUntilHandlerReturns() async throws {
        let gate = Event()
        try await withSockets({
            $0.webSocket("/", settings: .patient) { socket in
                await socket.waitUntilClosed()
                try await gate.wait()
            }
        }) { server in
            let peer = try await server.open()
            peer.stream.close()
            try await waitUntil("it has ended") { server.count(.webSocketsActive) == 0 }
            #expect(server.server.connectionCount == 1)
            gate.set()
            try await waitUntil("nobody is left") { server.server.connectionCount == 0 }
        }
    }

    @Test("hooks are called once, at the end or at once after it")
    func hooks() async throws {
        let observed = Observed()
        var calls = 0
        try await withSockets(reading(observed)) { server in
            let peer = try await server.open()
            try await waitUntil("it speaks") { observed.socket != nil }
            observed.socket?.onEnd { calls += 1 }
            peer.stream.close()
            try await waitUntil("it has ended") { calls == 1 }
            observed.socket?.onEnd { calls += 1 }
            #expect(calls == 2)
        }
    }
}
