/// Writes values as JSON (RFC 8259), without white space.
///
/// Members are in the order in which a type encodes them, which for the compiler's own `encode(to:)` is that of
/// declaration; those of dictionaries with string or integer keys are sorted by the bytes of the key: equal values give
/// equal bytes. A slash is not escaped, nor is what lies beyond ASCII.
///
/// ```swift
/// let bytes = try JSONWriter().write(order)
/// ```
public struct JSONWriter: Sendable {
    /// How deep values may lie in each other: what contains itself is an error and not a stack overflow.
    public var depthLimit: Int
    /// Types that are not written with their own `encode(to:)`.
    public var conversions: JSONConversions
    /// What encoders show to the values that they encode.
    public var userInfo: [CodingUserInfoKey: any Sendable] = [:]

    /// A writer of values.
    public init(conversions: JSONConversions = JSONConversions(), depthLimit: Int = 512) {
        self.conversions = conversions
        self.depthLimit = depthLimit
    }

    /// The value as JSON.
    ///
    /// - Throws: `EncodingError` with the path to a number that is not finite, or to containers that were not written as
    ///   the protocols ask. Also whatever the value's own `encode(to:)` throws.
    public func write(_ value: some Encodable) throws -> [UInt8] {
        try withBytes(of: value) { Array($0) }
    }

    /// Calls `body` with the value as JSON, to copy it to where it is wanted; as `write(_:)` without the array.
    public func withBytes<Result>(
        of value: some Encodable, _ body: (UnsafeRawBufferPointer) throws -> Result
    ) throws -> Result {
        var output = SpareOutput.take(for: self)
        try output.write(value)
        let result = try body(UnsafeRawBufferPointer(output.bytes.readable))
        SpareOutput.keep(&output)
        return result
    }
}
