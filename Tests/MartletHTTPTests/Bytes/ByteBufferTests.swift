import Testing

@testable import MartletHTTP

@Suite("Byte buffer")
struct ByteBufferTests {
    private func text(_ buffer: borrowing ByteBuffer) -> String {
        String(decoding: buffer.readableBytes, as: UTF8.self)
    }

    @Test("whatever is appended is read in order")
    func appends() {
        var buffer = ByteBuffer()
        #expect(buffer.isEmpty && buffer.capacity == 0 && text(buffer) == "")
        buffer.append(UInt8(ascii: "a"))
        buffer.append("bc")
        buffer.append(utf8: "dé" + String(repeating: "x", count: 20))
        buffer.append(utf8: "0123".dropFirst())
        buffer.append(contentsOf: [0x21, 0x22])
        buffer.append(contentsOf: [UInt8]().span)
        buffer.append(atLeast: 3) { memory in
            memory[0] = 0x23
            return 1
        }
        #expect(text(buffer) == "abcdéxxxxxxxxxxxxxxxxxxxx123!\"#")
    }

    @Test(
        "numbers are written without leading zeros",
        arguments: [
            (0, "0", "0"), (9, "9", "9"), (10, "10", "a"), (255, "255", "ff"), (1_000_000, "1000000", "f4240"),
            (UInt64.max, "18446744073709551615", "ffffffffffffffff"),
        ])
    func numbers(_ value: UInt64, _ decimal: String, _ hex: String) {
        var buffer = ByteBuffer()
        buffer.append(decimal: value)
        buffer.append(" ")
        buffer.append(hex: value)
        #expect(text(buffer) == "\(decimal) \(hex)")
    }

    @Test("consumed space is used again before more is allocated")
    func reuse() {
        var buffer = ByteBuffer(capacity: 256)
        let capacity = buffer.capacity
        for round in 0..<100 {
            for index in 0..<60 { buffer.append(UInt8(truncatingIfNeeded: round + index)) }
            buffer.withReadableBytes { bytes in
                for (index, byte) in bytes.suffix(60).enumerated() {
                    #expect(byte == UInt8(truncatingIfNeeded: round + index))
                }
            }
            buffer.consume(round == 0 ? 20 : 60)
        }
        #expect(buffer.capacity == capacity && buffer.count == 40)
    }

    @Test("a large buffer is given back when asked")
    func givesBack() {
        var buffer = ByteBuffer()
        for _ in 0..<10_000 { buffer.append("x") }
        #expect(buffer.count == 10_000)
        buffer.removeAll(keepingCapacityUpTo: 1 << 20)
        #expect(buffer.isEmpty && buffer.capacity >= 10_000)
        buffer.removeAll(keepingCapacityUpTo: 4096)
        #expect(buffer.capacity == 0)
        buffer.append("again")
        #expect(text(buffer) == "again")
    }
}
