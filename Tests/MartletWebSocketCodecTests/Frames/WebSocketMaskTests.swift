import Testing

@testable import MartletWebSocketCodec

@Suite("WebSocket masking")
struct WebSocketMaskTests {
    /// RFC 6455 §5.3, word for word.
    static func masked(_ bytes: [UInt8], _ key: UInt32) -> [UInt8] {
        bytes.enumerated().map { $1 ^ UInt8(truncatingIfNeeded: key >> UInt32($0 % 4 * 8)) }
    }

    @Test("masking in place is right at every alignment and length")
    func inPlace() {
        var random = SplitMix64(seed: 1)
        let bytes = (0..<300).map { _ in UInt8.random(in: 0...255, using: &random) }
        for start in 0..<17 {
            for end in start...bytes.count {
                var copy = bytes
                var mask = WebSocketMask(key: 0xA1B2_C3D4)
                copy.withUnsafeMutableBytes { mask.apply(to: UnsafeMutableRawBufferPointer(rebasing: $0[start..<end])) }
                let expected = bytes[..<start] + Self.masked(Array(bytes[start..<end]), 0xA1B2_C3D4) + bytes[end...]
                guard copy != Array(expected) else { continue }
                Issue.record("\(start)..<\(end)")
            }
        }
    }

    @Test("a payload in pieces is masked as one")
    func pieces() {
        var random = SplitMix64(seed: 2)
        for _ in 0..<200 {
            let bytes = (0..<Int.random(in: 0...400, using: &random)).map { _ in
                UInt8.random(in: 0...255, using: &random)
            }
            let key = UInt32.random(in: .min ... .max, using: &random)
            var inPlace = bytes
            var copied = [UInt8](repeating: 0, count: bytes.count)
            var masks = (WebSocketMask(key: key), WebSocketMask(key: key))
            var start = 0
            for end in random.ends(bytes.count) + [bytes.count] {
                inPlace.withUnsafeMutableBytes {
                    masks.0.apply(to: UnsafeMutableRawBufferPointer(rebasing: $0[start..<end]))
                }
                copied.withUnsafeMutableBytes { target in
                    bytes.withUnsafeBytes { source in
                        guard let address = target.baseAddress else { return }
                        masks.1.copy(UnsafeRawBufferPointer(rebasing: source[start..<end]), to: address + start)
                    }
                }
                start = end
            }
            #expect(inPlace == Self.masked(bytes, key) && copied == inPlace)
        }
    }
}
