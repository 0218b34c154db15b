import Testing

@testable import MartletWebSocketCodec

@Suite("UTF-8")
struct UTF8ValidatorTests {
    /// Whether the pieces of `bytes` are valid one after the other, and whether the text may end then.
    static func validate(_ bytes: [UInt8], ends: some Sequence<Int>) -> (isValid: Bool, isComplete: Bool) {
        var validator = UTF8Validator()
        var start = 0
        var isValid = true
        for end in ends {
            isValid = bytes[start..<end].withUnsafeBytes { validator.validate($0) }
            start = end
        }
        return (isValid, validator.isComplete)
    }

    /// The length of the longest prefix that valid text can begin with, by Swift's own decoder.
    static func validPrefix(_ bytes: [UInt8]) -> Int {
        var end = bytes.count
        let endings: [[UInt8]] = [
            [], [0x80], [0x80, 0x80], [0x80, 0x80, 0x80], [0xA0, 0x80], [0x90, 0x80, 0x80], [0xA0],
        ]
        while !endings.contains(where: { String(validating: bytes[..<end] + $0, as: UTF8.self) != nil }) { end -= 1 }
        return end
    }

    static func isValid(_ bytes: [UInt8]) -> Bool { String(validating: bytes, as: UTF8.self) != nil }

    /// Byte strings that are often nearly text: characters of all lengths, damaged.
    static func nearlyText(_ random: inout SplitMix64, upTo most: Int) -> [UInt8] {
        let characters = ["a", " ", "é", "ß", "中", "\u{7FF}", "\u{800}", "\u{FFFF}", "\u{10000}", "\u{10FFFF}", "😀"]
        let text = (0..<Int.random(in: 0...most, using: &random)).map { _ in
            let ascii = String(repeating: "x", count: Int.random(in: 0...1, using: &random) * 40)
            return (characters.randomElement(using: &random) ?? "") + ascii
        }.joined()
        return Bool.random(using: &random) ? Array(text.utf8) : random.mutated(Array(text.utf8))
    }

    @Test("sequences of bytes from the edges of the table are judged as Swift judges them")
    func edges() {
        let edges: [UInt8] = [
            0x00, 0x41, 0x7F, 0x80, 0x8F, 0x90, 0x9F, 0xA0, 0xBF, 0xC0, 0xC1, 0xC2, 0xDF, 0xE0, 0xE1, 0xEC, 0xED, 0xEE,
            0xEF, 0xF0, 0xF1, 0xF3, 0xF4, 0xF5, 0xF8, 0xFE, 0xFF,
        ]
        var wrong: [[UInt8]] = []
        for first in edges {
            for second in edges {
                for third: UInt8 in [0x41, 0x80, 0x90, 0xBF, 0xC2] {
                    for bytes in [[first, second, third], [first, second, third, 0x80]] {
                        let result = Self.validate(bytes, ends: [bytes.count])
                        let isRight =
                            (result.isValid && result.isComplete) == Self.isValid(bytes)
                            && result.isValid == (Self.validPrefix(bytes) == bytes.count)
                        if !isRight { wrong.append(bytes) }
                    }
                }
            }
        }
        #expect(wrong.isEmpty)
    }

    @Test("random text, whole and damaged, is judged as Swift judges it, however it is split")
    func random() {
        var random = SplitMix64(seed: 3)
        for _ in 0..<2000 {
            let bytes = Self.nearlyText(&random, upTo: 12)
            let valid = Self.isValid(bytes)
            let whole = Self.validate(bytes, ends: [bytes.count])
            #expect((whole.isValid && whole.isComplete) == valid, "\(bytes)")
            let split = Int.random(in: 0...bytes.count, using: &random)
            for ends in [[split, bytes.count], Array(0...bytes.count), random.ends(bytes.count) + [bytes.count]] {
                #expect(Self.validate(bytes, ends: ends) == whole, "\(bytes) \(ends)")
            }
        }
    }

    @Test("a byte that cannot continue the text is refused as soon as it is there")
    func failFast() {
        var random = SplitMix64(seed: 4)
        for _ in 0..<1000 {
            let bytes = Self.nearlyText(&random, upTo: 6)
            let valid = Self.validPrefix(bytes)
            #expect(Self.validate(bytes, ends: [valid]).isValid)
            if valid < bytes.count { #expect(!Self.validate(bytes, ends: [valid + 1]).isValid, "\(bytes)") }
        }
    }

    @Test("what is unfinished at the end is counted")
    func unfinished() {
        for text in ["", "a", "é", "中", "😀", "x中", "éx😀"] {
            let bytes = Array(text.utf8)
            for count in 0...bytes.count {
                let found = bytes[..<count].withUnsafeBytes { UTF8Validator.unfinishedBytes(of: $0) }
                let whole = (0...count).last { Self.isValid(Array(bytes[..<$0])) } ?? 0
                #expect(found == count - whole, "\(text) \(count)")
            }
        }
    }
}
