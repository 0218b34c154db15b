/// A value of the Redis serialization protocol, of version 2 or 3
/// (<https://redis.io/docs/latest/develop/reference/protocol-spec/>).
///
/// Bytes stay bytes: nobody but the application knows whether they are text.
public enum RESPValue: Hashable, Sendable {
    /// `$5`: bytes.
    case bulk([UInt8])
    /// `+OK`: a short text, mostly a status.
    case simple(String)
    /// `:42`.
    case integer(Int64)
    /// `_`, and version 2's `$-1` and `*-1`: there is nothing.
    case null
    /// `*3`: values in order.
    case array([RESPValue])
    /// `%2`: keys and values in the order of the server. Version 2 has arrays of them in turn in its place.
    case map([Entry])
    /// `~3`: values of which none is there twice, in no particular order. Version 2 has arrays in its place.
    case set([RESPValue])
    /// `,3.14`; also `inf`, `-inf` and `nan`. Version 2 has bulks in its place.
    case double(Double)
    /// `#t`. Version 2 has the integers 1 and 0 in its place.
    case boolean(Bool)
    /// `(3492890328409238509324850943850943825024385`: an integer of any size, its digits.
    case bigNumber(String)
    /// `=15`: text with its format, three letters such as `txt` or `mkd`.
    indirect case verbatim(format: String, text: [UInt8])
    /// `-ERR …` or `!21`: what went wrong.
    case error(RESPErrorReply)
    /// `>3`: what the server says unasked. At the top only.
    case push([RESPValue])
    /// `|1`: a value with what the server says about it. Only from a parser that keeps attributes.
    indirect case attributed(RESPValue, attributes: [Entry])

    /// A key of a map and its value.
    public struct Entry: Hashable, Sendable {
        /// The key, mostly a text.
        public var key: RESPValue
        /// The value.
        public var value: RESPValue

        /// A pair.
        public init(_ key: RESPValue, _ value: RESPValue) {
            self.key = key
            self.value = value
        }
    }
}

extension RESPValue {
    /// A bulk of the text's UTF-8.
    public static func bulk(_ text: String) -> RESPValue { .bulk(Array(text.utf8)) }

    /// What kind of value it is, for messages: `"array"`.
    public var kind: String {
        switch self {
        case .bulk: "bulk string"
        case .simple: "simple string"
        case .integer: "integer"
        case .null: "null"
        case .array: "array"
        case .map: "map"
        case .set: "set"
        case .double: "double"
        case .boolean: "boolean"
        case .bigNumber: "big number"
        case .verbatim: "verbatim string"
        case .error: "error"
        case .push: "push"
        case .attributed(let value, _): value.kind
        }
    }

    /// Whether there is nothing.
    public var isNull: Bool {
        if case .null = self { true } else { false }
    }

    /// The bytes of a bulk, a simple string, a verbatim text or a big number; `nil` for everything else.
    public var bytes: [UInt8]? {
        switch self {
        case .bulk(let bytes), .verbatim(_, let bytes): bytes
        case .simple(let text), .bigNumber(let text): Array(text.utf8)
        case .attributed(let value, _): value.bytes
        default: nil
        }
    }

    /// The text of what has ``bytes``; what is no UTF-8 is replaced by U+FFFD.
    public var text: String? {
        switch self {
        case .bulk(let bytes), .verbatim(_, let bytes): String(decoding: bytes, as: UTF8.self)
        case .simple(let text), .bigNumber(let text): text
        case .attributed(let value, _): value.text
        default: nil
        }
    }

    /// The values of an array, a set or a push, and keys and values of a map in turn, as version 2 has them; `nil` for
    /// everything else.
    public var elements: [RESPValue]? {
        switch self {
        case .array(let values), .set(let values), .push(let values): values
        case .map(let entries): entries.flatMap { [$0.key, $0.value] }
        case .attributed(let value, _): value.elements
        default: nil
        }
    }

    /// The entries of a map, or of an array of keys and values in turn, as version 2 has it; `nil` for everything else.
    public var entries: [Entry]? {
        switch self {
        case .map(let entries): return entries
        case .array(let values) where values.count % 2 == 0:
            return stride(from: 0, to: values.count, by: 2).map { Entry(values[$0], values[$0 + 1]) }
        case .attributed(let value, _): return value.entries
        default: return nil
        }
    }
}
