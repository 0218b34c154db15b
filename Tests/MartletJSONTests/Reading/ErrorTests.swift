import MartletJSON
import Testing

/// What is said about documents that do not fit.
struct ErrorTests {
    struct Order: Decodable {
        let customer: String
        let items: [Item]
    }

    struct Item: Decodable {
        let id: Int
        let price: Double
        let count: UInt8
        let isNew: Bool?
        let color: Color
    }

    enum Color: String, Decodable { case red, green }

    static let item = #"{"id":1,"price":1.5,"count":1,"color":"red"}"#

    static func order(_ last: String) -> String { "{\"customer\":\"A\",\"items\":[\(item),\(last)]}" }

    static let cases: [(String, String)] = [
        ("[]", "expected an object, found an array"),
        ("null", "expected an object, found null"),
        ("{}", "customer: is missing"),
        (#"{"customer":7}"#, "customer: expected a string, found a number"),
        (#"{"customer":null}"#, "customer: expected a string, found null"),
        (#"{"customer":"A","items":{}}"#, "items: expected an array, found an object"),
        (order("7"), "items[1]: expected an object, found a number"),
        (order("{}"), "items[1].id: is missing"),
        (order(#"{"id":"x"}"#), "items[1].id: expected a whole number, found a string"),
        (order(#"{"id":1.5}"#), "items[1].id: expected a whole number from \(Int.min) to \(Int.max), found 1.5"),
        (order(#"{"id":1,"price":"x"}"#), "items[1].price: expected a number, found a string"),
        (
            order(#"{"id":1,"price":1e999}"#),
            "items[1].price: expected a number of at most 1.7976931348623157e+308, found 1e999"
        ),
        (
            order(#"{"id":1,"price":1,"count":256}"#),
            "items[1].count: expected a whole number from 0 to 255, found 256"
        ),
        (
            order(#"{"id":1,"price":1,"count":-1}"#),
            "items[1].count: expected a whole number from 0 to 255, found -1"
        ),
        (
            order(#"{"id":1,"price":1,"count":1,"isNew":1}"#),
            "items[1].isNew: expected true or false, found a number"
        ),
        (
            order(#"{"id":1,"price":1,"count":1,"color":"blue"}"#),
            "items[1].color: Cannot initialize Color from invalid String value blue"
        ),
    ]

    @Test("an error names the path, what was expected and what was found", arguments: cases)
    func names(_ document: String, _ expected: String) throws {
        let error = #expect(throws: DecodingError.self) {
            try JSONReader().read(Order.self, from: Array(document.utf8))
        }
        #expect(try #require(error).text == expected)
    }

    static let places: [(String, String)] = [
        ("", "line 1, column 1 (byte 0): expected a value, found an empty document"),
        ("{\"a\":1,}", "line 1, column 8 (byte 7): expected a key in quotes, found \"}\""),
        (
            "{\n  \"a\": 1\n  \"b\": 2\n}",
            "line 3, column 3 (byte 13): expected a comma or the object's end, found \"\"\""
        ),
        ("[\n1,\n2", "line 3, column 2 (byte 6): expected a comma or the array's end, found the end of the document"),
        ("[01]", "line 1, column 3 (byte 2): a number must not begin with 0, found \"1\""),
        ("\"\u{1}\"", "line 1, column 2 (byte 1): a control character in a string must be escaped, found byte 0x01"),
        ("\"é\\x\"", "line 1, column 4 (byte 3): there is no such escape, found \"\\\""),
        ("1 1", "line 1, column 3 (byte 2): expected the end of the document, found \"1\""),
        ("\u{FEFF}{}", "line 1, column 1 (byte 0): expected a value, found byte 0xEF"),
    ]

    @Test("a syntax error names line, column and byte", arguments: places)
    func place(_ document: String, _ expected: String) throws {
        let error = #expect(throws: DecodingError.self) {
            try JSONReader().read(Order.self, from: Array(document.utf8))
        }
        #expect(try #require(error).text == expected)
    }

    static let paths: [(String, String)] = [
        (#"{"a b":{"":[0,{"\n":"x"}]}}"#, #"["a b"][""][1]["\n"]: expected a whole number, found a string"#),
        (#"{"1":"x"}"#, #"["1"]: expected a whole number, found a string"#),
        (#"{"é":"x"}"#, #"["é"]: expected a whole number, found a string"#),
        (#"{"a-b_c9":"x"}"#, #"a-b_c9: expected a whole number, found a string"#),
        (#"{"\"":"x"}"#, #"["\""]: expected a whole number, found a string"#),
    ]

    @Test("keys that are no names are quoted in paths", arguments: paths)
    func quotes(_ document: String, _ expected: String) throws {
        let error = #expect(throws: DecodingError.self) {
            try JSONReader().read(Numbers.self, from: Array(document.utf8))
        }
        #expect(try #require(error).text == expected)
    }

    @Test("what a client sends is not echoed at length")
    func cutsLongText() throws {
        let key = String(repeating: "k", count: 5000)
        let error = #expect(throws: DecodingError.self) {
            try JSONReader().read(Numbers.self, from: Array("{\"\(key)\":\(String(repeating: "9", count: 5000))}".utf8))
        }
        #expect(try #require(error).text.utf8.count < 300)
    }

    /// Whole numbers in containers of any depth.
    struct Numbers: Decodable {
        init(from decoder: any Decoder) throws {
            if let object = try? decoder.container(keyedBy: AnyJSON.Key.self) {
                for key in object.allKeys { _ = try object.decode(Numbers.self, forKey: key) }
            } else if var array = try? decoder.unkeyedContainer() {
                while !array.isAtEnd { _ = try array.decode(Numbers.self) }
            } else {
                _ = try decoder.singleValueContainer().decode(Int.self)
            }
        }
    }
}
