/// A value in a row, or for a parameter of a statement (sqlite.org/datatype3.html).
public enum SQLiteValue: Hashable, Sendable {
    /// Nothing.
    case null
    /// A whole number of 64 bits.
    case integer(Int64)
    /// A floating-point number.
    case real(Double)
    /// Text, as UTF-8.
    case text(String)
    /// Bytes.
    case blob([UInt8])

    /// A number that may be missing.
    public init(_ value: Int?) {
        self = value.map { .integer(Int64($0)) } ?? .null
    }

    /// A text that may be missing.
    public init(_ value: String?) {
        self = value.map(SQLiteValue.text) ?? .null
    }

    /// A truth, as 0 or 1.
    public init(_ value: Bool) {
        self = .integer(value ? 1 : 0)
    }

    /// What is missing where a value is expected, in words.
    var kind: String {
        switch self {
        case .null: "NULL"
        case .integer: "an integer"
        case .real: "a real number"
        case .text: "a text"
        case .blob: "a blob"
        }
    }
}

extension SQLiteValue: ExpressibleByIntegerLiteral, ExpressibleByStringLiteral, ExpressibleByFloatLiteral,
    ExpressibleByBooleanLiteral, ExpressibleByNilLiteral
{
    /// `.integer`
    public init(integerLiteral value: Int64) { self = .integer(value) }
    /// `.text`
    public init(stringLiteral value: String) { self = .text(value) }
    /// `.real`
    public init(floatLiteral value: Double) { self = .real(value) }
    /// `.integer` of 0 or 1.
    public init(booleanLiteral value: Bool) { self.init(value) }
    /// `.null`
    public init(nilLiteral: ()) { self = .null }
}
