/// Types whose form in JSON is not the one of their `Codable` conformance: a date as text, bytes as Base64.
///
/// Holds wherever such a value occurs, in properties, elements, optionals and as the whole document. A type is found by
/// comparing it with each that was added, so keep them few.
public struct JSONConversions: Sendable {
    struct Conversion: Sendable {
        let type: ObjectIdentifier
        let read: @Sendable (any Decoder) throws -> Any
        let write: @Sendable (Any, any Encoder) throws -> Void
    }

    private var conversions: [Conversion] = []

    /// No conversions.
    public init() {}

    /// Reads and writes values of `type` with these functions in place of its `init(from:)` and `encode(to:)`.
    ///
    /// The value handed to `write` must be written in another form, such as a string: writing the value itself would
    /// come back to this conversion. What is added last for a type holds. Strings, numbers, booleans and arrays of strings
    /// are always read and written as they are.
    public mutating func add<Value>(
        _ type: Value.Type, read: @escaping @Sendable (any Decoder) throws -> Value,
        write: @escaping @Sendable (Value, any Encoder) throws -> Void
    ) {
        conversions.insert(
            Conversion(
                type: ObjectIdentifier(type), read: read,
                // Called for values of exactly this type, which is what the conversion is found by.
                write: { try write($0 as! Value, $1) }), at: 0)
    }

    @inline(__always)
    func conversion(of type: Any.Type) -> Conversion? {
        if conversions.isEmpty { return nil }
        let wanted = ObjectIdentifier(type)
        return conversions.first { $0.type == wanted }
    }
}
