import MartletJSON
import Testing

/// What is JSON and what is not (RFC 8259).
struct SyntaxTests {
    static let accepted: [String] = [
        "null", "true", "false", " \t\r\nnull\n", "0", "-0", "1", "-1", "10", "1234567890", "0.5", "-0.5", "1.25",
        "1e5",
        "1E5", "1e+5", "1e-5", "1.5e3", "0e0", "0e-1", "0.0", "-0.0", "123456789012345678901234567890", "1e-999",
        "\"\"",
        "\"a\"", "\" \"", "\"é\"", "\"日本語\"", "\"🦜\"", "\"\\u0000\"", "\"\\u001f\"", "\"\\u00e9\"", "\"\\u00E9\"",
        "\"\\ud83e\\udd9c\"", "\"\\uD83E\\uDD9C\"", "\"\\uffff\"", "\"\\n\\r\\t\\b\\f\\\\\\\"\\/\"", "\"/\"",
        "\"\u{7F}\"",
        "\"\u{2028}\u{2029}\"", "\"\u{FEFF}\"", "\"12345678\"", "\"1234567é\"", "\"123456\\n\"", "\"'\"", "[]", "[ ]",
        "[\n]",
        "[1]", "[1,2]", "[ 1 , 2 ]", "[[]]", "[[],[]]", "[{}]", "[null]", "[\"a\",1,true,{}]", "{}", "{ }", "{\"a\":1}",
        "{\"\":0}", "{ \"a\" : 1 }", "{\"a\":1,\"b\":2}", "{\"a\":{\"b\":[]}}", "{\"a\":1,\"a\":2}", "{\"\\u0061\":1}",
        "{\"é\":1}", "{\"a\":\"}\"}", "[\"]\"]", "[1.0,-1.0e+10]", "\"\u{10FFFF}\"", "\"\u{800}\"", "\"\u{D7FF}\"",
    ]

    static let refused: [String] = [
        "", " ", "nul", "nulll", "Null", "NULL", "tru", "True", "falsee", "undefined", "NaN", "Infinity", "-Infinity",
        "-", "+1", "--1", "01", "-01", "00", "1.", ".5", "-.5", "1.e5", "1e", "1e+", "1e1.5", "1ee5", "0x10", "1_000",
        "1,0",
        "1 2", "null null", "1a", "\"", "\"a", "a\"", "'a'", "\"\\\"", "\"\\x41\"", "\"\\a\"", "\"\\'\"", "\"\\u\"",
        "\"\\u12\"", "\"\\u123\"", "\"\\u123g\"", "\"\\U0041\"", "\"\\ud83e\"", "\"\\udd9c\"", "\"\\ud83ex\"",
        "\"\\ud83e\\n\"", "\"\\ud83e\\u0041\"", "\"\\ud83e\\ud83e\"", "\"\\ud83e\\udd9\"", "\"a\nb\"", "\"a\tb\"",
        "\"\u{0}\"", "\"\u{1F}\"", "\"1234567\u{1}\"", "[", "]", "[1", "[1,", "[,1]", "[1,]", "[,]", "[1,,2]", "[1 2]",
        "[1;2]", "[1}", "[[]", "[]]", "[\"a\"", "[\"a", "{", "}", "{]", "{\"a\"", "{\"a\"}", "{\"a\":", "{\"a\":}",
        "{\"a\" 1}",
        "{\"a\":1", "{\"a\":1,", "{\"a\":1,}", "{,}", "{,\"a\":1}", "{\"a\":1,,\"b\":2}", "{\"a\":1 \"b\":2}",
        "{\"a\"::1}",
        "{a:1}", "{1:1}", "{null:1}", "{'a':1}", "{\"a\":1]", "{\"a\"=1}", "{}}", "{} {}", "[] //", "/**/1", "[1] # a",
        "\u{FEFF}1", "\u{A0}1", "\u{C}1", "\u{B}1", "1\u{0}", "\u{0}", "é", "[é]", "\\u0031", "[\\n]", "*", "[-]",
        "[1-]",
        "[tru]", "[nul", "[f", "{\"a\":t}",
    ]

    @Test("what the grammar allows is read", arguments: accepted)
    func accepts(_ document: String) throws {
        _ = try JSONReader().read(AnyJSON.self, from: Array(document.utf8))
    }

    @Test("what the grammar does not allow is refused, with the place", arguments: refused)
    func refuses(_ document: String) throws {
        let error = #expect(throws: DecodingError.self) {
            try JSONReader().read(AnyJSON.self, from: Array(document.utf8))
        }
        guard case .dataCorrupted(let context) = error, let syntax = context.underlyingError as? JSONSyntaxError else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(syntax.offset <= document.utf8.count && context.codingPath.isEmpty)
    }

    static let malformed: [[UInt8]] = [
        [0x80], [0xBF], [0xC0, 0x80], [0xC1, 0xBF], [0xC3], [0xC3, 0x28], [0xE0, 0x80, 0x80], [0xE0, 0x9F, 0xBF],
        [0xE2, 0x82],
        [0xE2, 0x28, 0xA1], [0xE2, 0x82, 0x28], [0xED, 0xA0, 0x80], [0xED, 0xBF, 0xBF], [0xF0, 0x80, 0x80, 0x80],
        [0xF0, 0x8F, 0xBF, 0xBF], [0xF0, 0x9F, 0xA6], [0xF4, 0x90, 0x80, 0x80], [0xF5, 0x80, 0x80, 0x80], [0xFF],
        [0xFE],
        [0xF8, 0x88, 0x80, 0x80, 0x80], [0xE9], [0x61, 0x62, 0xE9, 0x63],
    ]

    @Test("a string that is not UTF-8 is refused, wherever it ends", arguments: malformed)
    func refusesMalformed(_ bytes: [UInt8]) {
        for document in [[0x22] + bytes + [0x22], [0x22] + bytes, [0x22] + Array("12345678".utf8) + bytes + [0x22]] {
            #expect(throws: DecodingError.self) { try JSONReader().read(String.self, from: document) }
        }
    }

    @Test("containers may lie in each other as deep as the limit, and no deeper")
    func limitsDepth() throws {
        let reader = JSONReader(depthLimit: 10)
        let fits = String(repeating: "[", count: 10) + String(repeating: "]", count: 10)
        _ = try reader.read(AnyJSON.self, from: Array(fits.utf8))
        for open in ["[", "{\"a\":"] {
            let error = #expect(throws: DecodingError.self) {
                try reader.read(AnyJSON.self, from: Array(String(repeating: open, count: 100_000).utf8))
            }
            #expect(try #require(error).text.contains("nested deeper than 10 levels"))
        }
    }

    @Test("every part of a document is refused")
    func refusesParts() throws {
        let document = Array(
            #"{"a":[1.5e3,"\u00e9é\ud83e\udd9c",null,{"b":true}],"c":-10,"dddddddddddd":"eeeeeeeee"}"#.utf8)
        _ = try JSONReader().read(AnyJSON.self, from: document)
        for length in 0..<document.count {
            #expect(throws: DecodingError.self) {
                try JSONReader().read(AnyJSON.self, from: Array(document[..<length]))
            }
        }
    }
}

extension DecodingError {
    /// As a client would see it.
    var text: String { JSONReader.explanation(of: self) }
}
