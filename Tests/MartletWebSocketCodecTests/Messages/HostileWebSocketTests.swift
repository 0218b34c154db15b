import Testing

@testable import MartletWebSocketCodec

@Suite("WebSocket decoder, hostile input")
struct HostileWebSocketTests {
    static let limits = WebSocketLimits(messageSize: 4000, frameSize: 3000)

    static let settings = [WebSocketDecoder.Delivery.messages, .pieces].flatMap { delivery in
        [nil, PerMessageDeflate(), PerMessageDeflate(clientNoContextTakeover: true)].map {
            Transcript.Settings(limits: limits, delivery: delivery, compression: $0)
        }
    }

    /// Frames that often, but not always, follow each other as they may.
    static func stream(_ random: inout SplitMix64) -> [UInt8] {
        let opcodes: [WebSocketOpcode] = [.text, .text, .binary, .continuation, .continuation, .ping, .pong, .close]
        var bytes: [UInt8] = []
        var isFragmented = false
        for _ in 0..<Int.random(in: 1...6, using: &random) {
            var opcode = opcodes.randomElement(using: &random) ?? .text
            if !opcode.isControl, Int.random(in: 0..<20, using: &random) > 0 {
                if isFragmented { opcode = .continuation } else if opcode == .continuation { opcode = .text }
            }
            var payload = UTF8ValidatorTests.nearlyText(&random, upTo: opcode.isControl ? 1 : 8)
            if opcode == .close { payload = [0x03, 0xE8] + payload }
            let isFinal = opcode.isControl || Bool.random(using: &random)
            let isCompressed =
                !opcode.isControl && opcode != .continuation && Int.random(in: 0..<4, using: &random) == 0
            if isCompressed, isFinal {
                payload = WebSocketDecoderCompressionTests.deflated([payload], PerMessageDeflate())[0]
            }
            if !opcode.isControl { isFragmented = !isFinal }
            let mask = UInt32.random(in: .min ... .max, using: &random)
            bytes += Frame(opcode, payload, isFinal: isFinal, isCompressed: isCompressed, mask: mask).bytes
        }
        return Int.random(in: 0..<3, using: &random) == 0 ? random.mutated(bytes) : bytes
    }

    @Test("where a stream is split changes neither events nor error, nor the byte that shows it")
    func splits() {
        var random = SplitMix64(seed: 6)
        for round in 0..<1200 {
            let stream = Self.stream(&random)
            let settings = Self.settings[round % Self.settings.count]
            let single = Transcript(stream, ends: 0...stream.count, settings)
            let whole = Transcript(stream, settings)
            #expect(whole.entries == single.entries && whole.error == single.error, "\(stream)")
            let pieces = Transcript(stream, ends: random.ends(stream.count), settings)
            #expect(pieces.entries == single.entries && pieces.error == single.error, "\(stream)")
            guard single.error != nil else { continue }
            let before = Transcript(Array(stream[..<(single.given - 1)]), settings)
            let with = Transcript(Array(stream[..<single.given]), settings)
            #expect(before.error == nil && with.error == single.error, "\(stream)")
        }
    }

    @Test("random bytes never trap")
    func randomBytes() {
        var random = SplitMix64(seed: 7)
        let alphabet: [UInt8] = [
            0x01, 0x81, 0x82, 0x00, 0x80, 0x88, 0x89, 0xC1, 0xC2, 0xFE, 0xFF, 0x7F, 0x85, 0x61, 0x03,
        ]
        for round in 0..<3000 {
            let stream = random.bytes(upTo: 60, from: round % 2 == 0 ? alphabet : Array(0...255))
            var settings = Self.settings[round % Self.settings.count]
            settings.role = round % 3 == 0 ? .client : .server
            if round % 5 == 0 { settings.limits = WebSocketLimits(messageSize: .max, expansion: .max) }
            let whole = Transcript(stream, settings)
            let single = Transcript(stream, ends: 0...stream.count, settings)
            #expect(whole.entries == single.entries && whole.error == single.error, "\(stream)")
        }
    }
}
