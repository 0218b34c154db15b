import MartletWebSocketCodec

/// Any payload, any split: nothing traps, pieces give what the whole gives, the limit holds, and what was compressed
/// comes back as it was.
///
/// The first byte of the input is the seed of the split points, the second chooses limit and window, and the rest is the
/// payload of a message, and then the text of one.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzInflate(_ input: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    guard let input, count > 2 else { return 0 }
    let body = Array(UnsafeBufferPointer(start: input + 2, count: count - 2))
    let ends = splits(body.count, seed: input[0])
    let limit = [0, 1, 100, 5000, 1 << 20, 1 << 20, 1 << 20, 1 << 20][Int(input[1] & 7)]
    let windowBits = 9 + Int(input[1] >> 3) % 7

    let inflater = MessageInflater()
    let whole = Outcome(of: body, ends: [body.count], limit: limit, with: inflater)
    precondition(whole.output.count <= limit, "the output exceeds the limit")
    inflater.reset()
    precondition(Outcome(of: body, ends: ends, limit: limit, with: inflater) == whole, "the split changed the outcome")
    _ = Outcome(of: body, ends: ends, limit: limit, with: MessageInflater(windowBits: windowBits))
    checkRoundTrip(body, ends, windowBits, with: inflater)
    return 0
}

/// Cuts `text`, as a message, twice; `inflater` comes with whatever it was fed.
private func checkRoundTrip(_ text: [UInt8], _ ends: [Int], _ windowBits: Int, with inflater: MessageInflater) {
    let deflater = MessageDeflater(
        windowBits: windowBits, level: 1 + text.count % 9, memoryLevel: 1 + text.count / 9 % 9)
    inflater.reset()
    for _ in 0..<2 {
        var payload: [UInt8] = []
        var start = 0
        for end in ends {
            text[start..<end].withUnsafeBytes { deflater.deflate($0, isLast: end == text.count, into: &payload) }
            start = end
        }
        let outcome = Outcome(of: payload, ends: [payload.count], limit: text.count, with: inflater)
        precondition(outcome.output == text && outcome.error == nil, "a message does not come back as it went")
    }
}

private func splits(_ count: Int, seed: UInt8) -> [Int] {
    var random = UInt64(seed) &* 0x9E37_79B9_7F4A_7C15 | 1
    var ends: [Int] = []
    while ends.last ?? 0 < count {
        random = random &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        ends.append(min((ends.last ?? 0) + 1 + Int(random >> 33) % 40, count))
    }
    return ends
}

/// What becomes of a message.
private struct Outcome: Equatable {
    private(set) var output: [UInt8] = []
    private(set) var error: InflateError?

    init(of payload: [UInt8], ends: [Int], limit: Int, with inflater: MessageInflater) {
        do {
            var start = 0
            for end in ends {
                try payload[start..<end].withUnsafeBytes { try inflater.inflate($0, into: &output, limit: limit) }
                start = end
            }
            try inflater.endMessage(into: &output, limit: limit)
        } catch {
            self.error = error as? InflateError
            precondition(self.error != nil)
        }
    }
}
