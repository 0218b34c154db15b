extension QueryParameters {
    /// Decodes a whole query, or the body of a form sent as `application/x-www-form-urlencoded`.
    ///
    /// - Throws: see ``init(_:in:limit:)``; 413 when there are more parameters than `limit`.
    public init(decoding bytes: Span<UInt8>, limit: Int = 1000) throws(HTTP1Error) {
        guard bytes.count <= Int(UInt32.max) else {
            throw HTTP1Error(.tooLarge, status: 413, "the form is larger than 4 GiB")
        }
        do throws(HTTP1Error) {
            try self.init(ByteRange(0, bytes.count), in: bytes, limit: limit)
        } catch {
            throw error.code == .tooLarge ? HTTP1Error(.tooLarge, status: 413, error.message) : error
        }
    }

    /// Decodes the query at `range` of `bytes`, without its `?`, strictly: what would have to be guessed is refused.
    ///
    /// Empty items (`a&&b`) are skipped, and `+` is a space.
    ///
    /// - Parameters:
    ///   - range: where the query is.
    ///   - bytes: what holds it.
    ///   - limit: how many parameters there may be.
    /// - Throws: 400 when an escape is malformed, when text is not UTF-8 or contains NUL, or when there are more
    ///   parameters than `limit`.
    public init(_ range: ByteRange, in bytes: Span<UInt8>, limit: Int = 1000) throws(HTTP1Error) {
        self.init()
        var cursor = QueryCursor(range)
        while let item = cursor.next(in: bytes) {
            guard count < limit else {
                throw HTTP1Error(.tooLarge, "more parameters than the limit of \(limit)")
            }
            let name = try Self.text(item.name, of: item, "the name", in: bytes)
            let value = try item.value.map { range throws(HTTP1Error) in
                try Self.text(range, of: item, "the value", in: bytes)
            }
            append(name: name, value: value ?? "")
        }
    }

    private static func text(
        _ range: ByteRange, of item: QueryItem, _ part: StaticString, in bytes: Span<UInt8>
    ) throws(HTTP1Error) -> String {
        do throws(PercentEncoding.Defect) {
            return try PercentEncoding.text(range, in: bytes, plusIsSpace: true)
        } catch {
            throw HTTP1Error(
                .parameter, "\(part) of parameter \"\(printable(item.name, in: bytes))\": \(error.message)")
        }
    }

    /// A name as it was sent, safe to log: at most 64 bytes, and `?` for what is not visible ASCII.
    private static func printable(_ name: ByteRange, in bytes: Span<UInt8>) -> String {
        var text = ""
        for i in name.range.prefix(64) {
            let byte = bytes[i]
            text.unicodeScalars.append(Unicode.Scalar(byte > 0x20 && byte < 0x7F ? byte : ASCII.questionMark))
        }
        return name.count > 64 ? text + "…" : text
    }
}
