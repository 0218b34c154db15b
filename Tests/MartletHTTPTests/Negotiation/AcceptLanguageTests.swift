import Testing

@testable import MartletHTTP

@Suite("Accept-Language")
struct AcceptLanguageTests {
    @Test(
        "the language that suits best is chosen",
        arguments: [
            (nil, ["en", "de"], "en"), ("de", ["en", "de"], "de"),
            ("da, en-gb;q=0.8, en;q=0.7", ["en", "en-GB"], "en-GB"),
            ("da, en-gb;q=0.8, en;q=0.7", ["en-US", "de"], "en-US"), ("de-AT", ["en", "de"], "de"),
            ("de-AT", ["en", "de-DE"], nil), ("fr", ["en", "de"], nil), ("fr, *;q=0.1", ["en", "de"], "en"),
            ("*, de", ["en", "de"], "de"), ("en;q=0, *", ["en", "de"], "de"), ("en;q=0, *", ["en-US"], nil),
            ("en;q=0, en-US", ["en", "en-US"], "en-US"), ("de", ["deu", "de-CH"], "de-CH"),
            ("de", ["de-CH", "DE"], "DE"),
            ("zh-Hant-CN-x-private1-private2", ["zh", "zh-Hant"], "zh-Hant"), ("de-", ["de"], "de"),
            ("1de, @, ;q=1", ["en"], "en"), ("en;q=0.5, de;q=0.5", ["de", "en"], "en"),
        ] as [(String?, [String], String?)])
    func best(_ field: String?, _ offers: [String], _ expected: String?) {
        #expect(AcceptLanguage(field).best(of: offers) == expected)
    }

    /// RFC 4647 §3.3.1.
    @Test(
        "basic filtering compares whole subtags",
        arguments: [
            ("de-de", "de-DE-1996", true), ("de-de", "de-Deva", false), ("de-de", "de-Latn-DE", false),
            ("de-de", "DE-de", true), ("de-de", "de", false), ("*", "de", true),
        ])
    func filtering(_ range: String, _ tag: String, _ matches: Bool) {
        #expect((AcceptLanguage(range).weight(of: tag) != nil) == matches)
    }

    @Test("the longest range gives the weight")
    func longest() {
        let accept = AcceptLanguage("*;q=0.1, en;q=0.5, en-US;q=0.3")
        #expect(accept.weight(of: "en-US-x-a")?.thousandths == 300)
        #expect(accept.weight(of: "en-GB")?.thousandths == 500)
        #expect(accept.weight(of: "de")?.thousandths == 100)
    }
}
