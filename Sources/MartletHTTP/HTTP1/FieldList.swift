/// A cursor over a comma-separated list of tokens in a field value, RFC 9110 §5.6.1.
struct FieldList {
    private var position: Int
    private let end: Int

    init(_ value: ByteRange) {
        position = Int(value.start)
        end = Int(value.end)
    }

    /// The next token, nil at the end; empty elements are skipped.
    ///
    /// - Parameter name: the field's name, for the error thrown when an element is not a token.
    mutating func next(in bytes: Span<UInt8>, of name: StaticString) throws(HTTP1Error) -> ByteRange? {
        while position < end {
            let comma = bytes.firstIndex(of: ASCII.comma, from: position, to: end) ?? end
            let element = bytes.trimmed(position, comma)
            position = comma + 1
            if element.isEmpty { continue }
            for i in element.range where !ByteClass.isToken(bytes[i]) {
                throw HTTP1Error(.field, "the value of \(name) is not a list of tokens")
            }
            return element
        }
        return nil
    }
}
