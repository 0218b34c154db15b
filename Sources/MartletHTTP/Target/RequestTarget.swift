/// Taking apart targets that are not those of a parsed request, such as links and redirects.
public enum RequestTarget {
    /// Path and query of `range`, which is `path ["?" query]`; the query is nil when there is no `?`.
    public static func split(_ range: ByteRange, in bytes: Span<UInt8>) -> (path: ByteRange, query: ByteRange?) {
        let start = Int(range.start)
        let end = Int(range.end)
        guard let question = bytes.firstIndex(of: ASCII.questionMark, from: start, to: end) else {
            return (range, nil)
        }
        return (ByteRange(start, question), ByteRange(question + 1, end))
    }
}
