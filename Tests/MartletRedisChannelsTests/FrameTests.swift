import Testing

@testable import MartletRedisChannels

@Suite("What hubs of channels tell each other over Redis")
struct FrameTests {
    @Test("a frame that is encoded means the same when it is decoded")
    func roundTrip() throws {
        for kind in [RedisChannelFrame.Kind.hello, .alive, .leaving] {
            let frame = RedisChannelFrame(kind, from: 0x0102_0304_0506_0708)
            #expect(RedisChannelFrame(decoding: frame.encoded) == frame)
        }
        let message = RedisChannelFrame(.message, from: .max, [1, 2, 3])
        let decoded = try #require(RedisChannelFrame(decoding: message.encoded))
        #expect(decoded.kind == .message)
        #expect(decoded.sender == .max)
        #expect(Array(decoded.message) == [1, 2, 3])
        for introduction in [LocalIntroduction(7, asks: true), LocalIntroduction(.max, asks: false)] {
            #expect(LocalIntroduction(decoding: introduction.encoded) == introduction)
        }
    }

    @Test("any bytes are refused, or encode to the same again")
    func anyBytes() {
        var generator = SystemRandomNumberGenerator()
        for length in 0..<40 {
            for _ in 0..<200 {
                var bytes = (0..<length).map { _ in UInt8.random(in: 0...255, using: &generator) }
                if length > 0 { bytes[0] = [0, 1, 2, 3, 4, 5, 0xFF].randomElement()! }
                if let frame = RedisChannelFrame(decoding: bytes) { #expect(frame.encoded == bytes) }
                if let introduction = LocalIntroduction(decoding: bytes) { #expect(introduction.encoded == bytes) }
            }
        }
        let nobody = RedisChannelFrame(.alive, from: 0)
        #expect(RedisChannelFrame(decoding: nobody.encoded) == nil)
        #expect(RedisChannelFrame(decoding: RedisChannelFrame(.alive, from: 1, [1]).encoded) == nil)
    }
}
