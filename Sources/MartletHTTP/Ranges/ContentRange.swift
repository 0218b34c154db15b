/// The value of Content-Range, RFC 9110 §14.4: where the bytes of an answer belong.
public struct ContentRange: Hashable, Sendable {
    /// The bytes that are sent; nil with 416, when none are.
    public let range: Range<UInt64>?
    /// The length of the whole representation.
    public let length: UInt64

    /// For a 206: `range`, which is not empty and ends within `length`.
    public init(_ range: Range<UInt64>, of length: UInt64) {
        precondition(!range.isEmpty && range.upperBound <= length, "a range beyond the representation")
        self.range = range
        self.length = length
    }

    private init(unsatisfiedOf length: UInt64) {
        range = nil
        self.length = length
    }

    /// For a 416: what the length would have been.
    public static func unsatisfied(length: UInt64) -> ContentRange {
        ContentRange(unsatisfiedOf: length)
    }
}

extension ContentRange: CustomStringConvertible {
    /// The field value: `bytes 0-499/1234`, or `bytes */1234`.
    public var description: String {
        guard let range else { return "bytes */\(length)" }
        return "bytes \(range.lowerBound)-\(range.upperBound - 1)/\(length)"
    }
}
