/// A decoder that gives a type made-up values and notes what it asks for.
nonisolated final class SchemaRecorder: Decoder {
    let codingPath: [any CodingKey] = []
    let userInfo: [CodingUserInfoKey: Any] = [:]
    let registry: SchemaRegistry
    private let depth: Int

    private enum Asked {
        case nothing
        case value(Schema)
        case object([String: Property])
        case array(SchemaRecorder?)
    }

    /// What is noted of one name.
    private struct Property {
        var schema: Schema?
        var nested: SchemaRecorder?
        var isRequired = true
        var isNullable = false
    }

    private var asked = Asked.nothing
    private var allowsNull = false

    init(_ registry: SchemaRegistry, depth: Int = 0) {
        self.registry = registry
        self.depth = depth
    }

    deinit {}

    /// What has been asked for so far.
    var schema: Schema {
        var schema: Schema
        switch asked {
        case .nothing: return Schema()
        case .value(let value): schema = value
        case .array(let element): schema = .array(of: element?.schema ?? Schema())
        case .object(let properties):
            schema = .object(
                properties.mapValues { property in
                    let schema = property.schema ?? property.nested?.schema ?? Schema()
                    return property.isNullable ? schema.nullable : schema
                },
                required: properties.filter(\.value.isRequired).map(\.key).sorted())
        }
        if allowsNull { schema.isNullable = true }
        return schema
    }

    // MARK: What the containers note

    func noteNull() { allowsNull = true }

    func note(value schema: Schema) { asked = .value(schema) }

    func note(_ schema: Schema, of name: String, isRequired: Bool) {
        change(name) { property in
            property.schema = schema
            if !isRequired { property.isRequired = false }
        }
    }

    /// The type finds out first whether there is a value: it does without.
    func noteOptional(_ name: String) { change(name) { $0.isRequired = false } }

    /// What may be left out need not be `null` besides: that is how optional properties are decoded.
    func noteNull(_ name: String) { change(name) { $0.isNullable = $0.isRequired } }

    func nested(_ name: String) throws -> SchemaRecorder {
        let recorder = try deeper()
        change(name) { $0.nested = recorder }
        return recorder
    }

    /// The recorder of the elements.
    func element() throws -> SchemaRecorder {
        if case .array(let element?) = asked { return element }
        let recorder = try deeper()
        asked = .array(recorder)
        return recorder
    }

    /// A type may ask for containers in containers for ever, where it only stops at data.
    private func deeper() throws -> SchemaRecorder {
        guard depth < 32 else { throw NoSample() }
        return SchemaRecorder(registry, depth: depth + 1)
    }

    private func change(_ name: String, _ change: (inout Property) -> Void) {
        var properties: [String: Property] = [:]
        if case .object(let known) = asked { properties = known }
        change(&properties[name, default: Property()])
        asked = .object(properties)
    }

    // MARK: Decoder

    func container<Key: CodingKey>(keyedBy type: Key.Type) throws -> KeyedDecodingContainer<Key> {
        if case .object = asked {} else { asked = .object([:]) }
        return KeyedDecodingContainer(KeyedSchemaRecorder(recorder: self))
    }

    func unkeyedContainer() throws -> any UnkeyedDecodingContainer {
        if case .array = asked {} else { asked = .array(nil) }
        return UnkeyedSchemaRecorder(recorder: self)
    }

    func singleValueContainer() throws -> any SingleValueDecodingContainer { SingleSchemaRecorder(recorder: self) }
}

/// There is no made-up value of a type.
nonisolated struct NoSample: Error {}

private nonisolated struct KeyedSchemaRecorder<Key: CodingKey>: KeyedDecodingContainerProtocol {
    let recorder: SchemaRecorder
    var codingPath: [any CodingKey] { [] }
    var allKeys: [Key] { [] }

    func contains(_ key: Key) -> Bool {
        recorder.noteOptional(key.stringValue)
        return true
    }

    func decodeNil(forKey key: Key) throws -> Bool {
        recorder.noteNull(key.stringValue)
        return false
    }

    func decode<Value: Decodable>(_ type: Value.Type, forKey key: Key) throws -> Value {
        recorder.note(recorder.registry.schema(of: type), of: key.stringValue, isRequired: true)
        return try recorder.registry.sample(of: type)
    }

    func decodeIfPresent<Value: Decodable>(_ type: Value.Type, forKey key: Key) throws -> Value? {
        recorder.note(recorder.registry.schema(of: type), of: key.stringValue, isRequired: false)
        return nil
    }

    func nestedContainer<Nested: CodingKey>(
        keyedBy type: Nested.Type, forKey key: Key
    ) throws -> KeyedDecodingContainer<Nested> {
        try recorder.nested(key.stringValue).container(keyedBy: type)
    }

    func nestedUnkeyedContainer(forKey key: Key) throws -> any UnkeyedDecodingContainer {
        try recorder.nested(key.stringValue).unkeyedContainer()
    }

    func superDecoder() throws -> any Decoder { try recorder.nested("super") }

    func superDecoder(forKey key: Key) throws -> any Decoder { try recorder.nested(key.stringValue) }
}

/// An array of one element; who asks for more gets more.
private nonisolated struct UnkeyedSchemaRecorder: UnkeyedDecodingContainer {
    let recorder: SchemaRecorder
    private(set) var currentIndex = 0
    private static let most = 64

    init(recorder: SchemaRecorder) { self.recorder = recorder }

    var codingPath: [any CodingKey] { [] }
    var count: Int? { nil }
    var isAtEnd: Bool { currentIndex > 0 }

    mutating func decodeNil() -> Bool { false }

    mutating func decode<Value: Decodable>(_ type: Value.Type) throws -> Value {
        try next().note(value: recorder.registry.schema(of: type))
        return try recorder.registry.sample(of: type)
    }

    mutating func decodeIfPresent<Value: Decodable>(_ type: Value.Type) throws -> Value? {
        try next().note(value: recorder.registry.schema(of: type).nullable)
        return nil
    }

    mutating func nestedContainer<Key: CodingKey>(keyedBy type: Key.Type) throws -> KeyedDecodingContainer<Key> {
        try next().container(keyedBy: type)
    }

    mutating func nestedUnkeyedContainer() throws -> any UnkeyedDecodingContainer { try next().unkeyedContainer() }

    mutating func superDecoder() throws -> any Decoder { try next() }

    private mutating func next() throws -> SchemaRecorder {
        guard currentIndex < Self.most else { throw NoSample() }
        currentIndex += 1
        return try recorder.element()
    }
}

private nonisolated struct SingleSchemaRecorder: SingleValueDecodingContainer {
    let recorder: SchemaRecorder
    var codingPath: [any CodingKey] { [] }

    func decodeNil() -> Bool {
        recorder.noteNull()
        return false
    }

    func decode<Value: Decodable>(_ type: Value.Type) throws -> Value {
        recorder.note(value: recorder.registry.schema(of: type))
        return try recorder.registry.sample(of: type)
    }
}
