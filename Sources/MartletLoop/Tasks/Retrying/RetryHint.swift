/// An error that knows when another attempt makes sense: a server that said so (RFC 9110 §10.2.3, Retry-After).
public nonisolated protocol RetryHint: Error {
    /// How long to wait at least before another attempt; `nil` when this one does not know.
    var retryAfter: Duration? { get }
}
