import Testing

@testable import MartletWebSocketCodec

@Suite("permessage-deflate: deflating")
struct MessageDeflaterTests {
    @Test("the examples of RFC 7692 come out")
    func examples() {
        let deflater = MessageDeflater()
        #expect(deflater.payload(Array("Hello".utf8)) == Sample.hex("f2 48 cd c9 c9 07 00"))
        #expect(deflater.payload(Array("Hello".utf8)) == Sample.hex("f2 00 11 00 00"))
        deflater.reset()
        #expect(deflater.payload(Array("Hello".utf8)) == Sample.hex("f2 48 cd c9 c9 07 00"))
    }

    @Test("an empty message is one empty block, wherever it comes")
    func empty() throws {
        let deflater = MessageDeflater()
        let inflater = MessageInflater()
        for message in [[], [], Sample.chatter(1), [], Sample.chatter(2), []] {
            let payload = deflater.payload(message)
            #expect(!message.isEmpty || payload == [0])
            #expect(try inflater.message(payload) == message)
        }
    }

    static let shapes: [(windowBits: Int, level: Int, memoryLevel: Int)] = [
        (15, 4, 8), (15, 9, 9), (12, 5, 5), (9, 1, 1), (9, 9, 9), (10, 3, 2),
    ]

    @Test("a thousand messages pass with context takeover and without", arguments: shapes, [true, false])
    func manyMessages(_ shape: (windowBits: Int, level: Int, memoryLevel: Int), _ takesOver: Bool) throws {
        let deflater = MessageDeflater(
            windowBits: shape.windowBits, level: shape.level, memoryLevel: shape.memoryLevel)
        let inflater = MessageInflater(windowBits: shape.windowBits)
        for number in 0..<1000 {
            let message = number % 50 == 49 ? Sample.noise(number * 3, seed: UInt64(number)) : Sample.chatter(number)
            let payload = deflater.payload(message)
            #expect(try inflater.message(payload) == message)
            if !takesOver {
                deflater.reset()
                inflater.reset()
            }
        }
    }

    @Test("what was sent before makes a message smaller")
    func takeoverPays() {
        let deflater = MessageDeflater()
        let first = deflater.payload(Sample.chatter(1000)).count
        #expect(deflater.payload(Sample.chatter(1001)).count * 2 < first)
    }

    @Test("a window is kept to: what is compressed with it is inflated with it", arguments: 9...15)
    func windows(_ windowBits: Int) throws {
        // Repeats from every distance.
        let text = (0..<40).flatMap { Sample.noise(200 * $0, seed: 5) }
        let deflater = MessageDeflater(windowBits: windowBits, level: 9, memoryLevel: 8)
        let inflater = MessageInflater(windowBits: windowBits)
        for _ in 0..<2 { #expect(try inflater.message(deflater.payload(text)) == text) }
    }

    @Test("no size of a message, and no room that is left, comes out wrong")
    func sizes() throws {
        let deflater = MessageDeflater(windowBits: 12, level: 1, memoryLevel: 5)
        let inflater = MessageInflater(windowBits: 12)
        for count in Array(1...700) + [16_383, 16_384, 32_640, 32_768, 65_535, 65_536, 1_000_003] {
            let message = Sample.noise(count, seed: UInt64(count))
            #expect(try inflater.message(deflater.payload(message)) == message)
        }
    }

    @Test("pieces make one message, however they are cut", arguments: [1, 7, 1000, 20_000, 100_000])
    func pieces(_ size: Int) throws {
        let deflater = MessageDeflater()
        let inflater = MessageInflater()
        let message = (0..<400).flatMap { Sample.chatter($0) } + Sample.noise(30_000, seed: 9)
        for endsWithNothing in [false, true] {
            var payload: [UInt8] = []
            var start = 0
            while start < message.count {
                let piece = Array(message[start..<min(start + size, message.count)])
                start += piece.count
                let isLast = start == message.count && !endsWithNothing
                piece.withUnsafeBytes { deflater.deflate($0, isLast: isLast, into: &payload) }
            }
            if endsWithNothing { [].withUnsafeBytes { deflater.deflate($0, isLast: true, into: &payload) } }
            #expect(try inflater.message(payload) == message)
        }
    }

    @Test("a message that was begun is forgotten by a reset")
    func abandoned() throws {
        let deflater = MessageDeflater()
        var payload: [UInt8] = []
        Sample.chatter(1).withUnsafeBytes { deflater.deflate($0, isLast: false, into: &payload) }
        deflater.reset()
        #expect(deflater.payload([]) == [0])
        #expect(try MessageInflater().message(deflater.payload(Sample.chatter(2))) == Sample.chatter(2))
    }

    @Test("what is in the output already stays")
    func appends() {
        var output: [UInt8] = [1, 2, 3]
        Array("Hello".utf8).withUnsafeBytes { MessageDeflater().deflate($0, into: &output) }
        #expect(output == [1, 2, 3] + Sample.hex("f2 48 cd c9 c9 07 00"))
    }
}
