import Testing

@testable import MartletHTTP

@Suite("Lists in fields")
struct ListElementsTests {
    @Test(
        "commas separate, but not in quoted strings",
        arguments: [
            ("a, b ,c", ["a", "b", "c"]), ("", []), (" , ,", []), ("a=\"b,c\", d", ["a=\"b,c\"", "d"]),
            ("\"a\\\",b\",c", ["\"a\\\",b\"", "c"]), ("a\\,b", ["a\\", "b"]), ("\"a, b", ["\"a, b"]),
            ("é, ü", ["é", "ü"]),
        ])
    func elements(_ field: String, _ expected: [String]) {
        #expect(ListElements(field).map(String.init) == expected)
    }

    @Test(
        "quoted strings are read without quotes and escapes",
        arguments: [
            ("\"a b\"", "a b"), ("\"\"", ""), ("\"a\\\"b\\\\c\\d\"", "a\"b\\cd"), ("\"é\\é\"", "éé"), ("\"a", nil),
            ("\"a\\", nil), ("a", nil), ("\"a\\\"", nil), ("\"a\u{1}\"", nil), ("\"\\\u{7F}\"", nil), ("\"\t\"", "\t"),
        ] as [(String, String?)])
    func quoted(_ field: String, _ expected: String?) {
        var reader = FieldReader(field)
        #expect(reader.quotedString() == expected)
        #expect(expected == nil || reader.isAtEnd)
        #expect(expected != nil || Substring(reader.rest) == field)
    }
}
