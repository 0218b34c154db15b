import MartletLoop
import MartletServer
import MartletTesting
import MartletWebSocketCodec
import Testing

@testable import MartletWebSocket

@Suite("What a WebSocket's peer may not send")
struct BadInputTests {
    nonisolated struct Case: CustomTestStringConvertible {
        let testDescription: String
        let bytes: [UInt8]
        var code: UInt16 = 1002

        init(_ description: String, _ bytes: [UInt8], _ code: UInt16 = 1002) {
            (testDescription, self.bytes, self.code) = (description, bytes, code)
        }
    }

    private nonisolated static func raw(_ first: UInt8, _ second: UInt8 = 0x80, _ rest: [UInt8] = [0, 0, 0, 0])
        -> [UInt8]
    {
        [first, second] + rest
    }

    private nonisolated static func invalidCode(_ code: UInt16) -> Case {
        Case("close code \(code)", RawPeer.close(code))
    }

    nonisolated static let cases: [Case] =
        [
            Case("an unmasked text", RawPeer.frame(.text, [65], isMasked: false)),
            Case("an unmasked ping", RawPeer.frame(.ping, isMasked: false)),
            Case("RSV1 without compression", raw(0xC1)), Case("RSV2", raw(0xA1)), Case("RSV3", raw(0x91)),
            Case("RSV1 of a control frame", raw(0xC9)),
            Case("a ping of 126 bytes", raw(0x89, 0xFE, [0, 126])),
            Case("a close of 126 bytes", RawPeer.frame(.close, [3, 232] + [UInt8](repeating: 65, count: 124))),
            Case("a fragmented ping", RawPeer.frame(.ping, isFinal: false)),
            Case("a fragmented close", RawPeer.frame(.close, isFinal: false)),
            Case("a continuation of nothing", RawPeer.frame(.continuation, [65])),
            Case("a message within a message", RawPeer.text("a", isFinal: false) + RawPeer.text("b")),
            Case("a length of 64 bits with the top bit", raw(0x82, 0xFF, [0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0])),
            Case("a length not in its shortest form", raw(0x82, 0xFE, [0, 5, 0, 0, 0, 0])),
            Case("a long length not in its shortest form", raw(0x82, 0xFF, [0, 0, 0, 0, 0, 0, 0, 5, 0, 0, 0, 0])),
            Case("text that is not UTF-8", RawPeer.frame(.text, [0xC3, 0x28]), 1007),
            Case("text that ends within a character", RawPeer.frame(.text, [0xE4, 0xB8]), 1007),
            Case("a surrogate", RawPeer.frame(.text, [0xED, 0xA0, 0x80]), 1007),
            Case(
                "a second fragment that is not UTF-8",
                RawPeer.frame(.text, [0xE4], isFinal: false) + RawPeer.frame(.continuation, [0x41], isFinal: false),
                1007),
            Case("half a close code", RawPeer.frame(.close, [3])),
            Case("a close reason that is not UTF-8", RawPeer.frame(.close, [3, 232, 0xFF]), 1007),
            Case("a frame beyond the limit", raw(0x82, 0xFF, [0, 0, 0, 0, 0, 16, 0, 1, 0, 0, 0, 0]), 1009),
            Case(
                "the largest frame", raw(0x82, 0xFF, [0x7F] + [UInt8](repeating: 0xFF, count: 7) + [0, 0, 0, 0]), 1009),
            Case(
                "fragments beyond the limit",
                RawPeer.frame(.binary, [UInt8](repeating: 0, count: 1 << 20), isFinal: false)
                    + RawPeer.frame(.continuation, [1], isFinal: false), 1009),
        ]
        + [3, 4, 5, 6, 7, 11, 12, 13, 14, 15].map { Case("opcode \($0)", raw(0x80 | $0)) }
        + [0, 999, 1004, 1005, 1006, 1015, 1016, 2999, 5000, 65535].map { invalidCode($0) }

    @Test("is told with the right code, after what came before was answered", arguments: [false, true], cases)
    func refused(hasTask: Bool, input: Case) async throws {
        try await withSockets({ (hasTask ? MessageTests.Way.task : .object).add(to: $0, .patient) }) { server in
            let peer = try await server.open()
            try await peer.send(RawPeer.text("before") + input.bytes + RawPeer.text("after"))
            #expect(try await peer.next() == .text("before"))
            guard case .close(let code, let reason) = try await peer.next() else { throw PeerError("no close frame") }
            #expect(code == input.code && !reason.isEmpty)
            #expect(try await peer.next() == .end)
            peer.stream.close()
            try await waitUntil("it has ended") { server.server.connectionCount == 0 }
            try await server.expect(.webSocketsClosedForErrors, 1)
            #expect(server.count(.handlerErrors) == 0)
        }
    }

    @Test("a peer that goes on sending after an error does not lose the reason to a reset")
    func sendsOn() async throws {
        try await withSockets({ MessageTests.Way.object.add(to: $0, .patient) }) { server in
            let peer = try await server.open()
            let flood = RawPeer.frame(.text, [0xFF]) + [UInt8](repeating: 0x55, count: 4 << 20)
            try await peer.send(flood)
            guard case .close(1007, _) = try await peer.next() else { throw PeerError("no close frame") }
            #expect(try await peer.next() == .end)
        }
    }

    @Test("what inflates to too much is refused while it does", arguments: [false, true])
    func bomb(hasTask: Bool) async throws {
        let deflater = MessageDeflater(windowBits: 15, level: 9, memoryLevel: 8)
        var small: [UInt8] = []
        [UInt8](repeating: 0x20, count: 64 << 20).withUnsafeBytes { deflater.deflate($0, into: &small) }
        let expansion = WebSocketSettings.patient { $0.limits = WebSocketLimits(messageSize: 1 << 30, expansion: 100) }
        for settings in [WebSocketSettings.patient, expansion] {
            try await withSockets({ (hasTask ? MessageTests.Way.task : .object).add(to: $0, settings) }) { server in
                let peer = try server.connect()
                try await peer.open("/", ["Sec-WebSocket-Extensions": "permessage-deflate"])
                try await peer.send(RawPeer.frame(.text, small, isCompressed: true))
                guard case .close(1009, _) = try await peer.next() else { throw PeerError("no close frame") }
                #expect(server.count(.webSocketPayloadReceived) == 0)
            }
        }
    }

    @Test("what is not DEFLATE is refused")
    func notDeflate() async throws {
        try await withSockets({ MessageTests.Way.object.add(to: $0, .patient) }) { server in
            let peer = try server.connect()
            try await peer.open("/", ["Sec-WebSocket-Extensions": "permessage-deflate"])
            try await peer.send(RawPeer.frame(.binary, [0xFF, 0xFF, 0xFF], isCompressed: true))
            guard case .close(1007, _) = try await peer.next() else { throw PeerError("no close frame") }
        }
    }

    @Test("random bytes end it with an error, and nothing else")
    func random() async throws {
        var generator = SystemRandomNumberGenerator()
        try await withSockets({ MessageTests.Way.task.add(to: $0, .patient) }) { server in
            for _ in 0..<200 {
                let peer = try await server.open()
                let bytes = (0..<Int.random(in: 1...200)).map { _ in UInt8.random(in: 0...255, using: &generator) }
                try await peer.send(bytes)
                peer.stream.shutdownWriting()
                while true {
                    let event = try await peer.next()
                    if event == .end || event == .reset { break }
                }
                peer.stream.close()
            }
            try await waitUntil("all have ended") { server.server.connectionCount == 0 }
        }
    }
}
