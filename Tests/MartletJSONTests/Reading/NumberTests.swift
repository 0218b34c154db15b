import MartletJSON
import Testing

struct NumberTests {
    private func read<Value: Decodable>(_ type: Value.Type, _ text: String) throws -> Value {
        try JSONReader().read(type, from: Array(text.utf8))
    }

    static let integers: [(String, Int?)] = [
        ("0", 0), ("-0", 0), ("7", 7), ("-7", -7), ("9223372036854775807", .max), ("9223372036854775808", nil),
        ("-9223372036854775808", .min), ("-9223372036854775809", nil), ("9007199254740993", 9_007_199_254_740_993),
        ("18446744073709551616", nil), ("99999999999999999999", nil), ("1.0", 1), ("1.000000000000000000000000", 1),
        ("-1.0", -1), ("1e3", 1000), ("1E+3", 1000), ("12.5e1", 125), ("125e-1", nil), ("120e-1", 12),
        ("1e18", 1_000_000_000_000_000_000),
        ("1e19", nil), ("0e999999999999999999999", 0), ("0.0e-99", 0), ("1e999999999999999999999", nil),
        ("1e-999", nil),
        ("0.5", nil), ("9223372036854775807.0", .max), ("9223372036854775807.5", nil),
        ("0.00000000000000000000000000000000000000000000000000005e53", 5),
        ("10000000000000000000000000000000000000000000000000000e-52", 1),
    ]

    @Test("whole numbers are exact or refused", arguments: integers)
    func integer(_ text: String, _ expected: Int?) throws {
        #expect((try? read(Int.self, text)) == expected)
        #expect((try? read([Int].self, "[\(text)]")) == expected.map { [$0] })
    }

    private func checkLimits<Value: FixedWidthInteger & Decodable>(_ type: Value.Type) throws {
        #expect(try read(type, "\(Value.max)") == .max)
        #expect(try read(type, "\(Value.min)") == .min)
        #expect(throws: DecodingError.self) { try read(type, "\(Value.max)9") }
        let beyond = "\(Value.max)".dropLast() + "9"
        if Value(beyond) == nil { #expect(throws: DecodingError.self) { try read(type, String(beyond)) } }
        #expect(throws: DecodingError.self) { try read(type, Value.isSigned ? "\(Value.min)0" : "-1") }
    }

    @Test("every integer type reads its limits, and nothing beyond")
    func limits() throws {
        try checkLimits(Int.self)
        try checkLimits(Int8.self)
        try checkLimits(Int16.self)
        try checkLimits(Int32.self)
        try checkLimits(Int64.self)
        try checkLimits(Int128.self)
        try checkLimits(UInt.self)
        try checkLimits(UInt8.self)
        try checkLimits(UInt16.self)
        try checkLimits(UInt32.self)
        try checkLimits(UInt64.self)
        try checkLimits(UInt128.self)
    }

    static let doubles = [
        "0", "-0", "0.0", "1", "-1.5", "0.1", "19.99", "1e22", "1e23", "123456789012345678", "9007199254740993",
        "1.7976931348623157e308", "2.2250738585072014e-308", "5e-324", "1e-400", "4.9406564584124654e-324", "0.3",
        "2.2250738585072011e-308", "17976931348623157e292",
        "3.141592653589793238462643383279502884197169399375105820974944",
        "0.000000000000000000000000000000000000000000001", "100000000000000000000000000000000000000000000000000000",
        "8.5e-7",
    ]

    @Test("numbers are rounded as the language rounds literals", arguments: doubles)
    func double(_ text: String) throws {
        let value = try read(Double.self, text)
        let expected = try #require(Double(text))
        #expect(value.bitPattern == expected.bitPattern)
        #expect(
            try read(Float.self, text.count > 40 || text.contains("e308") || text.contains("e292") ? "1.1" : text)
                .isFinite)
    }

    @Test("random numbers come back bit by bit")
    func roundTrip() throws {
        var random = RandomJSON(seed: 1)
        for _ in 0..<20_000 {
            let value = Double(bitPattern: random.next())
            guard value.isFinite else { continue }
            let back = try JSONReader().read(Double.self, from: JSONWriter().write(value))
            #expect(back.bitPattern == value.bitPattern)
            let single = Float(bitPattern: UInt32(truncatingIfNeeded: random.next()))
            guard single.isFinite else { continue }
            #expect(try JSONReader().read(Float.self, from: JSONWriter().write(single)).bitPattern == single.bitPattern)
        }
    }

    @Test("numbers beyond the largest are refused", arguments: ["1e309", "-1e309", "1e999999999999999999999"])
    func overflow(_ text: String) {
        #expect(throws: DecodingError.self) { try read(Double.self, text) }
        #expect(throws: DecodingError.self) { try read(Float.self, text) }
    }

    @Test("a number of a million digits takes no time worth mentioning")
    func longNumbers() throws {
        let zeros = String(repeating: "0", count: 1_000_000)
        #expect(try read(Double.self, "1\(zeros)e-1000000") == 1)
        #expect(try read(Int.self, "1\(zeros)e-1000000") == 1)
        #expect(try read(Int.self, "0.\(zeros)5e1000001") == 5)
        #expect(throws: DecodingError.self) { try read(Int.self, "1\(zeros)") }
        #expect(throws: DecodingError.self) { try read(Double.self, "1\(zeros)") }
    }
}
