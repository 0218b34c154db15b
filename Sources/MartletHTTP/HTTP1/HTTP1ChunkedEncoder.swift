import HTTPTypes

/// Writes a body in chunks, RFC 9112 §7.1.
public enum HTTP1ChunkedEncoder {
    /// Appends `bytes` as one chunk. Of no bytes it appends nothing, since an empty chunk would end the body.
    public static func append(_ bytes: UnsafeRawBufferPointer, to output: inout ByteBuffer) {
        guard beginChunk(of: bytes.count, in: &output) else { return }
        output.append(contentsOf: bytes)
        endChunk(in: &output)
    }

    /// Appends the line before a chunk of `count` bytes, which the caller sends, and ``endChunk(in:)`` after them.
    ///
    /// Returns false, having appended nothing, when `count` is 0: there is no such chunk.
    public static func beginChunk(of count: Int, in output: inout ByteBuffer) -> Bool {
        precondition(count >= 0)
        if count == 0 { return false }
        output.append(hex: UInt64(count))
        output.append("\r\n")
        return true
    }

    /// Appends the line end behind a chunk.
    public static func endChunk(in output: inout ByteBuffer) {
        output.append("\r\n")
    }

    /// Appends the end of the body, without trailers.
    public static func end(in output: inout ByteBuffer) {
        output.append("0\r\n\r\n")
    }

    /// Appends the end of the body with `trailers` in it, RFC 9112 §7.1.2.
    ///
    /// Fields that no trailer may carry, such as Content-Length and Set-Cookie (RFC 9110 §6.5.1), are left out, and
    /// control characters in values become spaces.
    public static func end(trailers: HTTPFields, in output: inout ByteBuffer) {
        output.append("0\r\n")
        for field in trailers where TrailerFields.allows(field.name) { output.append(field: field) }
        output.append("\r\n")
    }
}
