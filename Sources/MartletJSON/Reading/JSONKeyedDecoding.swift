/// An object whose members are asked for by key.
struct JSONKeyedDecoding<Key: CodingKey>: KeyedDecodingContainerProtocol {
    let object: JSONObject

    private var document: JSONDocument { object.document }

    var codingPath: [any CodingKey] { document.path(to: object.index) }

    var allKeys: [Key] { object.keys.compactMap { Key(stringValue: document.text(document.tape[$0])) } }

    func contains(_ key: Key) -> Bool { object.value(forKey: key.stringValue) != nil }

    func decodeNil(forKey key: Key) throws -> Bool { document.isNull(at: try index(of: key)) }

    // One method is the witness of those for each type: the compiler makes a version for each, without the others' cases.
    func decode<Value: Decodable>(_ type: Value.Type, forKey key: Key) throws -> Value {
        try document.value(type, at: index(of: key))
    }

    func decodeIfPresent<Value: Decodable>(_ type: Value.Type, forKey key: Key) throws -> Value? {
        guard let index = object.value(forKey: key.stringValue), !document.isNull(at: index) else { return nil }
        return try document.value(type, at: index)
    }

    func nestedContainer<Nested: CodingKey>(
        keyedBy type: Nested.Type, forKey key: Key
    ) throws -> KeyedDecodingContainer<Nested> {
        try decoder(key).container(keyedBy: type)
    }

    func nestedUnkeyedContainer(forKey key: Key) throws -> any UnkeyedDecodingContainer {
        try decoder(key).unkeyedContainer()
    }

    func superDecoder() throws -> any Decoder { try decoder(JSONKey.base) }

    func superDecoder(forKey key: Key) throws -> any Decoder { try decoder(key) }

    private func decoder(_ key: some CodingKey) throws -> JSONValueDecoder {
        JSONValueDecoder(document: document, index: try index(of: key))
    }

    @inline(__always)
    private func index(of key: some CodingKey) throws -> Int {
        guard let index = object.value(forKey: key.stringValue) else { throw missing(key) }
        return index
    }

    @inline(never)
    private func missing(_ key: some CodingKey) -> DecodingError {
        .keyNotFound(
            key,
            DecodingError.Context(codingPath: codingPath, debugDescription: "the key \"\(key.stringValue)\" is missing")
        )
    }
}
