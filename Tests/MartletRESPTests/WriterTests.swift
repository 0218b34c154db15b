@testable import MartletRESP
import Testing

@Suite("writer of RESP")
struct WriterTests {
    @Test("arguments become bulks, and are found again")
    func arguments() {
        var writer = RESPWriter()
        writer.write("SET")
        writer.write([0, 13, 10])
        writer.write(Int64.min)
        writer.write(0.1)
        writer.write(String(repeating: "x", count: 1000))
        writer.write("")
        let written = writer
        #expect(written.count == 6)
        var found: [[UInt8]] = []
        written.forEachArgument { _, argument in
            found.append([UInt8](argument))
            return true
        }
        #expect(
            found == [
                Array("SET".utf8), [0, 13, 10], Array("-9223372036854775808".utf8), Array("0.1".utf8),
                [UInt8](repeating: UInt8(ascii: "x"), count: 1000), [],
            ])
        let bulks = Reading(Array("*6\r\n".utf8) + written.bytes).values
        #expect(bulks == [.array(found.map { .bulk($0) })])
    }
}
