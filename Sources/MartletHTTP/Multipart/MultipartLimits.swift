/// How large the parts of a multipart body may be that are kept or looked at before a handler has a say.
public struct MultipartLimits: Hashable, Sendable {
    /// Number of parts. Beyond: 400.
    public let partCount: Int
    /// Bytes of the head of one part: all its field lines with their line ends, and the padding of the delimiter before
    /// it. Beyond: 400.
    public let partHead: Int
    /// Bytes before the first delimiter, and bytes behind the last one; nothing reads them. Beyond: 400.
    public let ignored: Int

    /// Limits with their defaults; values are clamped to 16 MiB, so that offsets always fit ``ByteRange``.
    public init(partCount: Int = 1000, partHead: Int = 8192, ignored: Int = 8192) {
        let most = 1 << 24
        self.partCount = min(max(partCount, 0), most)
        self.partHead = min(max(partHead, 2), most)
        self.ignored = min(max(ignored, 0), most)
    }
}

extension HTTP1Error.Code {
    /// A multipart body is malformed, or ends too early.
    public static let multipart = HTTP1Error.Code(rawValue: "multipart")
}
