import MartletHTTP

/// A value of JSON (RFC 8259), for examples and enumerations of a ``Schema``.
public nonisolated enum SchemaValue: Hashable, Sendable {
    /// `null`.
    case null
    /// `true` or `false`.
    case boolean(Bool)
    /// A number without fraction.
    case integer(Int64)
    /// A number; one that is not finite is written as `null`.
    case number(Double)
    /// A text.
    case string(String)
    /// Values in order.
    case array([SchemaValue])
    /// Values by name, written in the order of the alphabet.
    case object([String: SchemaValue])

    func append(to json: inout ByteBuffer) {
        switch self {
        case .null: json.append("null")
        case .boolean(let value): json.append(value ? "true" : "false")
        case .integer(let value): json.append(utf8: String(value))
        case .number(let value): json.append(utf8: value.isFinite ? Self.text(of: value) : "null")
        case .string(let text): json.append(jsonString: text)
        case .array(let values):
            json.append("[")
            for (index, value) in values.enumerated() {
                if index > 0 { json.append(",") }
                value.append(to: &json)
            }
            json.append("]")
        case .object(let members):
            json.append("{")
            for (index, member) in members.sorted(by: { $0.key < $1.key }).enumerated() {
                if index > 0 { json.append(",") }
                json.append(jsonString: member.key)
                json.append(":")
                member.value.append(to: &json)
            }
            json.append("}")
        }
    }

    /// `3` of 3.0: that is how the number would be written by hand.
    private static func text(of value: Double) -> String {
        Int64(exactly: value).map { String($0) } ?? String(value)
    }
}

nonisolated extension SchemaValue: ExpressibleByStringLiteral, ExpressibleByIntegerLiteral, ExpressibleByFloatLiteral,
    ExpressibleByBooleanLiteral, ExpressibleByNilLiteral, ExpressibleByArrayLiteral, ExpressibleByDictionaryLiteral
{
    /// A text.
    public init(stringLiteral text: String) { self = .string(text) }

    /// A number without fraction.
    public init(integerLiteral value: Int64) { self = .integer(value) }

    /// A number.
    public init(floatLiteral value: Double) { self = .number(value) }

    /// `true` or `false`.
    public init(booleanLiteral value: Bool) { self = .boolean(value) }

    /// `null`.
    public init(nilLiteral: ()) { self = .null }

    /// Values in order.
    public init(arrayLiteral values: SchemaValue...) { self = .array(values) }

    /// Values by name; of a name that is repeated, the last.
    public init(dictionaryLiteral members: (String, SchemaValue)...) {
        self = .object(Dictionary(members) { $1 })
    }
}
