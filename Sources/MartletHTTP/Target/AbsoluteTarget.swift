/// The parts of a target in absolute form, `http://authority/path?query`, RFC 9112 §3.2.2.
struct AbsoluteTarget {
    let authority: ByteRange
    /// Empty when the target has no path; it means `/` then.
    let path: ByteRange
    let query: ByteRange?

    /// Splits `target`, which is visible ASCII without `#`.
    init(_ target: ByteRange, in bytes: Span<UInt8>) throws(HTTP1Error) {
        let end = Int(target.end)
        guard let start = Self.endOfScheme(target, in: bytes) else {
            throw HTTP1Error(
                .target, "request line: the target is neither a path that begins with / nor http:// or https://")
        }
        var i = start
        while i < end, bytes[i] != ASCII.slash, bytes[i] != ASCII.questionMark { i += 1 }
        authority = ByteRange(start, i)
        // A URI of these schemes names a host, RFC 9110 §4.2.1; Host alone may be empty.
        guard !authority.isEmpty, bytes[start] != ASCII.colon, Authority.isValid(authority, in: bytes) else {
            throw HTTP1Error(.target, "request line: the target's authority is not host or host:port")
        }
        let question = bytes.firstIndex(of: ASCII.questionMark, from: i, to: end)
        path = ByteRange(i, question ?? end)
        query = question.map { ByteRange($0 + 1, end) }
    }

    /// The offset behind `http://` or `https://`.
    private static func endOfScheme(_ target: ByteRange, in bytes: Span<UInt8>) -> Int? {
        let start = Int(target.start)
        for scheme: StaticString in ["http://", "https://"] {
            let end = start + scheme.utf8CodeUnitCount
            if end <= Int(target.end), bytes.equals(ByteRange(start, end), lowercased: scheme) { return end }
        }
        return nil
    }
}
