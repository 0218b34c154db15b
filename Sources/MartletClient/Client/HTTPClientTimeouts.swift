/// How long each part of a request may take. `nil` is without end.
///
/// Each ends with an ``HTTPClientError`` of the code `timeout` that names the part.
public nonisolated struct HTTPClientTimeouts: Hashable, Sendable {
    /// Waiting for one of the pool's connections while all are taken.
    public var pool: Duration? = .seconds(30)
    /// Looking up a name, for each family of addresses.
    public var resolve: Duration? = .seconds(10)
    /// From the beginning of the look-up until there is a connection, over all addresses.
    public var connect: Duration? = .seconds(10)
    /// The handshake of TLS, and that with a proxy.
    public var tls: Duration? = .seconds(10)
    /// From the moment in which the request is sent until the head of the response is there.
    public var firstByte: Duration? = .seconds(60)
    /// The server sends nothing more, or takes nothing more, in the middle of a message.
    public var betweenBytes: Duration? = .seconds(60)
    /// From the call to the last byte of the body, redirects and retries included.
    public var total: Duration?
    /// How long a server is waited for that may say `100 Continue` before the body is sent anyway.
    public var expectContinue: Duration = .seconds(1)

    /// The defaults.
    public init() {}
}
