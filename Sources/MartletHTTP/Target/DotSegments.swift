/// Segments `.` and `..` of a path, RFC 3986 §5.2.4.
///
/// Decisions:
/// - `%2e` is `.`: RFC 3986 §6.2.2.2 makes the two equivalent, and whoever decodes later would see dots.
/// - `%2F` is not a separator and `\` is not either: both are bytes of a segment.
/// - `..` above the root stays at the root, as the RFC says; nothing is thrown.
/// - Empty segments (`//`) are kept: they are segments like others.
/// - Routes are matched on the path as it was sent. A path for which ``isPresent(in:_:)`` is true is normalised
///   before, or refused; files must never be looked up otherwise.
public enum DotSegments {
    /// Whether any segment of the path is `.` or `..`, plain or escaped.
    public static func isPresent(in path: ByteRange, _ bytes: Span<UInt8>) -> Bool {
        var cursor = PathSegments(path)
        while let segment = cursor.next(in: bytes) {
            if dots(segment, bytes) != nil { return true }
        }
        return false
    }

    /// The path without them, still percent-encoded; begins with `/`.
    public static func removed(from path: ByteRange, in bytes: Span<UInt8>) -> [UInt8] {
        var output: [UInt8] = []
        output.reserveCapacity(path.count + 1)
        var endsInDots = false
        var cursor = PathSegments(path)
        while let segment = cursor.next(in: bytes) {
            let count = dots(segment, bytes)
            endsInDots = count != nil
            switch count {
            case nil:
                output.append(ASCII.slash)
                for i in segment.range { output.append(bytes[i]) }
            case 2:
                output.removeLast(output.count - (output.lastIndex(of: ASCII.slash) ?? 0))
            default:
                break
            }
        }
        // `/a/.` and `/a/b/..` name the directory.
        if endsInDots || output.isEmpty { output.append(ASCII.slash) }
        return output
    }

    /// 1 or 2 when the segment is so many dots, plain or escaped, else nil.
    private static func dots(_ segment: ByteRange, _ bytes: Span<UInt8>) -> Int? {
        var count = 0
        var i = Int(segment.start)
        let end = Int(segment.end)
        while i < end {
            if bytes[i] == ASCII.dot {
                i += 1
            } else if bytes[i] == ASCII.percent, PercentEncoding.escape(in: bytes, at: i, to: end) == ASCII.dot {
                i += 3
            } else {
                return nil
            }
            count += 1
        }
        return count == 1 || count == 2 ? count : nil
    }
}
