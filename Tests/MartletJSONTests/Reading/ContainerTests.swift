import MartletJSON
import Testing

struct ContainerTests {
    private func read<Value: Decodable>(_ type: Value.Type, _ text: String) throws -> Value {
        try JSONReader().read(type, from: Array(text.utf8))
    }

    static let strings: [(String, String)] = [
        (#""""#, ""), (#""abc""#, "abc"), (#""\u0041\n\t\r\b\f\"\\\/""#, "A\n\t\r\u{8}\u{C}\"\\/"),
        (#""x\u00e9y""#, "xéy"), (#""\ud83e\udd9c!""#, "🦜!"), (#""\u0000""#, "\0"), (#""é🦜日本""#, "é🦜日本"),
        (#""\u20ac\uffff""#, "€\u{FFFF}"), (#""\udbff\udfff""#, "\u{10FFFF}"),
    ]

    @Test("strings mean what their escapes say", arguments: strings)
    func string(_ document: String, _ expected: String) throws {
        #expect(Array(try read(String.self, document).unicodeScalars) == Array(expected.unicodeScalars))
    }

    struct Values: Decodable, Equatable {
        var text: String?
        var number: Int?
        var list: [Int?]?
        var nested: [String: [Double]]?
    }

    @Test("optional values may be absent or null")
    func optionals() throws {
        #expect(try read(Values.self, "{}") == Values())
        #expect(try read(Values.self, #"{"text":null,"number":null,"list":null,"nested":null}"#) == Values())
        #expect(
            try read(Values.self, #"{"nested":{"a":[1,2.5],"b":[]},"list":[1,null,3],"number":5,"text":"x"}"#)
                == Values(text: "x", number: 5, list: [1, nil, 3], nested: ["a": [1, 2.5], "b": []]))
        #expect(try read(Int?.self, "null") == nil)
        #expect(try read([Bool?].self, "[true,null]") == [true, nil])
    }

    @Test("of equal keys the last holds, in small objects and large", arguments: [0, 5, 14, 15, 16, 40, 1000])
    func duplicateKeys(_ others: Int) throws {
        let members = (0..<others).map { "\"k\($0)\":-1" }
        let half = others / 2
        let document =
            "{"
            + (["\"a\":1"] + members[..<half] + ["\"\\u0061\":2"] + members[half...] + ["\"b\":0,\"a\":3"])
            .joined(separator: ",") + "}"
        let object = try read([String: Int].self, document)
        #expect(object["a"] == 3 && object.count == others + 2)
        #expect(try read(Keys.self, document).names.filter { $0 == "a" }.count == 1)
    }

    struct Keys: Decodable {
        let names: [String]
        init(from decoder: any Decoder) throws {
            names = try decoder.container(keyedBy: AnyJSON.Key.self).allKeys.map(\.stringValue)
        }
    }

    @Test("keys are compared by their characters, escaped or not")
    func escapedKeys() throws {
        #expect(try read([String: Int].self, #"{"\u00e9":1,"caf\u0065":2}"#) == ["é": 1, "cafe": 2])
        #expect(try read(Values.self, #"{"t\u0065xt":"x","numbe\u0072":1}"#) == Values(text: "x", number: 1))
        let many = (0..<100).map { "\"\\u006b\($0)\":\($0)" }.joined(separator: ",")
        #expect(try read([String: Int].self, "{\(many)}")["k77"] == 77)
    }

    @Test("an object of many members is read in linear time")
    func manyMembers() throws {
        let count = 200_000
        let document = "{" + (0..<count).map { "\"key\($0)\":\($0)" }.joined(separator: ",") + "}"
        let object = try read([String: Int].self, document)
        #expect(object.count == count && object["key\(count - 1)"] == count - 1)
    }

    struct Point: Decodable, Equatable {
        let x: Int
        let y: Int
        let label: String

        enum CodingKeys: CodingKey { case position, meta }
        enum MetaKeys: CodingKey { case label }

        init(from decoder: any Decoder) throws {
            let container = try decoder.container(keyedBy: CodingKeys.self)
            var position = try container.nestedUnkeyedContainer(forKey: .position)
            #expect(position.count ?? 0 > 0 && position.currentIndex == 0)
            x = try position.decode(Int.self)
            y = try position.decode(Int.self)
            #expect(position.isAtEnd && position.currentIndex == 2)
            label = try container.nestedContainer(keyedBy: MetaKeys.self, forKey: .meta).decode(
                String.self, forKey: .label)
            #expect(container.contains(.meta))
        }
    }

    @Test("nested containers")
    func nestedContainers() throws {
        let point = try read(Point.self, #"{"meta":{"label":"home"},"position":[3,4]}"#)
        #expect(point.x == 3 && point.y == 4 && point.label == "home")
        let error = #expect(throws: DecodingError.self) {
            try read([Point].self, #"[{"meta":{"label":"home"},"position":[3]}]"#)
        }
        #expect(
            try #require(error).text == "[0].position[1]: expected another element, the array has only 1")
    }

    class Base: Codable {
        var id = 1
    }

    final class Derived: Base {
        var name = "d"
        private enum CodingKeys: CodingKey { case name }
        override init() { super.init() }
        required init(from decoder: any Decoder) throws {
            let container = try decoder.container(keyedBy: CodingKeys.self)
            name = try container.decode(String.self, forKey: .name)
            try super.init(from: container.superDecoder())
        }
        override func encode(to encoder: any Encoder) throws {
            var container = encoder.container(keyedBy: CodingKeys.self)
            try super.encode(to: container.superEncoder())
            try container.encode(name, forKey: .name)
        }
    }

    @Test("a superclass lies under the key super")
    func superclass() throws {
        let bytes = try JSONWriter().write(Derived())
        #expect(String(decoding: bytes, as: UTF8.self) == #"{"super":{"id":1},"name":"d"}"#)
        #expect(try read(Derived.self, #"{"name":"x","super":{"id":7}}"#).id == 7)
    }

    struct Keeper: Decodable {
        let decoder: any Decoder
        init(from decoder: any Decoder) throws { self.decoder = decoder }
    }

    @Test("a decoder that was kept still reads when the document's bytes are gone")
    func keptDecoder() throws {
        var bytes = Array(#"{"text":"kept","number":5}"#.utf8)
        let keeper = try JSONReader().read(Keeper.self, from: bytes)
        for i in bytes.indices { bytes[i] = 0 }
        #expect(try Values(from: keeper.decoder) == Values(text: "kept", number: 5))
    }

    @Test("a string of eight bytes and more is scanned at every offset")
    func scansEveryOffset() throws {
        for length in 0..<40 {
            for at in 0...length {
                let text = String(repeating: "x", count: at) + "\n\"é\\" + String(repeating: "y", count: length - at)
                #expect(try JSONReader().read(String.self, from: JSONWriter().write(text)) == text)
            }
        }
    }
}
