/// One `name=value` of a query, still percent-encoded.
public struct QueryItem: Hashable, Sendable {
    /// What is before the first `=`.
    public let name: ByteRange
    /// What is behind it; nil when there is no `=`.
    public let value: ByteRange?
}

/// A cursor over the items of a query in the form that HTML forms send: `a=1&b=2`, `+` for a space.
///
///     var query = QueryCursor(range)
///     while let item = query.next(in: bytes) {
///         let name = try PercentEncoding.string(item.name, in: bytes, plusIsSpace: true)
///     }
public struct QueryCursor {
    private var position: Int
    private let end: Int

    /// A cursor before the first item of `query`, which does not contain the `?`.
    public init(_ query: ByteRange) {
        position = Int(query.start)
        end = Int(query.end)
    }

    /// The next item, nil behind the last; empty items (`a&&b`) are skipped.
    public mutating func next(in bytes: Span<UInt8>) -> QueryItem? {
        while position < end {
            let start = position
            let stop = bytes.firstIndex(of: ASCII.ampersand, from: start, to: end) ?? end
            position = stop + 1
            if start == stop { continue }
            guard let equals = bytes.firstIndex(of: ASCII.equals, from: start, to: stop) else {
                return QueryItem(name: ByteRange(start, stop), value: nil)
            }
            return QueryItem(name: ByteRange(start, equals), value: ByteRange(equals + 1, stop))
        }
        return nil
    }

    /// The decoded value of the first item called `name`; nil when there is none, empty when it has no value.
    ///
    /// - Throws: 400 when an escape of that item, or of a name before it, is malformed or not UTF-8.
    public static func firstValue(
        of name: String, in query: ByteRange, _ bytes: Span<UInt8>
    ) throws(HTTP1Error) -> String? {
        var cursor = QueryCursor(query)
        while let item = cursor.next(in: bytes) {
            guard try PercentEncoding.string(item.name, in: bytes, plusIsSpace: true) == name else { continue }
            guard let value = item.value else { return "" }
            return try PercentEncoding.string(value, in: bytes, plusIsSpace: true)
        }
        return nil
    }
}
