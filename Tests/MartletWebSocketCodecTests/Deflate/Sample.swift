@testable import MartletWebSocketCodec

/// Messages and payloads for the tests of permessage-deflate.
enum Sample {
    /// The bytes of hexadecimal digits; blanks between them say nothing.
    static func hex(_ hex: String) -> [UInt8] {
        let digits = hex.compactMap(\.hexDigitValue)
        return stride(from: 0, to: digits.count, by: 2).map { UInt8(digits[$0] << 4 | digits[$0 + 1]) }
    }

    /// Texts that resemble each other, as the messages of a chat do.
    static func chatter(_ number: Int) -> [UInt8] {
        Array("{\"id\":\(number),\"from\":\"user\(number % 7)\",\"text\":\"message \(number * number) of many\"}".utf8)
    }

    /// Bytes that do not compress, the same on every run.
    static func noise(_ count: Int, seed: UInt64) -> [UInt8] {
        var state = seed &* 0x9E37_79B9_7F4A_7C15 | 1
        return (0..<count).map { _ in
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return UInt8(truncatingIfNeeded: state >> 56)
        }
    }
}

extension MessageInflater {
    /// A whole message, its payload cut at `ends`.
    func message(
        _ payload: [UInt8], ends: some Sequence<Int>, limit: Int = 1 << 24
    ) throws(InflateError) -> [UInt8] {
        var output: [UInt8] = []
        var start = 0
        for end in ends {
            let piece = Array(payload[start..<end])
            try piece.span.withUnsafeBytes { bytes throws(InflateError) in
                try inflate(bytes, into: &output, limit: limit)
            }
            start = end
        }
        try endMessage(into: &output, limit: limit)
        return output
    }

    func message(_ payload: [UInt8], limit: Int = 1 << 24) throws(InflateError) -> [UInt8] {
        try message(payload, ends: [payload.count], limit: limit)
    }

    /// What becomes of a message, be it an error.
    func result(
        _ payload: [UInt8], ends: some Sequence<Int>, limit: Int = 1 << 24
    ) -> Result<[UInt8], InflateError> {
        Result { () throws(InflateError) in try message(payload, ends: ends, limit: limit) }
    }
}

extension MessageDeflater {
    convenience init() { self.init(windowBits: 15, level: 6, memoryLevel: 8) }

    func payload(_ message: [UInt8]) -> [UInt8] {
        var output: [UInt8] = []
        message.withUnsafeBytes { deflate($0, into: &output) }
        return output
    }
}
