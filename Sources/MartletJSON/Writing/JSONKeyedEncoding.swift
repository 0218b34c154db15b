/// An object that is being written. Members come in the order in which they are encoded.
struct JSONKeyedEncoding<Key: CodingKey>: KeyedEncodingContainerProtocol {
    let output: JSONOutput
    let serial: Int

    var codingPath: [any CodingKey] { output.path }

    func encodeNil(forKey key: Key) throws {
        try output.beginMember(key.stringValue, serial)
        output.writeNull()
    }

    // One method is the witness of those for each type: the compiler makes a version for each, without the others' cases.
    func encode<Value: Encodable>(_ value: Value, forKey key: Key) throws {
        try output.beginMember(key.stringValue, serial)
        try output.write(value, key: key)
    }

    func nestedContainer<Nested: CodingKey>(
        keyedBy type: Nested.Type, forKey key: Key
    ) -> KeyedEncodingContainer<Nested> {
        encoder(key).container(keyedBy: type)
    }

    func nestedUnkeyedContainer(forKey key: Key) -> any UnkeyedEncodingContainer { encoder(key).unkeyedContainer() }

    func superEncoder() -> any Encoder { encoder(JSONKey.base) }

    func superEncoder(forKey key: Key) -> any Encoder { encoder(key) }

    private func encoder(_ key: some CodingKey) -> JSONValueEncoder {
        // A failure is kept by the output, and thrown when the value ends.
        try? output.beginMember(key.stringValue, serial)
        return output.encoderToBeInserted(key)
    }
}
