import MartletLoop
import MartletNet

/// Connects to a host by TCP and begins TLS: see `connect(host:port:options:resolver:)` and
/// `ByteStream.startTLS(_:serverName:)`.
///
/// - Parameters:
///   - host: a name, or an address in digits.
///   - port: the port.
///   - tls: how TLS is spoken.
///   - serverName: whom the server has to be; the host unless given.
///   - options: from where, and how.
///   - resolver: what finds the addresses.
/// - Returns: the connection, to be closed.
/// - Throws: what connecting or TLS throws.
@MainActor public func connect(
    host: String, port: UInt16, tls: TLSClientContext, serverName: String? = nil,
    options: ConnectOptions = ConnectOptions(), resolver: Resolver = .shared
) async throws -> ByteStream {
    let stream = try await connect(host: host, port: port, options: options, resolver: resolver)
    try await stream.startTLS(tls, serverName: serverName ?? host)
    return stream
}

/// Serves connections by TLS until the task is cancelled: see `serve(at:options:_:)`.
///
/// - Parameters:
///   - address: where to listen.
///   - tls: how TLS is spoken.
///   - options: how.
///   - handler: serves one connection, once its handshake is done.
/// - Throws: `SystemError` when it cannot listen; `CancellationError` in the end.
@MainActor public func serve(
    at address: SocketAddress, tls: TLSServerContext, options: ServerOptions = ServerOptions(),
    _ handler: @escaping @MainActor (ByteStream) async throws -> Void
) async throws {
    try await serve(at: address, options: options) { stream in
        try await stream.startTLS(accepting: tls)
        try await handler(stream)
    }
}

extension StreamServer {
    /// Binds, listens and serves by TLS: see `init(at:options:_:)`.
    ///
    /// - Parameters:
    ///   - address: where to listen.
    ///   - tls: how TLS is spoken.
    ///   - options: how.
    ///   - handler: serves one connection, once its handshake is done.
    /// - Throws: what keeps it from listening.
    public convenience init(
        at address: SocketAddress, tls: TLSServerContext, options: ServerOptions = ServerOptions(),
        _ handler: @escaping @MainActor (ByteStream) async throws -> Void
    ) throws(SystemError) {
        try self.init(at: address, options: options) { stream in
            try await stream.startTLS(accepting: tls)
            try await handler(stream)
        }
    }
}
