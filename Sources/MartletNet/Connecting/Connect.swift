import MartletLoop

/// Connects to an address: TCP or a Unix stream socket.
///
/// ```swift
/// let stream = try await connect(to: "unix:/run/app.sock")
/// defer { stream.close() }
/// ```
///
/// The kernel gives up after some two minutes (man 7 tcp, tcp_syn_retries); wrap it in `withTimeout` for less. A Unix
/// socket whose queue is full is tried again until it is not.
///
/// - Parameters:
///   - address: where to.
///   - options: from where, and how.
/// - Returns: the connection, to be closed.
/// - Throws: `SystemError` when it cannot be reached; `CancellationError`.
@MainActor public func connect(to address: SocketAddress, options: ConnectOptions = ConnectOptions()) async throws
    -> ByteStream
{
    try Task.checkCancellation()
    return try await ConnectAttempt.stream(to: address, options: options)
}

/// Connects to a host by TCP, at whichever of its addresses answers first (RFC 8305).
///
/// - Parameters:
///   - host: a name, or an address in digits.
///   - port: the port.
///   - options: from where, and how.
///   - resolver: what finds the addresses.
/// - Returns: the connection, to be closed. All other attempts have ended.
/// - Throws: `ResolutionError` when there is no address; `ConnectError`, which names every address that was tried, when
///   none can be reached; `CancellationError`.
@MainActor public func connect(
    host: String, port: UInt16, options: ConnectOptions = ConnectOptions(), resolver: Resolver = .shared
) async throws -> ByteStream {
    try Task.checkCancellation()
    return try await ConnectRace(host: host, port: port, options: options, resolver: resolver).run()
}

/// Connects to an address, calls `body` and closes the connection: see `connect(to:options:)`.
///
/// - Returns: what `body` returns.
/// - Throws: what `body` or `connect` throws.
@MainActor public func withConnection<Result: Sendable>(
    to address: SocketAddress, options: ConnectOptions = ConnectOptions(),
    _ body: @MainActor (ByteStream) async throws -> Result
) async throws -> Result {
    let stream = try await connect(to: address, options: options)
    defer { stream.close() }
    return try await stream.withOwner { try await body(stream) }
}

/// Connects to a host, calls `body` and closes the connection: see `connect(host:port:options:resolver:)`.
///
/// - Returns: what `body` returns.
/// - Throws: what `body` or `connect` throws.
@MainActor public func withConnection<Result: Sendable>(
    host: String, port: UInt16, options: ConnectOptions = ConnectOptions(), resolver: Resolver = .shared,
    _ body: @MainActor (ByteStream) async throws -> Result
) async throws -> Result {
    let stream = try await connect(host: host, port: port, options: options, resolver: resolver)
    defer { stream.close() }
    return try await stream.withOwner { try await body(stream) }
}
