import Testing

@testable import MartletSupervisor

@Suite("Small JSON bodies")
struct FlatJSONTests {
    @Test(
        "objects of texts, whole numbers and truth values are read",
        arguments: [
            ("{}", [:]), (" { } ", [:]), ("{\"workers\":4}", ["workers": "4"]),
            ("{\"workers\": -4 , \"x\" : true}\n", ["workers": "-4", "x": "true"]),
            ("{\"level\":\"debug\"}", ["level": "debug"]), ("{\"a\":\"ä, {}:\"}", ["a": "ä, {}:"]),
        ])
    func good(text: String, expected: [String: String]) {
        #expect(FlatJSON(Array(text.utf8))?.members == expected)
    }

    @Test(
        "everything else is refused",
        arguments: [
            "", "4", "[]", "{", "}", "{\"a\"}", "{\"a\":}", "{\"a\":1,}", "{\"a\":1}x", "{\"a\":1 \"b\":2}",
            "{\"a\":{}}", "{\"a\":1.5}", "{\"a\":null}", "{\"a\":99999999999999999999}", "{\"a\":\"\\n\"}",
            "{\"a\":\"\n\"}", "{a:1}", "{\"a\":1,\"a\":2}", "{\"a\":\"",
        ])
    func bad(text: String) {
        #expect(FlatJSON(Array(text.utf8)) == nil)
    }

    @Test("arbitrary bytes never trap")
    func arbitraryBytes() {
        var generator = SystemRandomNumberGenerator()
        let letters = Array("{}\":,a1-tru \\\n".utf8) + [0xFF, 0x00, 0xC3]
        for _ in 0..<20_000 {
            let count = Int.random(in: 0..<24, using: &generator)
            _ = FlatJSON((0..<count).map { _ in letters.randomElement(using: &generator) ?? 0 })
        }
    }
}
