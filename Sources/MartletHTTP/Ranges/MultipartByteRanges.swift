/// An answer with several ranges, RFC 9110 §14.6: what stands around the bytes, and how long it all is.
///
/// The body is, for each part, its head and then the bytes of its range; and ``end`` behind the last.
public struct MultipartByteRanges: Sendable {
    /// One range with what is sent before it.
    public struct Part: Hashable, Sendable {
        /// The delimiter and the part's fields, up to and with the empty line.
        public let head: String
        /// The bytes that follow.
        public let range: Range<UInt64>
    }

    /// What separates the parts; it must not occur in them.
    public let boundary: String
    /// The parts, in the order in which they are sent.
    public let parts: [Part]
    /// What is sent behind the last part.
    public let end: String
    /// How many bytes the body has: Content-Length.
    public let contentLength: UInt64

    /// An answer with `ranges`.
    ///
    /// - Parameters:
    ///   - ranges: what ``RangeRequest/resolve(length:)`` gave.
    ///   - length: the length of the whole representation.
    ///   - contentType: the representation's own Content-Type, which each part repeats; nil when it has none.
    ///   - boundary: at most 70 letters and digits, unlikely to occur in the representation.
    public init(_ ranges: [Range<UInt64>], of length: UInt64, contentType: String?, boundary: String) {
        self.boundary = boundary
        let type = contentType.map { "Content-Type: \($0)\r\n" } ?? ""
        parts = ranges.map { range in
            let contentRange = ContentRange(range, of: length)
            return Part(
                head: "\r\n--\(boundary)\r\n\(type)Content-Range: \(contentRange)\r\n\r\n", range: range)
        }
        end = "\r\n--\(boundary)--\r\n"
        contentLength = parts.reduce(UInt64(end.utf8.count)) { sum, part in
            sum + UInt64(part.head.utf8.count) + part.range.upperBound - part.range.lowerBound
        }
    }

    /// An answer with `ranges` and a random boundary of 128 bits.
    ///
    /// - Parameters:
    ///   - ranges: what ``RangeRequest/resolve(length:)`` gave.
    ///   - length: the length of the whole representation.
    ///   - contentType: the representation's own Content-Type, which each part repeats; nil when it has none.
    public init(_ ranges: [Range<UInt64>], of length: UInt64, contentType: String?) {
        var random = SystemRandomNumberGenerator()
        let boundary = String(random.next(), radix: 36) + String(random.next(), radix: 36)
        self.init(ranges, of: length, contentType: contentType, boundary: boundary)
    }

    /// The answer's Content-Type.
    public var contentType: String { "multipart/byteranges; boundary=\(boundary)" }
}
