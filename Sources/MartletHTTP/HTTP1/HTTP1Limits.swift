/// How large the parts of a message may be that a peer makes us keep or look at before a handler has a say.
public struct HTTP1Limits: Hashable, Sendable {
    /// Bytes of the request line, or of a response's status line, with its line end. Beyond: 414.
    public let requestLine: Int
    /// Bytes of all field lines of a head, or of a trailer section, with their line ends and the empty line. Beyond:
    /// 431.
    public let fieldSection: Int
    /// Number of fields of a head, or of a trailer section. Beyond: 431.
    public let fieldCount: Int
    /// Bytes of chunk extensions in one whole body; nothing reads them. Beyond: 400.
    public let chunkExtensions: Int

    /// Limits with the defaults of the shipped configuration.
    ///
    /// Values are clamped to 16 MiB, and to what the shortest message needs, so that offsets always fit ``ByteRange``.
    public init(
        requestLine: Int = 8192, fieldSection: Int = 32768, fieldCount: Int = 100, chunkExtensions: Int = 4096
    ) {
        let most = 1 << 24
        self.requestLine = min(max(requestLine, 16), most)
        self.fieldSection = min(max(fieldSection, 16), most)
        self.fieldCount = min(max(fieldCount, 1), most)
        self.chunkExtensions = min(max(chunkExtensions, 0), most)
    }
}
