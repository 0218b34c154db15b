/// The decoder of one name: its only value, or all of its values as a list.
struct ParameterDecoder: Decoder {
    let values: ArraySlice<String>
    let codingPath: [any CodingKey]
    let userInfo: [CodingUserInfoKey: Any]

    func container<Key: CodingKey>(keyedBy type: Key.Type) throws -> KeyedDecodingContainer<Key> {
        throw DecodingError.typeMismatch(
            [String: String].self, context("a parameter is text; types within types are not supported"))
    }

    func unkeyedContainer() throws -> any UnkeyedDecodingContainer {
        // An element of a list ends with its index and is no list again.
        guard codingPath.last?.intValue == nil || codingPath.count == 1 else {
            throw DecodingError.typeMismatch(
                [String].self, context("a parameter is text; lists within lists are not supported"))
        }
        return ParameterList(decoder: self)
    }

    func singleValueContainer() -> any SingleValueDecodingContainer { ParameterValue(decoder: self) }

    func context(_ description: String) -> DecodingError.Context {
        DecodingError.Context(codingPath: codingPath, debugDescription: description)
    }
}

/// All values of a name.
private struct ParameterList: UnkeyedDecodingContainer {
    let decoder: ParameterDecoder
    private(set) var currentIndex = 0

    init(decoder: ParameterDecoder) { self.decoder = decoder }

    var codingPath: [any CodingKey] { decoder.codingPath }
    var count: Int? { decoder.values.count }
    var isAtEnd: Bool { currentIndex == decoder.values.count }

    func decodeNil() -> Bool { false }

    mutating func decode<T: Decodable>(_ type: T.Type) throws -> T {
        let value = try T(from: element())
        currentIndex += 1
        return value
    }

    mutating func nestedContainer<Key: CodingKey>(keyedBy type: Key.Type) throws -> KeyedDecodingContainer<Key> {
        try element().container(keyedBy: type)
    }

    mutating func nestedUnkeyedContainer() throws -> any UnkeyedDecodingContainer {
        try element().unkeyedContainer()
    }

    mutating func superDecoder() throws -> any Decoder {
        let element = try element()
        currentIndex += 1
        return element
    }

    private func element() throws -> ParameterDecoder {
        let path = codingPath + [ParameterIndex(intValue: currentIndex)]
        guard !isAtEnd else {
            throw DecodingError.valueNotFound(
                String.self, .init(codingPath: path, debugDescription: "there are only \(currentIndex) values"))
        }
        let position = decoder.values.startIndex + currentIndex
        return ParameterDecoder(
            values: decoder.values[position...position], codingPath: path, userInfo: decoder.userInfo)
    }
}

/// The place of a value among those of its name.
private struct ParameterIndex: CodingKey {
    let intValue: Int?
    var stringValue: String { "Index \(intValue ?? 0)" }

    init(intValue: Int) { self.intValue = intValue }

    init?(stringValue: String) { nil }
}

/// The only value of a name.
private struct ParameterValue: SingleValueDecodingContainer {
    let decoder: ParameterDecoder

    var codingPath: [any CodingKey] { decoder.codingPath }

    func decodeNil() -> Bool { false }

    func decode(_ type: String.Type) throws -> String { try text() }

    func decode(_ type: Bool.Type) throws -> Bool {
        switch try text() {
        case "true", "1", "on": true
        case "false", "0", "off": false
        default: throw mismatch("neither true, 1, on nor false, 0, off")
        }
    }

    func decode(_ type: Double.Type) throws -> Double { try number(type) }
    func decode(_ type: Float.Type) throws -> Float { try number(type) }
    func decode(_ type: Int.Type) throws -> Int { try integer(type) }
    func decode(_ type: Int8.Type) throws -> Int8 { try integer(type) }
    func decode(_ type: Int16.Type) throws -> Int16 { try integer(type) }
    func decode(_ type: Int32.Type) throws -> Int32 { try integer(type) }
    func decode(_ type: Int64.Type) throws -> Int64 { try integer(type) }
    func decode(_ type: Int128.Type) throws -> Int128 { try integer(type) }
    func decode(_ type: UInt.Type) throws -> UInt { try integer(type) }
    func decode(_ type: UInt8.Type) throws -> UInt8 { try integer(type) }
    func decode(_ type: UInt16.Type) throws -> UInt16 { try integer(type) }
    func decode(_ type: UInt32.Type) throws -> UInt32 { try integer(type) }
    func decode(_ type: UInt64.Type) throws -> UInt64 { try integer(type) }
    func decode(_ type: UInt128.Type) throws -> UInt128 { try integer(type) }

    func decode<T: Decodable>(_ type: T.Type) throws -> T { try T(from: decoder) }

    private func integer<T: FixedWidthInteger>(_ type: T.Type) throws -> T {
        guard let value = T(try text(), radix: 10) else { throw mismatch("no integer that fits \(type)") }
        return value
    }

    private func number<T: BinaryFloatingPoint & LosslessStringConvertible>(_ type: T.Type) throws -> T {
        guard let value = T(try text()), value.isFinite else { throw mismatch("no finite number") }
        return value
    }

    private func text() throws -> String {
        guard decoder.values.count == 1, let text = decoder.values.first else {
            throw mismatch("given \(decoder.values.count) times; one value is expected")
        }
        return text
    }

    private func mismatch(_ problem: String) -> DecodingError {
        let name = codingPath.first?.stringValue ?? ""
        return .dataCorrupted(decoder.context("parameter \"\(name)\" is \(problem)"))
    }
}
