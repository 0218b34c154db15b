/// How a request's body is delimited, RFC 9112 §6.
public enum HTTP1BodyFraming: Hashable, Sendable {
    /// No byte of body follows; also for `Content-Length: 0`.
    case none
    /// Exactly this many bytes follow, at least one.
    case length(UInt64)
    /// Chunks follow: ``HTTP1ChunkedDecoder``.
    case chunked
}
