import Testing

@testable import MartletWebSocketCodec

@Suite("WebSocket decoder")
struct WebSocketDecoderTests {
    typealias Entry = Transcript.Entry

    static let client = Transcript.Settings(role: .client)

    static let examples: [([UInt8], [Entry], WebSocketDecoder.Role)] = [
        ([0x81, 0x05, 0x48, 0x65, 0x6C, 0x6C, 0x6F], [.text("Hello")], .client),
        ([0x81, 0x85, 0x37, 0xFA, 0x21, 0x3D, 0x7F, 0x9F, 0x4D, 0x51, 0x58], [.text("Hello")], .server),
        ([0x01, 0x03, 0x48, 0x65, 0x6C, 0x80, 0x02, 0x6C, 0x6F], [.text("Hello")], .client),
        ([0x89, 0x05, 0x48, 0x65, 0x6C, 0x6C, 0x6F], [.ping(Array("Hello".utf8))], .client),
        (
            [0x8A, 0x85, 0x37, 0xFA, 0x21, 0x3D, 0x7F, 0x9F, 0x4D, 0x51, 0x58], [.pong(Array("Hello".utf8))], .server
        ),
        ([0x82, 0x7E, 0x01, 0x00] + bytes(256), [.message(.binary, bytes(256))], .client),
        ([0x82, 0x7F, 0, 0, 0, 0, 0, 1, 0, 0] + bytes(65536), [.message(.binary, bytes(65536))], .client),
    ]

    static func bytes(_ count: Int) -> [UInt8] { (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 7) } }

    @Test("the examples of RFC 6455 §5.7 are read", arguments: examples)
    func readsExamples(_ stream: [UInt8], _ entries: [Entry], _ role: WebSocketDecoder.Role) {
        let settings = Transcript.Settings(role: role)
        let whole = Transcript(stream, settings)
        #expect(whole.entries == entries && whole.error == nil)
        for split in stride(from: 0, through: stream.count, by: stream.count > 300 ? 1009 : 1) {
            #expect(Transcript(stream, ends: [split, stream.count], settings).entries == entries, "split at \(split)")
        }
    }

    /// Streams of one connection, and what comes of them.
    static let streams: [([Frame], [Entry])] = [
        ([Frame(.text)], [.text("")]), ([Frame(.binary)], [.message(.binary, [])]),
        (
            [Frame(.text, "a"), Frame(.text, "é中😀"), Frame(.binary, [0xFF])],
            [.text("a"), .text("é中😀"), .message(.binary, [255])]
        ),
        (
            [
                Frame(.text, "a", isFinal: false), Frame(.ping, "p"), Frame(.continuation, "", isFinal: false),
                Frame(.pong), Frame(.continuation, "b"),
            ],
            [.ping([0x70]), .pong([]), .text("ab")]
        ),
        // A character may be cut by fragments, and control frames may come in between.
        (
            [
                Frame(.text, [0xF0, 0x9F], isFinal: false), Frame(.ping), Frame(.continuation, [0x98], isFinal: false),
                Frame(.continuation, [0x80]),
            ],
            [.ping([]), .text("😀")]
        ),
        ([Frame(.text, "", isFinal: false), Frame(.continuation)], [.text("")]),
        ([Frame(.ping, bytes(125)), Frame(.pong, bytes(125))], [.ping(bytes(125)), .pong(bytes(125))]),
        ([Frame(.close), Frame(.text, "dropped")], [.close(nil, "")]),
        ([Frame(.close, [0x03, 0xE8]), Frame(.close)], [.close(1000, "")]),
        (
            [Frame(.binary, [1], isFinal: false), Frame(.close, [0x0F, 0xA0] + Array("späte Grüße".utf8))],
            [.close(4000, "späte Grüße")]
        ),
        (
            [Frame(.binary, bytes(126)), Frame(.binary, bytes(700), isFinal: false), Frame(.continuation, bytes(5))],
            [.message(.binary, bytes(126)), .message(.binary, bytes(700) + bytes(5))]
        ),
    ]

    @Test("streams are read, whole, at every split and in pieces", arguments: streams)
    func readsStreams(_ frames: [Frame], _ entries: [Entry]) {
        let stream = frames.bytes
        for delivery in [WebSocketDecoder.Delivery.messages, .pieces] {
            let settings = Transcript.Settings(delivery: delivery)
            #expect(Transcript(stream, settings).entries == entries)
            for split in 0...stream.count {
                let result = Transcript(stream, ends: [split, stream.count], settings)
                #expect(result.entries == entries && result.error == nil, "split at \(split)")
            }
            #expect(Transcript(stream, ends: 0...stream.count, settings).entries == entries)
        }
    }

    static let limits = WebSocketLimits(messageSize: 10, frameSize: 8)

    /// Frames, the code that the last byte makes an error, and what was read before.
    static let refused: [([UInt8], WebSocketCloseCode, [Entry])] = [
        ([0x81, 0x05], .protocolError, []), ([0xC1], .protocolError, []), ([0x91], .protocolError, []),
        ([0xA1], .protocolError, []), ([0x83], .protocolError, []), ([0x8F], .protocolError, []),
        ([0x09], .protocolError, []), ([0x89, 0xFE], .protocolError, []), ([0xC9], .protocolError, []),
        ([0x80], .protocolError, []), ([0x00], .protocolError, []),
        (Frame(.text, "a").bytes + [0x80], .protocolError, [.text("a")]),
        (Frame(.text, "a", isFinal: false).bytes + [0x81], .protocolError, []),
        (Frame(.text, "a", isFinal: false).bytes + [0x02], .protocolError, []),
        (Frame(.text, "a", isFinal: false).bytes + [0xC0], .protocolError, []),
        ([0x82, 0xFE, 0x00, 0x7D], .protocolError, []), ([0x82, 0xFF, 0x80], .protocolError, []),
        ([0x82, 0xFF, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF], .protocolError, []),
        (Frame(.close, [0x03]).bytes, .protocolError, []),
        (Frame(.close, [0x03, 0xED]).bytes, .protocolError, []), (Frame(.close, [0, 0]).bytes, .protocolError, []),
        (Frame(.close, [0x03, 0xE8, 0xFF]).bytes, .invalidPayload, []),
        (Frame(.close, [0x03, 0xE8, 0xC3]).bytes, .invalidPayload, []),
        (Frame(.ping).bytes + Frame(.text, [0xC3]).bytes, .invalidPayload, [.ping([])]),
        (Frame(.text, [0xE2, 0x82], isFinal: false).bytes + Frame(.continuation, []).bytes, .invalidPayload, []),
        // Refused within a frame that is not all there.
        (Array(Frame(.text, [0x61, 0xC0, 0x61]).bytes.dropLast()), .invalidPayload, []),
        (Array(Frame(.text, [0xED, 0xA0, 0x80, 0x61]).bytes.dropLast(2)), .invalidPayload, []),
        (Array(Frame(.text, [0xF4, 0x90, 0x80, 0x80]).bytes.dropLast(2)), .invalidPayload, []),
        // The header suffices for the limits.
        (Array(Frame(.text, bytes(9)).bytes[..<6]), .messageTooBig, []),
        (
            Frame(.binary, bytes(6), isFinal: false).bytes + Frame(.continuation, bytes(5)).bytes[..<6], .messageTooBig,
            []
        ),
        ([0x82, 0xFF, 0x7F] + [UInt8](repeating: 0xFF, count: 11), .messageTooBig, []),
    ]

    @Test(
        "what breaks the protocol or a limit is refused with its last byte, not earlier, at every split",
        arguments: refused)
    func refuses(_ stream: [UInt8], _ code: WebSocketCloseCode, _ entries: [Entry]) {
        for delivery in [WebSocketDecoder.Delivery.messages, .pieces] {
            let settings = Transcript.Settings(limits: Self.limits, delivery: delivery)
            let whole = Transcript(stream, settings)
            #expect(whole.code == code && whole.entries == entries)
            #expect((whole.error?.message.utf8.count ?? 0) <= 123)
            #expect(Transcript(stream.dropLast(), settings).error == nil)
            for split in 0..<stream.count {
                #expect(Transcript(stream, ends: [split, stream.count], settings) == whole, "split at \(split)")
            }
            #expect(Transcript(stream, ends: 0...stream.count, settings) == whole)
        }
    }

    @Test("a server's frames may not be masked")
    func maskedByServer() {
        #expect(Transcript([0x81, 0x80], Self.client).code == .protocolError)
        #expect(Transcript([0x81, 0x00], Self.client).entries == [.text("")])
    }

    @Test("messages up to the limit are read")
    func atTheLimit() {
        let stream = [Frame(.binary, Self.bytes(8), isFinal: false), Frame(.continuation, Self.bytes(2))].bytes
        let settings = Transcript.Settings(limits: Self.limits)
        #expect(Transcript(stream, settings).entries == [.message(.binary, Self.bytes(8) + Self.bytes(2))])
    }

    @Test("after an error everything is dropped")
    func afterAnError() throws {
        var decoder = WebSocketDecoder(role: .server)
        var stream: [UInt8] = [0x83, 0x80, 0, 0, 0, 0] + Frame(.text, "a").bytes
        let count = stream.count
        try stream.withUnsafeMutableBytes { bytes in
            var offset = 0
            do throws(WebSocketError) {
                _ = try decoder.next(bytes, from: &offset)
                Issue.record("no error")
            } catch {
                #expect(error.code == .protocolError)
            }
            let event = try decoder.next(bytes, from: &offset)
            #expect(event == nil && offset == count && decoder.isClosed)
        }
    }

    @Test("a message that is whole in the input is delivered where it lies")
    func inPlace() throws {
        var decoder = WebSocketDecoder(role: .server)
        var stream = Frame(.text, "hello").bytes
        try stream.withUnsafeMutableBytes { bytes in
            var offset = 0
            guard case .message(.text, let message) = try decoder.next(bytes, from: &offset) else {
                Issue.record("no message")
                return
            }
            #expect(message.baseAddress == bytes.baseAddress.map { UnsafeRawPointer($0 + 6) } && message.count == 5)
            let end = try decoder.next(bytes, from: &offset)
            #expect(end == nil && decoder.isBetweenMessages && decoder.assembled.capacity == 0)
        }
    }

    @Test("what is assembled is let go, and what is announced takes no memory")
    func memory() throws {
        #expect(MemoryLayout<WebSocketDecoder>.size <= 150)
        var decoder = WebSocketDecoder(role: .server, limits: WebSocketLimits(messageSize: .max))
        var stream = Frame(.binary, Self.bytes(1 << 16)).bytes
        try stream.withUnsafeMutableBytes { bytes in
            for part in [bytes[..<100], bytes[100...]] {
                var offset = 0
                let part = UnsafeMutableRawBufferPointer(rebasing: part)
                while try decoder.next(part, from: &offset) != nil {}
                #expect(decoder.assembled.capacity < 4096)
            }
        }
        #expect(decoder.assembled.capacity == 0 && decoder.isBetweenMessages)
        var huge: [UInt8] = [0x82, 0xFF, 0x7F] + [UInt8](repeating: 0xFF, count: 7) + [0, 0, 0, 0] + [1, 2, 3]
        try huge.withUnsafeMutableBytes { bytes in
            var offset = 0
            let event = try decoder.next(bytes, from: &offset)
            #expect(event == nil && decoder.assembled == [1, 2, 3] && decoder.assembled.capacity < 100)
        }
    }

    @Test("a change of delivery holds from the next message on")
    func changeOfDelivery() throws {
        var decoder = WebSocketDecoder(role: .server)
        var stream = [Frame(.binary, [1], isFinal: false), Frame(.continuation, [2]), Frame(.binary, [3])].bytes
        try stream.withUnsafeMutableBytes { bytes in
            var offset = 0
            let first = UnsafeMutableRawBufferPointer(rebasing: bytes[..<7])
            let none = try decoder.next(first, from: &offset)
            #expect(none == nil && !decoder.isBetweenMessages)
            decoder.delivery = .pieces
            guard case .message(.binary, let message) = try decoder.next(bytes, from: &offset) else {
                Issue.record("not whole")
                return
            }
            #expect(Array(message) == [1, 2])
            guard case .piece(.binary, let piece, true, true) = try decoder.next(bytes, from: &offset) else {
                Issue.record("not in pieces")
                return
            }
            #expect(Array(piece) == [3])
        }
    }
}
