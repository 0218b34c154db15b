/// The key type that the standard library's dictionaries encode themselves with. It has no public name, so it is
/// learnt from a dictionary.
enum DictionaryKey {
    static func isKey(_ type: Any.Type) -> Bool { ObjectIdentifier(type) == identifier }

    private static let identifier: ObjectIdentifier? = {
        let probe = Probe()
        try? [String: Int]().encode(to: probe)
        return probe.keyType
    }()

    /// An encoder that only notes what key type it is asked for.
    private final class Probe: Encoder {
        var keyType: ObjectIdentifier?
        let codingPath: [any CodingKey] = []
        let userInfo: [CodingUserInfoKey: Any] = [:]
        private let discarded = JSONValueEncoder(output: JSONOutput(JSONWriter()), serial: 0)

        func container<Key: CodingKey>(keyedBy type: Key.Type) -> KeyedEncodingContainer<Key> {
            keyType = ObjectIdentifier(type)
            return KeyedEncodingContainer(JSONKeyedEncoding<Key>(output: discarded.output, serial: 0))
        }

        func unkeyedContainer() -> any UnkeyedEncodingContainer { discarded.unkeyedContainer() }

        func singleValueContainer() -> any SingleValueEncodingContainer { discarded }
    }
}
