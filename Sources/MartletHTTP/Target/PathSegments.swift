/// A cursor over the segments of a path: what is behind each `/`.
///
/// `/` has one empty segment, `/a/` has `a` and an empty one; a path that does not begin with `/` is taken to.
public struct PathSegments {
    private var position: Int
    private let end: Int
    private var isDone = false

    /// A cursor before the first segment of `path`.
    public init(_ path: ByteRange) {
        position = Int(path.start)
        end = Int(path.end)
    }

    /// The next segment, still percent-encoded; nil behind the last.
    public mutating func next(in bytes: Span<UInt8>) -> ByteRange? {
        if isDone { return nil }
        if position < end, bytes[position] == ASCII.slash { position += 1 }
        let start = position
        position = bytes.firstIndex(of: ASCII.slash, from: start, to: end) ?? end
        isDone = position == end
        return ByteRange(start, position)
    }
}
