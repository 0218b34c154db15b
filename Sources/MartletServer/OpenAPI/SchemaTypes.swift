import FoundationEssentials

/// The types whose schemas are known.
nonisolated enum KnownSchemas {
    /// The schema of a type, and a value of it to go on with.
    static func find(_ type: Any.Type) -> (schema: Schema, sample: Any)? { byType[ObjectIdentifier(type)] }

    // Immutable after its making.
    private static let byType: [ObjectIdentifier: (schema: Schema, sample: any Sendable)] = {
        var known: [ObjectIdentifier: (schema: Schema, sample: any Sendable)] = [:]
        func add<Value: Sendable>(_ sample: Value, _ schema: Schema) {
            known[ObjectIdentifier(Value.self)] = (schema, sample)
        }
        func addInteger<Value: FixedWidthInteger & Sendable>(_ type: Value.Type, format: String?) {
            var schema = Schema(.integer, format: format)
            // Formats there are for two widths only; a bound says the rest where a double can hold it.
            if !Value.isSigned { schema.minimum = 0 } else if format == nil { schema.minimum = Double(Value.min) }
            if format == nil, Value.bitWidth < 64 { schema.maximum = Double(Value.max) }
            add(Value(0), schema)
        }
        addInteger(Int.self, format: "int64")
        addInteger(Int64.self, format: "int64")
        addInteger(Int32.self, format: "int32")
        addInteger(Int16.self, format: nil)
        addInteger(Int8.self, format: nil)
        addInteger(UInt.self, format: "int64")
        addInteger(UInt64.self, format: "int64")
        addInteger(UInt32.self, format: nil)
        addInteger(UInt16.self, format: nil)
        addInteger(UInt8.self, format: nil)
        add(false, Schema(.boolean))
        add("", Schema(.string))
        add(Double(0), Schema(.number, format: "double"))
        add(Float(0), Schema(.number, format: "float"))
        add(Decimal(0), Schema(.number))
        add(Date(timeIntervalSince1970: 0), Schema(.string, format: "date-time"))
        add(UUID(uuid: (0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0)), Schema(.string, format: "uuid"))
        if let url = URL(string: "http://localhost/") { add(url, Schema(.string, format: "uri")) }
        var bytes = Schema(.string)
        bytes.contentEncoding = "base64"
        add(Data(), bytes)
        return known
    }()
}

/// A type that holds values of another one.
nonisolated protocol SchemaContainer {
    /// The schema, made of that of the types within.
    static func schema(_ schemaOf: (Any.Type) -> Schema) -> Schema
    /// A value without any within.
    static var empty: Any { get }
}

extension Optional: SchemaContainer {
    nonisolated static func schema(_ schemaOf: (Any.Type) -> Schema) -> Schema { schemaOf(Wrapped.self).nullable }
    nonisolated static var empty: Any { Self.none as Any }
}

extension Array: SchemaContainer {
    nonisolated static func schema(_ schemaOf: (Any.Type) -> Schema) -> Schema { .array(of: schemaOf(Element.self)) }
    nonisolated static var empty: Any { [Element]() }
}

extension Set: SchemaContainer {
    nonisolated static func schema(_ schemaOf: (Any.Type) -> Schema) -> Schema {
        var schema = Schema.array(of: schemaOf(Element.self))
        schema.hasUniqueItems = true
        return schema
    }
    nonisolated static var empty: Any { Set<Element>() }
}

extension Dictionary: SchemaContainer {
    nonisolated static func schema(_ schemaOf: (Any.Type) -> Schema) -> Schema {
        // Keys that are no names are coded as an array of keys and values in turns.
        guard Key.self == String.self || Key.self == Int.self || Key.self is any CodingKeyRepresentable.Type else {
            return Schema(.array)
        }
        var schema = Schema(.object)
        schema.additionalProperties = schemaOf(Value.self)
        return schema
    }
    nonisolated static var empty: Any { [Key: Value]() }
}
