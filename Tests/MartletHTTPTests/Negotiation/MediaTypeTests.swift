import Testing

@testable import MartletHTTP

@Suite("Media types")
struct MediaTypeTests {
    /// The first ones are the same in RFC 9110 §8.3.1.
    @Test(
        "types are read and written",
        arguments: [
            ("text/html;charset=utf-8", "text/html; charset=utf-8"),
            ("Text/HTML;Charset=\"utf-8\"", "text/html; charset=utf-8"),
            ("text/html; charset=\"utf-8\"", "text/html; charset=utf-8"), ("text/html", "text/html"),
            ("multipart/form-data; boundary=\"a b\\\"c\"", "multipart/form-data; boundary=\"a b\\\"c\""),
            (" a/b ; ; c=d ;", "a/b; c=d"), ("application/problem+json", "application/problem+json"),
            ("a/b; c=\"\"", "a/b; c=\"\""), ("a/b;c=\"\\d\\\\\"", "a/b; c=\"d\\\\\""),
        ])
    func reads(_ text: String, _ expected: String) {
        #expect(MediaType(text)?.description == expected)
    }

    @Test(
        "what is no type is none",
        arguments: [
            "", "text", "text/", "/html", "text/html/x", "text /html", "text/html; charset", "text/html; charset =a",
            "text/html; charset=", "text/html, text/plain", "text/html; a=\"b", "text/html; a=\"b\"c",
            "text/html\r\nX: y",
            "text/html; a=\"\r\n\"", "text/html; a=\"\\\u{1}\"", "a/b" + String(repeating: ";c=d", count: 17),
        ])
    func refuses(_ text: String) {
        #expect(MediaType(text) == nil)
    }

    @Test("parameters are found without case")
    func parameters() {
        let type = MediaType("text/html; Charset=UTF-8; charset=b")
        #expect(type?["charset"] == "UTF-8")
        #expect(type?["CHARSET"] == "UTF-8")
        #expect(type?["level"] == nil)
        #expect(type?.hasEssence(of: .html) == true)
    }

    @Test("parts that would split the field are refused")
    func unsafeParts() {
        #expect(MediaType(type: "text\r\n", subtype: "html") == nil)
        #expect(FieldParameter("a", "b\r\nc") == nil)
        #expect(FieldParameter("a b", "c") == nil)
        #expect(FieldParameter("A", "c d")?.description == "a=\"c d\"")
    }

    @Test(
        "weights are read and written",
        arguments: [
            ("0", "0"), ("1", "1"), ("0.5", "0.5"), ("0.123", "0.123"), ("1.000", "1"), ("0.", "0"),
            ("0.8333", "0.833"),
            ("0.001", "0.001"), ("0.010", "0.01"), ("2", nil), ("1.001", nil), ("", nil), (".5", nil), ("0,5", nil),
            ("-1", nil), ("0.5x", nil), ("00", nil),
        ] as [(String, String?)])
    func weights(_ text: String, _ expected: String?) {
        #expect(QualityValue(text)?.description == expected)
    }
}
