import Glibc
import MartletLoop

/// Listens on an address and calls a handler with each connection, in a task of its own.
///
/// ```swift
/// let server = try StreamServer(at: "127.0.0.1:0") { stream in
///     for try await line in stream.lines { try await stream.write("\(line)\n") }
/// }
/// print("listening on \(server.address)")
/// await server.close()
/// ```
///
/// A connection is closed when its handler returns or throws. Handlers see the task-local values of the task that made
/// the server, which lives until it is closed.
public final class StreamServer {
    /// Where it listens: with the port that the kernel chose when port 0 was asked for.
    public let address: SocketAddress

    private let handler: @MainActor (ByteStream) async throws -> Void
    private let options: ServerOptions
    private var listener: Listener?
    /// The handlers' tasks by the number of their connection; `nil` until one is started.
    private var tasks: [UInt64: Task<Void, Never>?] = [:]
    private var lastConnection: UInt64 = 0
    /// Connections whose handlers are to be started.
    private var accepted: [(stream: ByteStream, number: UInt64)] = []
    private var starter: UnsafeContinuation<Void, Never>?
    private var isDraining = false
    private var handlersAreCancelled = false
    private let socketFile: SocketFile?

    /// Binds, listens and begins to serve.
    ///
    /// - Parameters:
    ///   - address: where to listen; with port 0, the kernel chooses one.
    ///   - options: how.
    ///   - handler: serves one connection. It is cancelled when the server is closed and the time to drain is over.
    /// - Throws: what keeps it from listening.
    public convenience init(
        at address: SocketAddress, options: ServerOptions = ServerOptions(),
        _ handler: @escaping @MainActor (ByteStream) async throws -> Void
    ) throws(SystemError) {
        let socket = try ListeningSocket.bind(address, options: options.listen)
        do throws(SystemError) {
            try self.init(on: socket, options: options, removesSocketFile: true, handler)
        } catch {
            socket.close()
            throw error
        }
    }

    /// Begins to serve the connections of a socket that listens already: one that was passed on by another process.
    ///
    /// - Parameters:
    ///   - socket: a non-blocking socket, which the server closes.
    ///   - options: how; `listen` has no effect.
    ///   - handler: serves one connection.
    /// - Throws: when the loop cannot watch the socket; it is still the caller's then.
    public convenience init(
        on socket: ListeningSocket, options: ServerOptions = ServerOptions(),
        _ handler: @escaping @MainActor (ByteStream) async throws -> Void
    ) throws(SystemError) {
        try self.init(on: socket, options: options, removesSocketFile: false, handler)
    }

    private init(
        on socket: ListeningSocket, options: ServerOptions, removesSocketFile: Bool,
        _ handler: @escaping @MainActor (ByteStream) async throws -> Void
    ) throws(SystemError) {
        require(options.connectionLimit > 0, "a server that may serve no connection; raise connectionLimit")
        address = socket.address
        self.options = options
        self.handler = handler
        socketFile = removesSocketFile ? SocketFile(of: socket.address) : nil
        // The listener keeps the server alive until it is closed.
        listener = try Listener(
            descriptor: socket.descriptor, onAccept: { self.accept($0) },
            onExhaustion: { self.options.onError($0, nil) })
        Task { await self.startHandlers() }
    }

    /// How many connections are being served.
    public var connectionCount: Int { tasks.count }

    /// Stops listening, gives the handlers time to finish, then cancels them, and returns when all of them have ended.
    ///
    /// Cancelling the task that waits here cuts that time short; the handlers are waited for all the same. A handler
    /// that calls it would wait for itself: it can call `stopListening`.
    ///
    /// - Parameter drainTime: how long they get; what the options say, unless given.
    public func close(drainTime: Duration? = nil) async {
        stopListening()
        isDraining = true
        let timer = EventLoop.main.callLater(drainTime ?? options.drainTime) { self.cancelHandlers() }
        defer { timer.cancel() }
        await withTaskCancellationHandler {
            while let task = tasks.values.first {
                if let task { await task.value } else { await EventLoop.yield() }
            }
        } onCancel: {
            onLoop { self.cancelHandlers() }
        }
    }

    /// Accepts no more connections; those that are there go on. A Unix socket's file is removed.
    public func stopListening() {
        guard let listener else { return }
        self.listener = nil
        listener.close()
        socketFile?.remove()
        resumeStarter()
    }

    // MARK: Connections

    private func accept(_ descriptor: Int32) {
        let stream: ByteStream
        do {
            stream = try ByteStream(descriptor: descriptor)
        } catch {
            Glibc.close(descriptor)
            options.onError(error, nil)
            return
        }
        lastConnection += 1
        tasks[lastConnection] = .some(nil)
        if tasks.count == options.connectionLimit { listener?.pause() }
        accepted.append((stream, lastConnection))
        resumeStarter()
    }

    /// Starts the handlers, in a task of its own for the sake of the task-local values that they inherit.
    private func startHandlers() async {
        while listener != nil || !accepted.isEmpty {
            if accepted.isEmpty { await withUnsafeContinuation { starter = $0 } }
            let due = accepted
            accepted = []
            for (stream, number) in due {
                // Not at once: a task that is started with `immediate` may prefer an executor, and that is looked at in
                // each of its steps (a third of what a message costs).
                let task = Task { await self.serve(stream, number) }
                tasks[number] = task
                if handlersAreCancelled { task.cancel() }
            }
        }
    }

    private func resumeStarter() {
        starter?.resume()
        starter = nil
    }

    private func serve(_ stream: ByteStream, _ number: UInt64) async {
        do {
            try await stream.withOwner { try await self.handler(stream) }
        } catch {
            report(error, of: stream)
        }
        stream.close()
        tasks[number] = nil
        if tasks.count == options.connectionLimit - 1 { listener?.resume() }
    }

    /// A handler that was told to stop, and says so, has not failed.
    private func report(_ error: any Error, of stream: ByteStream) {
        if isDraining, error is CancellationError { return }
        options.onError(error, stream.peerAddress)
    }

    private func cancelHandlers() {
        handlersAreCancelled = true
        for case let task? in tasks.values { task.cancel() }
    }
}
