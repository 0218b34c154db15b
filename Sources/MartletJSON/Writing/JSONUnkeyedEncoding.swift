/// An array that is being written.
struct JSONUnkeyedEncoding: UnkeyedEncodingContainer {
    let output: JSONOutput
    let serial: Int

    var codingPath: [any CodingKey] { output.path }

    var count: Int { output.count(serial) }

    func encodeNil() throws {
        try output.beginElement(serial)
        output.writeNull()
    }

    // One method is the witness of those for each type: the compiler makes a version for each, without the others' cases.
    func encode<Value: Encodable>(_ value: Value) throws {
        try output.beginElement(serial)
        try output.write(value)
    }

    func nestedContainer<Nested: CodingKey>(keyedBy type: Nested.Type) -> KeyedEncodingContainer<Nested> {
        encoder().container(keyedBy: type)
    }

    func nestedUnkeyedContainer() -> any UnkeyedEncodingContainer { encoder().unkeyedContainer() }

    func superEncoder() -> any Encoder { encoder() }

    private func encoder() -> JSONValueEncoder {
        let key = JSONKey(intValue: count)
        // A failure is kept by the output, and thrown when the value ends.
        try? output.beginElement(serial)
        return output.encoderToBeInserted(key)
    }
}
