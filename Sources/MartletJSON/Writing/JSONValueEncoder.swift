/// What `encode(to:)` gets: the place of one value in the document.
struct JSONValueEncoder: Encoder {
    let output: JSONOutput
    let serial: Int

    var codingPath: [any CodingKey] { output.path }
    var userInfo: [CodingUserInfoKey: Any] { output.writer.userInfo }

    func container<Key: CodingKey>(keyedBy type: Key.Type) -> KeyedEncodingContainer<Key> {
        output.decide(.object, serial, isDictionary: DictionaryKey.isKey(type))
        return KeyedEncodingContainer(JSONKeyedEncoding<Key>(output: output, serial: serial))
    }

    func unkeyedContainer() -> any UnkeyedEncodingContainer {
        output.decide(.array, serial)
        return JSONUnkeyedEncoding(output: output, serial: serial)
    }

    func singleValueContainer() -> any SingleValueEncodingContainer { self }
}

extension JSONValueEncoder: SingleValueEncodingContainer {
    func encodeNil() throws {
        output.decide(.scalar, serial)
        output.writeNull()
    }

    func encode<Value: Encodable>(_ value: Value) throws {
        output.decide(.scalar, serial)
        try output.write(value)
    }
}
