import Testing

@testable import MartletHTTP

@Suite("Byte classes and scanning")
struct ByteClassTests {
    @Test("the table says what the grammar says")
    func table() {
        let letters = Set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789".utf8)
        for byte in UInt8.min...UInt8.max {
            let isVisible = (0x21...0x7E).contains(byte)
            var expected: UInt8 = 0
            if letters.contains(byte) || "!#$%&'*+-.^_`|~".utf8.contains(byte) { expected |= ByteClass.token }
            if isVisible, byte != 0x23, byte != 0x3F { expected |= ByteClass.path }
            if isVisible, byte != 0x23 { expected |= ByteClass.query }
            if byte == 0x25 { expected |= ByteClass.percent }
            if byte == 0x2E { expected |= ByteClass.dot }
            if "0123456789abcdefABCDEF".utf8.contains(byte) { expected |= ByteClass.hexDigit }
            if letters.contains(byte) || "-._~!$&'()*+;=".utf8.contains(byte) { expected |= ByteClass.host }
            #expect(ByteClass.of(byte) == expected, "byte \(byte)")
        }
    }

    @Test("every byte at every place is judged as it is alone")
    func controls() {
        for byte in UInt8.min...UInt8.max {
            let isControl = (byte < 0x20 && byte != 0x09) || byte == 0x7F
            for filler: UInt8 in [0x61, 0x09, 0xFF, 0x20, 0x80] {
                for place in 0..<19 {
                    var bytes = [UInt8](repeating: filler, count: 19)
                    bytes[place] = byte
                    let found = bytes.span.firstControl(from: 0, to: 19)
                    #expect(found == (isControl ? place : 19))
                }
            }
        }
    }
}
