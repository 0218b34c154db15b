import Testing

@testable import MartletWebSocketCodec

@Suite("permessage-deflate: inflating")
struct MessageInflaterTests {
    static let hello = Array("Hello".utf8)

    /// RFC 7692 §7.2.3.1 and .3 to .5, and what implementations make of empty messages.
    static let payloads: [(String, String)] = [
        ("f2 48 cd c9 c9 07 00", "Hello"), ("00 05 00 fa ff 48 65 6c 6c 6f 00", "Hello"),
        ("f3 48 cd c9 c9 07 00 00", "Hello"), ("f2 48 05 00 00 00 ff ff ca c9 c9 07 00", "Hello"),
        ("00", ""), ("02 00", ""), ("", ""), ("03 00 00", ""), ("03 00", ""), ("f3 48 cd c9 c9 07 00", "Hello"),
        ("f3 48 cd c9 c9 07 00 f3 48 cd c9 c9 07 00 00", "HelloHello"), ("01", ""),
    ]

    @Test("the examples of RFC 7692 and empty payloads are inflated", arguments: payloads)
    func examples(_ payload: String, _ text: String) throws {
        let inflater = MessageInflater()
        // Twice, and what follows is not disturbed.
        for _ in 0..<2 {
            #expect(try inflater.message(Sample.hex(payload)) == Array(text.utf8))
            #expect(try inflater.message(Sample.hex("f2 48 cd c9 c9 07 00")) == Self.hello)
        }
    }

    @Test("where a payload is cut changes nothing", arguments: payloads)
    func examplesInPieces(_ payload: String, _ text: String) throws {
        let payload = Sample.hex(payload)
        for split in 0...payload.count {
            let inflater = MessageInflater()
            #expect(try inflater.message(payload, ends: [split, split, payload.count]) == Array(text.utf8))
        }
    }

    @Test("a message refers to the one before it, unless there was a reset")
    func sharedWindow() throws {
        // RFC 7692 §7.2.3.2.
        let inflater = MessageInflater()
        #expect(try inflater.message(Sample.hex("f2 48 cd c9 c9 07 00")) == Self.hello)
        #expect(try inflater.message(Sample.hex("f2 00 11 00 00")) == Self.hello)
        #expect(try inflater.message([]) == [])
        #expect(try inflater.message(Sample.hex("f2 00 11 00 00")) == Self.hello)
        inflater.reset()
        #expect(throws: InflateError.invalid) { try inflater.message(Sample.hex("f2 00 11 00 00")) }
    }

    @Test("a block that is marked as the last one ends neither the message nor the window")
    func lastBlock() throws {
        let inflater = MessageInflater()
        #expect(try inflater.message(Sample.hex("f3 48 cd c9 c9 07 00 00")) == Self.hello)
        #expect(try inflater.message(Sample.hex("f2 00 11 00 00")) == Self.hello)
        #expect(try inflater.message(Sample.hex("f3 48 cd c9 c9 07 00 f2 00 11 00 00")) == Self.hello + Self.hello)
    }

    /// Made by Python's zlib: level 6 with a window of 15 bits, level 9 with 9, level 0 with 12.
    static let vectors: [(windowBits: Int, payloads: [String])] = [
        (
            15,
            [
                "aa562a2d4e2d52b2524accc94c4e55d2512a49ad28017233527372f2154a32528b52956a0100",
                "aa86294aca4f425702d1570b00", "aac66b0e509f8e024c7d8e522d00", "4a1c0544030000",
            ]
        ),
        (
            9,
            [
                "aa562a2d4e2d52b2524accc94c4e55d2512a49ad28017233527372f2154a32528b52956a0100",
                "aa86294aca4f425702d1570b00", "aac66b0e509f8e024c7d8e522d00", "4a1c0544030000",
            ]
        ),
        (
            12,
            [
                "002500daff7b2275736572223a22616c696365222c2274657874223a2268656c6c6f207468657265227d00",
                "002300dcff7b2275736572223a22626f62222c2274657874223a2268656c6c6f20616c696365227d00",
                "002e00d1ff7b2275736572223a22616c696365222c2274657874223a2268656c6c6f20626f622c2068656c6c6f20616c6c227d00",
            ]
        ),
    ]

    @Test("what another implementation has compressed with context takeover is inflated", arguments: vectors)
    func interoperates(_ windowBits: Int, _ payloads: [String]) throws {
        let inflater = MessageInflater(windowBits: windowBits)
        let texts = [
            #"{"user":"alice","text":"hello there"}"#, #"{"user":"bob","text":"hello alice"}"#,
            #"{"user":"alice","text":"hello bob, hello all"}"#, String(repeating: "a", count: 300),
        ]
        for (payload, text) in zip(payloads, texts) {
            #expect(try inflater.message(Sample.hex(payload)) == Array(text.utf8))
        }
    }

    static let invalid = [
        // Cut off: a header, a code, a length, a block without the empty one.
        "f2", "f2 48 cd", "f2 48 cd c9 c9", "f2 48 cd c9 c9 07", "00 05 00 fa", "00 05 00 fa ff 48", "05",
        // No such block, lengths that do not match, a distance too far back, the tail that should not be there.
        "07", "ff", "00 05 00 fa fe 48", "f2 00 11 00 00", "00 00 00 ff ff", "f2 48 cd c9 c9 07 00 00",
    ]

    @Test("what is not DEFLATE or cut off is refused wherever it is cut, until a reset", arguments: invalid)
    func refuses(_ payload: String) throws {
        let payload = Sample.hex(payload)
        for split in 0...payload.count {
            let inflater = MessageInflater()
            #expect(inflater.result(payload, ends: [split, payload.count]) == .failure(.invalid))
            var output: [UInt8] = []
            #expect(throws: InflateError.invalid) { try inflater.endMessage(into: &output, limit: 100) }
            #expect(throws: InflateError.invalid) { try inflater.message(Sample.hex("f2 48 cd c9 c9 07 00")) }
            inflater.reset()
            #expect(try inflater.message(Sample.hex("f2 48 cd c9 c9 07 00")) == Self.hello)
        }
    }

    @Test(
        "a message of the limit's size passes, one of a byte more does not",
        arguments: [0, 1, 2, 127, 128, 5000, 70000])
    func limits(_ count: Int) throws {
        for message in [[UInt8](repeating: 7, count: count), Sample.noise(count, seed: 3)] {
            let payload = MessageDeflater().payload(message)
            for ends in [[payload.count], Array(stride(from: 0, to: payload.count, by: 97)) + [payload.count]] {
                let inflater = MessageInflater()
                #expect(inflater.result(payload, ends: ends, limit: count) == .success(message))
                if count > 0 {
                    inflater.reset()
                    #expect(inflater.result(payload, ends: ends, limit: count - 1) == .failure(.tooLarge))
                    inflater.reset()
                    #expect(inflater.result(payload, ends: ends, limit: 0) == .failure(.tooLarge))
                }
            }
        }
    }

    @Test("the limit is for all of the output, what was there before included")
    func limitCountsAll() {
        var output: [UInt8] = [1, 2, 3]
        let inflater = MessageInflater()
        #expect(throws: InflateError.tooLarge) {
            try Sample.hex("f2 48 cd c9 c9 07 00").withUnsafeBytes { try inflater.inflate($0, into: &output, limit: 7) }
        }
        #expect(output == [1, 2, 3] + Self.hello.prefix(4))
        inflater.reset()
        #expect(throws: InflateError.tooLarge) {
            try Sample.hex("f2 48 cd c9 c9 07 00").withUnsafeBytes { try inflater.inflate($0, into: &output, limit: 2) }
        }
        #expect(output.count == 7)
    }

    @Test("a bomb is stopped at the limit, with no more memory than that")
    func bomb() throws {
        let deflater = MessageDeflater(windowBits: 15, level: 9, memoryLevel: 9)
        let megabyte = [UInt8](repeating: 0, count: 1 << 20)
        var payload: [UInt8] = []
        for part in 0..<64 { megabyte.withUnsafeBytes { deflater.deflate($0, isLast: part == 63, into: &payload) } }
        #expect(payload.count < 80_000)
        let inflater = MessageInflater()
        var output: [UInt8] = []
        #expect(throws: InflateError.tooLarge) {
            try payload.withUnsafeBytes { try inflater.inflate($0, into: &output, limit: 100_000) }
        }
        #expect(output.count == 100_000 && output.capacity <= 101_000)
    }

    @Test("many blocks that are marked as the last one are taken in linear time, and hold nothing")
    func manyLastBlocks() throws {
        let payload = [[UInt8]](repeating: [0x03, 0x00], count: 200_000).flatMap(\.self)
        #expect(try MessageInflater().message(payload, limit: 0) == [])
    }

    @Test("nothing that is received traps, and where it is cut changes nothing", arguments: 0..<300 as Range<UInt64>)
    func survivesAnything(_ seed: UInt64) {
        let deflater = MessageDeflater()
        var payload = Sample.noise(Int(seed % 90), seed: seed)
        if seed % 3 > 0 { payload = deflater.payload(Sample.chatter(Int(seed)) + Sample.chatter(Int(seed) + 1)) }
        if seed % 3 > 1 { payload[Int(seed) % payload.count] ^= 1 << UInt8(seed % 8) }
        for limit in [60, 1 << 20] {
            let whole = MessageInflater().result(payload, ends: [payload.count], limit: limit)
            #expect(MessageInflater().result(payload, ends: 0...payload.count, limit: limit) == whole)
            let split = Int(seed &* 31 % UInt64(payload.count + 1))
            #expect(MessageInflater().result(payload, ends: [split, payload.count], limit: limit) == whole)
        }
    }
}
