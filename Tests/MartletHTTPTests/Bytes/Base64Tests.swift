import Testing

@testable import MartletHTTP

@Suite("Base 64")
struct Base64Tests {
    /// RFC 4648 §10.
    @Test(
        "the RFC's vectors",
        arguments: [
            ("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foob", "Zm9vYg=="), ("fooba", "Zm9vYmE="),
            ("foobar", "Zm9vYmFy"),
        ])
    func vectors(_ plain: String, _ text: String) {
        #expect(Base64.encode(Array(plain.utf8)) == text)
        #expect(Base64.decode(text) == Array(plain.utf8))
        let unpadded = text.prefix { $0 != "=" }
        #expect(Base64.encode(Array(plain.utf8), .url) == unpadded)
        #expect(Base64.decode(unpadded, .url) == Array(plain.utf8))
    }

    @Test("the alphabets differ in two characters")
    func alphabets() {
        #expect(Base64.encode([0xFB, 0xFF]) == "+/8=")
        #expect(Base64.encode([0xFB, 0xFF], .url) == "-_8")
        #expect(Base64.decode("-_8=") == nil)
        #expect(Base64.decode("+/8", .url) == nil)
    }

    @Test(
        "what is malformed is refused",
        arguments: [
            "Z", "Zg", "Zg=", "Zg===", "=", "==", "====", "Z===", "Zh==", "Zm9=", "Zm 9v", "Zm9v\n", "Zg==Zg==",
            "Zm9v====", "é===",
            "Z=g=",
        ])
    func refuses(_ text: String) {
        #expect(Base64.decode(text) == nil)
    }

    @Test("padding and spare bits are refused in URLs too", arguments: ["Zg==", "Zh", "Z", "Zm9", "Zm9vY"])
    func refusesURL(_ text: String) {
        #expect(Base64.decode(text, .url) == nil)
    }

    @Test("any bytes come back, and no other text means them")
    func roundTrip() {
        for count in 0..<300 {
            let bytes = (0..<count).map { _ in UInt8.random(in: 0...255) }
            for alphabet in [Base64.Alphabet.standard, .url] {
                #expect(Base64.decode(Base64.encode(bytes, alphabet), alphabet) == bytes)
            }
        }
    }
}
