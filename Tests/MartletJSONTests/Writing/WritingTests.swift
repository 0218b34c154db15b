import MartletJSON
import Testing

struct WritingTests {
    private func text(_ value: some Encodable, _ writer: JSONWriter = JSONWriter()) throws -> String {
        String(decoding: try writer.write(value), as: UTF8.self)
    }

    struct Item: Codable, Equatable {
        var name = "pen"
        var id = -7
        var price = 2.5
        var tags = ["a", "b"]
        var isNew = true
        var note: String?
        var sizes: [Int8] = [1, -2]
        var big = UInt64.max
        var ratio: Float = 0.1
        var nested: [String: [String: Int]] = ["b": ["z": 1, "y": 2], "a": [:]]
    }

    @Test("members are in the order of declaration, those of dictionaries are sorted")
    func order() throws {
        #expect(
            try text(Item())
                == #"{"name":"pen","id":-7,"price":2.5,"tags":["a","b"],"isNew":true,"sizes":[1,-2],"#
                + #""big":18446744073709551615,"ratio":0.1,"nested":{"a":{},"b":{"y":2,"z":1}}}"#)
        #expect(try JSONReader().read(Item.self, from: JSONWriter().write(Item())) == Item())
        let many = Dictionary(uniqueKeysWithValues: (0..<100).map { ("k\($0)", [$0]) })
        let sorted = many.keys.sorted().map { "\"\($0)\":[\($0.dropFirst())]" }.joined(separator: ",")
        #expect(try text(many) == "{\(sorted)}")
        #expect(try text([3: "c", 20: "b"]) == #"{"20":"b","3":"c"}"#)
    }

    static let escapes: [(String, String)] = [
        ("", #""""#), ("a/b", #""a/b""#), ("\"\\", #""\"\\""#), ("\u{8}\t\n\u{C}\r", #""\b\t\n\f\r""#),
        ("\u{0}\u{1}\u{1F}\u{7F}", "\"\\u0000\\u0001\\u001f\u{7F}\""), ("é🦜\u{2028}", "\"é🦜\u{2028}\""),
        ("1234567\n12345678\"", #""1234567\n12345678\"""#),
    ]

    @Test("quotes, backslashes and control characters are escaped, nothing else", arguments: escapes)
    func escape(_ string: String, _ expected: String) throws {
        #expect(try text(string) == expected)
        #expect(try text([string: 1]) == "{\(expected):1}")
    }

    static let numbers: [(Double, String)] = [
        (0, "0"), (-0.0, "-0"), (1, "1"), (-1, "-1"), (0.1, "0.1"), (1e22, "1e+22"), (19.99, "19.99"),
        (.leastNonzeroMagnitude, "5e-324"),
        (100000, "100000"), (.greatestFiniteMagnitude, "1.7976931348623157e+308"),
    ]

    @Test("numbers have as many digits as are needed to read them again", arguments: numbers)
    func number(_ value: Double, _ expected: String) throws {
        #expect(try text(value) == expected)
    }

    @Test("integers of every size")
    func integers() throws {
        #expect(try text([Int.min, -1, 0, 9, 10, 99, 100, .max]) == "[\(Int.min),-1,0,9,10,99,100,\(Int.max)]")
        #expect(try text([Int128.min, .max]) == "[\(Int128.min),\(Int128.max)]")
        #expect(try text([UInt128.max]) == "[\(UInt128.max)]")
        #expect(try text([UInt8.max]) == "[255]")
        #expect(try text([Int16.min]) == "[-32768]")
        #expect(try text([Int32.min]) == "[\(Int32.min)]")
        #expect(try text([UInt16.max]) == "[65535]")
        #expect(try text([UInt32.max]) == "[\(UInt32.max)]")
        #expect(try text([UInt.max]) == "[\(UInt.max)]")
    }

    @Test("nothing is null, and an empty type an empty object")
    func empty() throws {
        struct Nothing: Encodable {}
        struct Silent: Encodable { func encode(to encoder: any Encoder) {} }
        #expect(try text([Int?.none, 1]) == "[null,1]")
        #expect(try text(Int?.none) == "null")
        #expect(try text([Nothing()]) == "[{}]")
        #expect(try text([Silent()]) == "[{}]")
        #expect(try text([[Int]]()) == "[]")
    }

    @Test("a number that is not finite is an error that names its path")
    func notFinite() throws {
        for value in [Double.nan, .infinity, -.infinity] {
            let error = #expect(throws: EncodingError.self) { try text(["a": [[0, value]]]) }
            guard case .invalidValue(_, let context) = error else { return }
            #expect(context.codingPath.map { $0.intValue.map(String.init) ?? $0.stringValue } == ["a", "0", "1"])
        }
        #expect(throws: EncodingError.self) { try text(Float.nan) }
    }

    final class Ring: Encodable {
        var next: Ring?
    }

    @Test("what contains itself is an error")
    func cycle() {
        let ring = Ring()
        ring.next = ring
        #expect(throws: EncodingError.self) { try text(ring) }
        ring.next = nil
    }

    struct Interleaved: Encodable {
        enum Key: CodingKey { case a, b, c, d }

        func encode(to encoder: any Encoder) throws {
            var outer = encoder.container(keyedBy: Key.self)
            var a = outer.nestedContainer(keyedBy: Key.self, forKey: .a)
            var b = outer.nestedUnkeyedContainer(forKey: .b)
            try outer.encode(1, forKey: .c)
            try b.encode("x")
            try a.encode(2, forKey: .a)
            var inner = b.nestedContainer(keyedBy: Key.self)
            try b.encode(["y": Item(nested: [:]).tags])
            try a.encode(3, forKey: .b)
            try inner.encode(4, forKey: .d)
            var again = encoder.container(keyedBy: Key.self)
            try again.encodeNil(forKey: .d)
            _ = b.nestedUnkeyedContainer()
            #expect(b.count == 4)
        }
    }

    @Test("containers of one value may be written in any order")
    func interleaved() throws {
        let expected = #"{"a":{"a":2,"b":3},"b":["x",{"d":4},{"y":["a","b"]},[]],"c":1,"d":null}"#
        #expect(try text(Interleaved()) == expected)
        #expect(try text(["q": [Interleaved()], "p": []]) == "{\"p\":[],\"q\":[\(expected)]}")
    }

    struct Misuse: Encodable {
        let body: (any Encoder) throws -> Void
        func encode(to encoder: any Encoder) throws { try body(encoder) }
    }

    static func misuses() -> [Misuse] {
        [
            Misuse { encoder in
                var object = encoder.container(keyedBy: Interleaved.Key.self)
                var array = encoder.unkeyedContainer()
                try object.encode(1, forKey: .a)
                try array.encode(1)
            },
            Misuse { encoder in
                var single = encoder.singleValueContainer()
                try single.encode(1)
                try single.encode(2)
            },
            Misuse { encoder in
                var outer = encoder.unkeyedContainer()
                try outer.encode(Misuse { _ in _ = encoder.container(keyedBy: Interleaved.Key.self) })
            },
            Misuse { encoder in
                var outer = encoder.unkeyedContainer()
                try outer.encode(
                    Misuse { _ in
                        var again = encoder.unkeyedContainer(); try again.encode(1)
                    })
            },
            Misuse { encoder in
                var outer = encoder.unkeyedContainer()
                try outer.encode(
                    Misuse { _ in
                        var again = encoder.unkeyedContainer(); _ = again.nestedUnkeyedContainer()
                    })
            },
        ]
    }

    @Test("containers that cannot be written are an error", arguments: 0..<5)
    func misuse(_ index: Int) {
        #expect(throws: EncodingError.self) { try text(Self.misuses()[index]) }
    }

    struct Day: Codable, Equatable { var number: Int }

    struct Diary: Codable, Equatable {
        var day: Day
        var days: [Day]
        var last: Day?
        var named: [String: Day]
    }

    @Test("a conversion holds for its type wherever it occurs")
    func conversions() throws {
        var conversions = JSONConversions()
        conversions.add(
            Day.self,
            read: { decoder in
                let container = try decoder.singleValueContainer()
                guard let number = Int(try container.decode(String.self).dropFirst(3)) else {
                    throw DecodingError.dataCorruptedError(in: container, debugDescription: "expected a day")
                }
                return Day(number: number)
            },
            write: { day, encoder in
                var container = encoder.singleValueContainer()
                try container.encode("day\(day.number)")
            })
        let diary = Diary(
            day: Day(number: 1), days: [Day(number: 2)], last: Day(number: 3), named: ["x": Day(number: 4)])
        let bytes = try JSONWriter(conversions: conversions).write(diary)
        #expect(
            String(decoding: bytes, as: UTF8.self)
                == #"{"day":"day1","days":["day2"],"last":"day3","named":{"x":"day4"}}"#)
        let reader = JSONReader(conversions: conversions)
        #expect(try reader.read(Diary.self, from: bytes) == diary)
        #expect(try reader.read(Day.self, from: Array(#""day9""#.utf8)) == Day(number: 9))
        let error = #expect(throws: DecodingError.self) {
            try reader.read([String: [Day]].self, from: Array(#"{"a":["dayx"]}"#.utf8))
        }
        #expect(try #require(error).text == "a[0]: expected a day")
    }
}
