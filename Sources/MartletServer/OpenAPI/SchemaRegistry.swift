/// The schemas of types, and of those within them. Objects and enumerations get a name among the document's components.
///
/// A type that can be decoded is, from made-up values, and is watched. What it has asked for by the time it refuses
/// them is its schema all the same; a type that has not asked for anything, and says nothing itself, may be anything.
nonisolated final class SchemaRegistry {
    /// The components, by name.
    private(set) var components: [String: Schema] = [:]
    private var names: [ObjectIdentifier: String] = [:]
    private var schemas: [ObjectIdentifier: Schema] = [:]
    private var samples: [ObjectIdentifier: Any] = [:]
    /// Types that are being decoded: one that comes again within itself is recursive.
    private var open: Set<ObjectIdentifier> = []

    /// The most types within each other: a generic one may hold another of itself for ever.
    private static let mostOpen = 64
    /// Names that no type gets.
    private let reserved: Set<String>

    init(reserving names: Set<String> = []) {
        reserved = names
    }

    deinit {}

    /// The schema of a type, or a reference to it.
    func schema(of type: Any.Type) -> Schema {
        let key = ObjectIdentifier(type)
        if let known = KnownSchemas.find(type) { return known.schema }
        if let known = schemas[key] { return known }
        // Said by the type itself: before anything that could be found out.
        if let type = type as? any SchemaProviding.Type { return keep(type.schema, of: type) }
        if let type = type as? any SchemaContainer.Type { return type.schema(schema(of:)) }
        if open.contains(key) { return .reference(to: name(of: type)) }
        if let type = type as? any (CaseIterable & RawRepresentable).Type, let schema = Self.enumeration(type) {
            return keep(schema, of: type)
        }
        guard open.count < Self.mostOpen, let type = type as? any Decodable.Type else { return Schema() }
        return record(type)
    }

    /// A made-up value.
    ///
    /// - Throws: when the type accepts none.
    func sample<Value: Decodable>(of type: Value.Type) throws -> Value {
        let key = ObjectIdentifier(type)
        if let sample = KnownSchemas.find(type)?.sample as? Value { return sample }
        if let sample = samples[key] as? Value { return sample }
        if let container = type as? any SchemaContainer.Type, let sample = container.empty as? Value { return sample }
        if let type = type as? any CaseIterable.Type, let sample = Self.firstCase(type) as? Value { return sample }
        // One that says itself what it is has not been decoded yet.
        guard schemas[key] != nil, !open.contains(key) else { throw NoSample() }
        open.insert(key)
        defer { open.remove(key) }
        let sample = try Value(from: SchemaRecorder(self))
        samples[key] = sample
        return sample
    }

    /// The properties of a type that is coded as an object.
    func properties(of type: Any.Type) -> [(name: String, schema: Schema, isRequired: Bool)] {
        let schema = schema(of: type)
        guard let object = schema.reference.map({ components[$0] }) ?? schema else { return [] }
        return object.properties.sorted { $0.key < $1.key }
            .map { ($0.key, $0.value, object.required.contains($0.key)) }
    }

    /// Adds a component that is no type's; returns a reference to it.
    func add(_ schema: Schema, named name: String) -> Schema {
        components[name] = schema
        return .reference(to: name)
    }

    private func record(_ type: any Decodable.Type) -> Schema {
        let key = ObjectIdentifier(type)
        open.insert(key)
        let recorder = SchemaRecorder(self)
        if let sample = try? type.init(from: recorder) { samples[key] = sample }
        open.remove(key)
        return keep(recorder.schema, of: type)
    }

    private func keep(_ schema: Schema, of type: Any.Type) -> Schema {
        let isNamed = names[ObjectIdentifier(type)] != nil || !schema.properties.isEmpty || schema.allowedValues != nil
        guard isNamed, schema.reference == nil else {
            schemas[ObjectIdentifier(type)] = schema
            return schema
        }
        let reference = add(schema, named: name(of: type))
        schemas[ObjectIdentifier(type)] = reference
        return reference
    }

    private static func firstCase<Cases: CaseIterable>(_ type: Cases.Type) -> Any? { Cases.allCases.first }

    private static func enumeration<Cases: CaseIterable & RawRepresentable>(_ type: Cases.Type) -> Schema? {
        let values = Cases.allCases.map(\.rawValue)
        var schema: Schema
        switch values {
        case let texts as [String]:
            schema = Schema(.string)
            schema.allowedValues = texts.map { .string($0) }
        case let numbers as [any FixedWidthInteger]:
            schema = Schema(.integer)
            schema.allowedValues = numbers.map { .integer(Int64(clamping: $0)) }
        default: return nil
        }
        return schema.allowedValues?.isEmpty == false ? schema : nil
    }

    // MARK: Names

    /// `Page_Todo` of `Page<Todo>`; where another type has that name, `Shop.Page_Todo`, or one with a number.
    private func name(of type: Any.Type) -> String {
        if let name = names[ObjectIdentifier(type)] { return name }
        let taken = Set(names.values).union(components.keys).union(reserved)
        let short = Self.componentName(String(describing: type))
        let long = Self.componentName(String(reflecting: type))
        let name =
            [short, long].first { !taken.contains($0) }
            ?? (2...).lazy.map { "\(long)\($0)" }.first { !taken.contains($0) } ?? long
        names[ObjectIdentifier(type)] = name
        return name
    }

    /// Component names are made of letters, digits, `.`, `-` and `_` (OpenAPI 3.1 §4.8.7.1).
    private static func componentName(_ text: String) -> String {
        let parts = text.split { !($0.isASCII && ($0.isLetter || $0.isNumber || $0 == "." || $0 == "_")) }
        return parts.isEmpty ? "Type" : parts.joined(separator: "_")
    }
}
