/// Reads values from JSON (RFC 8259), strictly: the document is one value of UTF-8 without a byte order mark.
///
/// The whole document is checked before the first value is made. Integers are exact up to 128 bits, and `1.0` or `1e3`
/// are integers too; other numbers are rounded correctly. Of equal keys in an object the last one holds. Half a
/// surrogate pair is refused, as no Swift string can hold it.
///
/// ```swift
/// let order = try JSONReader().read(Order.self, from: body.span)
/// ```
///
/// Reading takes time in proportion to the document, and besides the values some eight bytes of memory per byte of it
/// at worst.
public struct JSONReader: Sendable {
    /// How deep containers may lie in each other. Types that contain themselves are decoded recursively, so a limit
    /// protects the stack.
    public var depthLimit: Int
    /// Types that are not read with their own `init(from:)`.
    public var conversions: JSONConversions
    /// What decoders show to the types that they decode.
    public var userInfo: [CodingUserInfoKey: any Sendable] = [:]

    /// A reader of values.
    public init(conversions: JSONConversions = JSONConversions(), depthLimit: Int = 128) {
        self.conversions = conversions
        self.depthLimit = depthLimit
    }

    /// The value that the document holds.
    ///
    /// - Throws: `DecodingError` with the path to the value that does not fit; when the document is not JSON,
    ///   `dataCorrupted` with the line, the column and a `JSONSyntaxError` below. `explanation(of:)` makes one line of
    ///   it. Also whatever the type's own `init(from:)` throws.
    public func read<Value: Decodable>(_ type: Value.Type, from document: Span<UInt8>) throws -> Value {
        try document.withUnsafeBufferPointer { try read(type, from: $0) }
    }

    /// The value that the document holds, as `read(_:from:)` of a `Span`.
    public func read<Value: Decodable>(_ type: Value.Type, from document: [UInt8]) throws -> Value {
        try document.withUnsafeBufferPointer { try read(type, from: $0) }
    }

    private func read<Value: Decodable>(_ type: Value.Type, from bytes: UnsafeBufferPointer<UInt8>) throws -> Value {
        var document: JSONDocument
        do throws(JSONSyntaxError) {
            document = try JSONDocument(bytes, reader: self)
        } catch {
            throw DecodingError.dataCorrupted(
                DecodingError.Context(codingPath: [], debugDescription: error.description, underlyingError: error))
        }
        // Somebody may have kept a decoder.
        defer { if !isKnownUniquelyReferenced(&document) { document.keepBytes() } }
        return try document.value(type, at: JSONDocument.root)
    }
}
