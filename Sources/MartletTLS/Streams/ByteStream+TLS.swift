import MartletNet

/// TLS on a stream that is connected already. Afterwards all of the stream's calls are about what TLS carries.
extension ByteStream {
    /// Begins TLS as a client, and returns when the server has proved who it is.
    ///
    /// ```swift
    /// let stream = try await connect(host: "example.org", port: 443)
    /// try await stream.startTLS(context, serverName: "example.org")
    /// ```
    ///
    /// - Parameters:
    ///   - context: how.
    ///   - serverName: whom the server has to be: a name, or an IP address in digits.
    /// - Throws: `TLSError`; `SystemError` when the connection fails; `CancellationError`. The stream is closed then.
    public func startTLS(_ context: TLSClientContext, serverName: String) async throws {
        fatalError()
    }

    /// Begins TLS as a server, and returns when the handshake is done.
    ///
    /// - Throws: `TLSError`; `SystemError` when the connection fails; `CancellationError`. The stream is closed then.
    public func startTLS(accepting context: TLSServerContext) async throws {
        fatalError()
    }

    /// What was agreed on; `nil` without TLS, and before the handshake is done.
    public var tls: TLSSession? { nil }
}
