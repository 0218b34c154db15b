/// An array whose elements are taken one after the other.
///
/// Small enough to lie in an existential without an allocation.
struct JSONUnkeyedDecoding: UnkeyedDecodingContainer {
    private let document: JSONDocument
    private let array: UInt32
    private var next: UInt32
    private var position: UInt32 = 0

    /// The array at `index`.
    ///
    /// - Throws: `DecodingError` when the value there is none.
    init(_ document: JSONDocument, at index: Int) throws {
        guard document.tape[index].kind == .array else {
            throw document.mismatch([Any].self, "an array", at: index)
        }
        self.document = document
        array = UInt32(truncatingIfNeeded: index)
        next = array &+ 1
    }

    var codingPath: [any CodingKey] { document.path(to: Int(array)) }

    var count: Int? { Int(document.tape[Int(array)].length) }

    var currentIndex: Int { Int(position) }

    var isAtEnd: Bool { next == document.tape[Int(array)].next }

    mutating func decodeNil() throws -> Bool {
        guard document.isNull(at: try current(Any?.self)) else { return false }
        advance()
        return true
    }

    // One method is the witness of those for each type: the compiler makes a version for each, without the others' cases.
    mutating func decode<Value: Decodable>(_ type: Value.Type) throws -> Value {
        let value = try document.value(type, at: current(type))
        advance()
        return value
    }

    mutating func decodeIfPresent<Value: Decodable>(_ type: Value.Type) throws -> Value? {
        if isAtEnd { return nil }
        return try decodeNil() ? nil : decode(type)
    }

    mutating func nestedContainer<Nested: CodingKey>(
        keyedBy type: Nested.Type
    ) throws -> KeyedDecodingContainer<Nested> {
        let container = try decoder([String: Any].self).container(keyedBy: type)
        advance()
        return container
    }

    mutating func nestedUnkeyedContainer() throws -> any UnkeyedDecodingContainer {
        let container = try decoder([Any].self).unkeyedContainer()
        advance()
        return container
    }

    mutating func superDecoder() throws -> any Decoder {
        let decoder = try decoder((any Decoder).self)
        advance()
        return decoder
    }

    private func decoder(_ type: Any.Type) throws -> JSONValueDecoder {
        JSONValueDecoder(document: document, index: try current(type))
    }

    @inline(__always)
    private func current(_ type: Any.Type) throws -> Int {
        guard !isAtEnd else { throw ended(type) }
        return Int(next)
    }

    @inline(__always)
    private mutating func advance() {
        next = document.tape[Int(next)].next
        position &+= 1
    }

    @inline(never)
    private func ended(_ type: Any.Type) -> DecodingError {
        let path = codingPath + [JSONKey(intValue: currentIndex)]
        return .valueNotFound(
            type,
            DecodingError.Context(
                codingPath: path, debugDescription: "expected another element, the array has only \(position)"))
    }
}
