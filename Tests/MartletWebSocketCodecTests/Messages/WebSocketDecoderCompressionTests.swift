import Testing

@testable import MartletWebSocketCodec

@Suite("WebSocket decoder, compressed messages")
struct WebSocketDecoderCompressionTests {
    typealias Entry = Transcript.Entry

    static let takeover = PerMessageDeflate()
    static let noTakeover = PerMessageDeflate(serverNoContextTakeover: true, clientNoContextTakeover: true)

    /// The payloads of messages that a client compresses one after the other.
    static func deflated(_ messages: [[UInt8]], _ agreed: PerMessageDeflate) -> [[UInt8]] {
        let deflater = MessageDeflater(windowBits: agreed.clientMaxWindowBits, level: 6, memoryLevel: 8)
        return messages.map { message in
            var payload: [UInt8] = []
            message.withUnsafeBytes { deflater.deflate($0, into: &payload) }
            if agreed.clientNoContextTakeover { deflater.reset() }
            return payload
        }
    }

    /// A compressed message in frames of `size` bytes.
    static func frames(_ opcode: WebSocketOpcode, _ payload: [UInt8], by size: Int = .max) -> [Frame] {
        var frames: [Frame] = []
        var start = 0
        repeat {
            let end = payload.count - start > size ? start + size : payload.count
            frames.append(
                Frame(
                    start == 0 ? opcode : .continuation, Array(payload[start..<end]), isFinal: end == payload.count,
                    isCompressed: start == 0))
            start = end
        } while start < payload.count
        return frames
    }

    static func settings(
        _ compression: PerMessageDeflate = takeover, _ limits: WebSocketLimits = WebSocketLimits(),
        _ delivery: WebSocketDecoder.Delivery = .messages
    ) -> Transcript.Settings {
        Transcript.Settings(limits: limits, delivery: delivery, compression: compression)
    }

    @Test("the examples of RFC 7692 §7.2.3 are read")
    func examples() {
        let hello: [UInt8] = [0xF2, 0x48, 0xCD, 0xC9, 0xC9, 0x07, 0x00]
        let payloads: [[UInt8]] = [
            hello, [0xF2, 0x00, 0x11, 0x00, 0x00], [0x00, 0x05, 0x00, 0xFA, 0xFF, 0x48, 0x65, 0x6C, 0x6C, 0x6F, 0x00],
            [0xF3, 0x48, 0xCD, 0xC9, 0xC9, 0x07, 0x00, 0x00],
            [0xF2, 0x48, 0x05, 0x00, 0x00, 0x00, 0xFF, 0xFF, 0xCA, 0xC9, 0xC9, 0x07, 0x00],
        ]
        let stream =
            payloads.flatMap { Self.frames(.text, $0, by: 3).bytes } + Self.frames(.text, [0]).bytes
            + Frame(.text, "plain").bytes
        let entries = [Entry](repeating: .text("Hello"), count: 5) + [.text(""), .text("plain")]
        for delivery in [WebSocketDecoder.Delivery.messages, .pieces] {
            let settings = Self.settings(Self.takeover, WebSocketLimits(), delivery)
            for split in 0...stream.count {
                let result = Transcript(stream, ends: [split, stream.count], settings)
                #expect(result.entries == entries && result.error == nil, "split at \(split)")
            }
            #expect(Transcript(stream, ends: 0...stream.count, settings).entries == entries)
        }
    }

    @Test("messages of any size come back, with and without context takeover", arguments: [takeover, noTakeover])
    func roundTrip(_ agreed: PerMessageDeflate) {
        var random = SplitMix64(seed: 5)
        let messages = [0, 1, 5, 300, 5000, 40_000, 300_000, 10].map { count in
            Array("ö".utf8) + (0..<count).map { _ in "abcdefg \n".utf8.randomElement(using: &random) ?? 0 }
        }
        let stream = zip(Self.deflated(messages, agreed), [3, 2, 9, 100, 700, 5000, .max, 1]).flatMap { payload, size in
            Self.frames(.text, payload, by: size).bytes
        }
        let entries = messages.map { Entry.message(.text, $0) }
        for delivery in [WebSocketDecoder.Delivery.messages, .pieces] {
            let settings = Self.settings(agreed, WebSocketLimits(), delivery)
            #expect(Transcript(stream, settings).entries == entries)
            let ends = Array(stride(from: 0, to: stream.count, by: 997)) + [stream.count]
            #expect(Transcript(stream, ends: ends, settings).entries == entries)
        }
    }

    @Test("a bomb is refused with 1009 by size and by expansion, wherever it is split")
    func bombs() throws {
        let zeros = try #require(Self.deflated([[UInt8](repeating: 0, count: 1 << 20)], Self.takeover).first)
        let stream = Self.frames(.binary, zeros).bytes
        let cases: [(WebSocketLimits, WebSocketCloseCode?)] = [
            (WebSocketLimits(messageSize: 2 << 20, expansion: 2000), nil),
            (WebSocketLimits(messageSize: 1 << 20, expansion: 2000), nil),
            (WebSocketLimits(messageSize: 1 << 20 - 1, expansion: 2000), .messageTooBig),
            (WebSocketLimits(messageSize: .max, expansion: 1000), .messageTooBig),
            (WebSocketLimits(messageSize: .max, expansion: 50), .messageTooBig),
            (WebSocketLimits(messageSize: .max, expansion: .max), nil),
        ]
        for (limits, code) in cases {
            for delivery in [WebSocketDecoder.Delivery.messages, .pieces] {
                let settings = Self.settings(Self.takeover, limits, delivery)
                let whole = Transcript(stream, settings)
                #expect(whole.code == code && whole.entries.isEmpty == (code != nil))
                let single = Transcript(stream, ends: 0...stream.count, settings)
                #expect(single.error == whole.error && single.entries == whole.entries)
            }
        }
        let small = try #require(Self.deflated([[UInt8](repeating: 0, count: 60_000)], Self.takeover).first)
        let limits = WebSocketLimits(expansion: 2)
        #expect(Transcript(Self.frames(.binary, small).bytes, Self.settings(Self.takeover, limits)).error == nil)
    }

    @Test("data that does not inflate, and text that is none inside, is refused with 1007")
    func invalid() throws {
        let latin = try #require(Self.deflated([[0x61, 0xE9, 0x61]], Self.takeover).first)
        let cut = try #require(Self.deflated([[0xE2, 0x82]], Self.takeover).first)
        for (opcode, payload) in [
            (WebSocketOpcode.binary, [0xFF, 0xFF]), (.text, latin), (.text, cut), (.text, [0x07]),
        ] {
            let stream = Self.frames(opcode, payload).bytes
            let whole = Transcript(stream, Self.settings())
            #expect(whole.code == .invalidPayload, "\(payload)")
            #expect(Transcript(stream, ends: 0...stream.count, Self.settings()).error == whole.error)
        }
        #expect(
            Transcript(Self.frames(.binary, latin).bytes, Self.settings()).entries == [
                .message(.binary, [0x61, 0xE9, 0x61])
            ])
    }

    @Test("only the first frame of a message has RSV1")
    func reservedBit() {
        let first = Frame(.binary, [0], isFinal: false, isCompressed: true)
        let again = Frame(.continuation, [0], isCompressed: true)
        #expect(Transcript([first, again].bytes, Self.settings()).code == .protocolError)
        #expect(Transcript([first, Frame(.ping, isCompressed: true)].bytes, Self.settings()).code == .protocolError)
    }

    @Test("the inflater stays only where a message may refer to those before it")
    func inflaters() throws {
        for agreed in [Self.takeover, Self.noTakeover] {
            var decoder = WebSocketDecoder(role: .server, compression: agreed, contexts: DeflateContexts())
            #expect(decoder.inflater == nil)
            var stream = Self.deflated([Array("hello".utf8)], agreed).flatMap { Self.frames(.text, $0).bytes }
            try stream.withUnsafeMutableBytes { bytes in
                var offset = 0
                while try decoder.next(bytes, from: &offset) != nil {}
            }
            #expect((decoder.inflater == nil) == agreed.clientNoContextTakeover)
        }
    }
}
