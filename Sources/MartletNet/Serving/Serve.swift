import MartletLoop

/// Serves connections until the task is cancelled.
///
/// ```swift
/// try await serve(at: ":7000") { stream in
///     for try await chunk in stream.chunks { try await stream.write(chunk) }
/// }
/// ```
///
/// When it is cancelled, it stops listening, gives the handlers `ServerOptions.drainTime` to finish, cancels those that
/// have not, and returns when all have ended. `StreamServer` is for those who need the address or several servers.
///
/// - Parameters:
///   - address: where to listen.
///   - options: how.
///   - handler: serves one connection, which is closed when it returns.
/// - Throws: `SystemError` when it cannot listen; `CancellationError` in the end.
@MainActor public func serve(
    at address: SocketAddress, options: ServerOptions = ServerOptions(),
    _ handler: @escaping @MainActor (ByteStream) async throws -> Void
) async throws {
    try Task.checkCancellation()
    let server = try StreamServer(at: address, options: options, handler)
    do {
        try await WaitQueue<Void, Void>().wait(())
    } catch {
        // In a task that is not cancelled, so that the handlers get their time.
        await Task { await server.close() }.value
        throw error
    }
}
