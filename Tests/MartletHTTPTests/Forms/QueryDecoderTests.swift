import Testing

@testable import MartletHTTP

@Suite("Decoding types from parameters")
struct QueryDecoderTests {
    enum Order: String, Decodable { case up, down }

    struct Search: Decodable, Equatable {
        var q: String
        var page: Int?
        var small: UInt8?
        var ratio: Double?
        var exact: Bool?
        var order: Order?
        var tag: [String]?
        var ids: Set<Int>?
    }

    private func decode<T: Decodable>(_ type: T.Type, _ text: String) throws -> T {
        let bytes = Array(text.utf8)
        return try QueryDecoder().decode(type, from: QueryParameters(decoding: bytes.span))
    }

    @Test("a type is decoded from its parameters; others are ignored")
    func decodes() throws {
        let search = try decode(
            Search.self, "q=a+b&page=-3&small=255&ratio=1e3&exact=on&order=down&tag=x&tag=y&ids=2&ids=1&ids=2&other=1")
        #expect(
            search
                == Search(
                    q: "a b", page: -3, small: 255, ratio: 1000, exact: true, order: .down, tag: ["x", "y"],
                    ids: [1, 2]))
        #expect(try decode(Search.self, "q=&tag=") == Search(q: "", tag: [""]))
        #expect(try decode([String: String].self, "a=1&b=2") == ["a": "1", "b": "2"])
        #expect(try decode([String: [Int]].self, "a=1&b=2&a=3") == ["a": [1, 3], "b": [2]])
    }

    @Test(
        "booleans are what boxes and people send",
        arguments: [("true", true), ("1", true), ("on", true), ("false", false), ("0", false), ("off", false)])
    func booleans(_ text: String, _ value: Bool) throws {
        #expect(try decode(Search.self, "q=&exact=\(text)").exact == value)
    }

    @Test(
        "what is no value of the type is refused, with the path to it",
        arguments: [
            ("q=&page=x", "page", "parameter \"page\" is no integer that fits Int"),
            ("q=&page=", "page", "parameter \"page\" is no integer that fits Int"),
            ("q=&page=+1", "page", "parameter \"page\" is no integer that fits Int"),
            ("q=&page=99999999999999999999", "page", "parameter \"page\" is no integer that fits Int"),
            ("q=&small=256", "small", "parameter \"small\" is no integer that fits UInt8"),
            ("q=&ratio=nan", "ratio", "parameter \"ratio\" is no finite number"),
            ("q=&ratio=1e999", "ratio", "parameter \"ratio\" is no finite number"),
            ("q=&exact=yes", "exact", "parameter \"exact\" is neither true, 1, on nor false, 0, off"),
            ("q=a&q=b", "q", "parameter \"q\" is given 2 times; one value is expected"),
            ("q=&ids=1&ids=x", "ids/Index 1", "parameter \"ids\" is no integer that fits Int"),
        ])
    func refuses(_ text: String, _ path: String, _ message: String) {
        let error = #expect(throws: DecodingError.self) { try decode(Search.self, text) }
        guard case .dataCorrupted(let context) = error else {
            Issue.record("unexpected error \(String(describing: error))")
            return
        }
        #expect(context.codingPath.map(\.stringValue).joined(separator: "/") == path)
        #expect(context.debugDescription == message)
    }

    @Test("a missing parameter is named")
    func missing() {
        let error = #expect(throws: DecodingError.self) { try decode(Search.self, "page=1") }
        guard case .keyNotFound(let key, let context) = error else {
            Issue.record("unexpected error \(String(describing: error))")
            return
        }
        #expect(key.stringValue == "q" && context.debugDescription == "parameter \"q\" is missing")
    }

    @Test("types within types and lists within lists are refused, with the path to them")
    func nested() {
        struct Outer: Decodable { var inner: Search }
        struct Lists: Decodable { var inner: [[String]] }
        for (path, decode) in [
            ("inner", { _ = try self.decode(Outer.self, "inner=1") }),
            ("inner/Index 0", { _ = try self.decode(Lists.self, "inner=1") }),
            ("", { _ = try self.decode([String].self, "inner=1") }),
            ("", { _ = try self.decode(String.self, "inner=1") }),
        ] as [(String, () throws -> Void)] {
            let error = #expect(throws: DecodingError.self) { try decode() }
            guard case .typeMismatch(_, let context) = error else {
                Issue.record("unexpected error \(String(describing: error))")
                continue
            }
            #expect(context.codingPath.map(\.stringValue).joined(separator: "/") == path)
        }
    }

    @Test("types find the decoder's user information")
    func userInfo() throws {
        struct Key: Decodable {
            var value: String?
            init(from decoder: any Decoder) throws {
                value = decoder.userInfo[CodingUserInfoKey(rawValue: "k")!] as? String
            }
        }
        let decoder = QueryDecoder(userInfo: [CodingUserInfoKey(rawValue: "k")!: "v"])
        #expect(try decoder.decode(Key.self, from: QueryParameters()).value == "v")
        #expect(try decoder.decode([String: Key].self, from: ["a": ""])["a"]?.value == "v")
    }
}
