import HTTPTypes

/// What a part of a form says of itself, RFC 7578 §4.
public struct MultipartPartHead: Hashable, Sendable {
    /// The name of the form's field; may be empty, and other parts may have the same.
    public let name: String
    /// The name of the file, of a part that is one; empty when a form was sent without a file chosen.
    ///
    /// The client chooses it: never make a path of it (RFC 7578 §4.2). It can be `../../etc/passwd`, and it can contain
    /// line ends.
    public let filename: String?
    /// The value of Content-Type; text without one is `text/plain`.
    public let contentType: String?
    /// All fields of the part, these too, in the order they were sent.
    public let fields: HTTPFields
}

extension MultipartPartHead {
    /// Reads the lines of a head, without the empty one that ends it.
    ///
    /// - Throws: 400 when a line is no field, when Content-Disposition is missing, repeated, malformed or
    ///   not UTF-8, or when the content is encoded for mail (RFC 7578 §4.7), which form data is not.
    init(_ bytes: Span<UInt8>) throws(HTTP1Error) {
        var fields = HTTPFields()
        var disposition: FormDataDisposition?
        var start = 0
        while start < bytes.count {
            // Every line ends with CR LF, and there is no other CR: the parser has seen to it.
            let end = bytes.firstIndex(of: ASCII.carriageReturn, from: start, to: bytes.count) ?? bytes.count
            let (name, value) = try Self.field(bytes, start, end)
            start = end + 2
            switch name.canonicalName {
            case "content-disposition":
                guard disposition == nil else { throw HTTP1Error(.multipart, "a part has two Content-Dispositions") }
                disposition = try FormDataDisposition(value, in: bytes)
            case "content-transfer-encoding":
                guard ["7bit", "8bit", "binary"].contains(where: { bytes.equals(value, lowercased: $0) }) else {
                    throw HTTP1Error(.multipart, "a part has a Content-Transfer-Encoding that changes its bytes")
                }
            default: break
            }
            fields.append(
                bytes.extracting(value.range).withUnsafeBufferPointer { HTTPField(name: name, value: $0) })
        }
        guard let disposition else { throw HTTP1Error(.multipart, "a part has no Content-Disposition") }
        name = disposition.name
        filename = disposition.filename
        contentType = fields[.contentType]
        self.fields = fields
    }

    private static func field(
        _ bytes: Span<UInt8>, _ start: Int, _ end: Int
    ) throws(HTTP1Error) -> (HTTPField.Name, ByteRange) {
        guard let colon = bytes.firstIndex(of: ASCII.colon, from: start, to: end),
            let name = HTTPField.Name(String(ByteRange(start, colon), in: bytes))
        else { throw HTTP1Error(.multipart, "a line in the head of a part is not name: value") }
        return (name, bytes.trimmed(colon + 1, end))
    }
}
