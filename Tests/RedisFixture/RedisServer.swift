import Glibc
import MartletLoop
import MartletNet

/// A real redis-server for tests, with a directory and a port of its own.
///
/// ```swift
/// try await RedisServer.with { server in
///     let client = RedisClient(try RedisSettings(url: server.url))
///     …
/// }
/// ```
public final class RedisServer {
    /// What it was started with beyond what every server is.
    public let arguments: [String]
    /// Its directory: log, socket, what it saves.
    public let directory: String
    /// Its port on 127.0.0.1; stays the same over restarts. 0 when it has none.
    public private(set) var port: UInt16 = 0
    private var process: Subprocess?

    private init(directory: String, arguments: [String]) {
        self.directory = directory
        self.arguments = arguments
    }

    deinit {}

    /// The URL of its TCP port.
    public var url: String { "redis://127.0.0.1:\(port)" }
    /// The path of its Unix socket.
    public var socket: String { "\(directory)/redis.sock" }
    /// The URL of its Unix socket.
    public var unixURL: String { "unix://\(socket)" }
    /// Its process; `nil` while it does not run.
    public var pid: Int32? { process?.status == nil ? process?.pid : nil }

    /// Starts a server, calls `body` once it answers, and ends it with its directory.
    ///
    /// - Parameters:
    ///   - arguments: more of its configuration, as on its command line: `["--maxmemory", "1mb"]`.
    ///   - body: what to do with it.
    public static func with<Result: Sendable>(
        _ arguments: [String] = [], _ body: @MainActor (RedisServer) async throws -> Result
    ) async throws -> Result {
        try await FileSystem.withTemporaryDirectory(prefix: "redis-") { directory in
            let server = RedisServer(directory: directory, arguments: arguments)
            do {
                try await server.start()
                let result = try await body(server)
                await server.stop()
                return result
            } catch {
                await server.stop()
                throw error
            }
        }
    }

    /// Starts it again, on the same port, and waits until it answers.
    ///
    /// - Parameter more: more of its configuration, for this time.
    public func start(with more: [String] = []) async throws {
        for attempt in 1... {
            // Another process may take a free port before the server does.
            if port == 0 { port = try Self.freePort() }
            do {
                try await launch(more)
                return
            } catch {
                await stop()
                guard attempt < 5 else { throw error }
                port = 0
            }
        }
    }

    private func launch(_ more: [String]) async throws {
        let command: [String] =
            [
                "redis-server", "--port", "\(port)", "--bind", "127.0.0.1", "--unixsocket", socket, "--dir", directory,
                "--save", "", "--appendonly", "no", "--daemonize", "no", "--logfile", "\(directory)/log",
                "--loglevel", "notice", "--enable-debug-command", "yes",
            ] + arguments + more
        let process = try Subprocess.start(
            Subprocess.Command(command), standardInput: .null, standardOutput: .null, standardError: .null)
        self.process = process
        try await waitUntilItAnswers(process)
    }

    /// Waits until it answers a PING, be it by `-LOADING` or `-NOAUTH`.
    private func waitUntilItAnswers(_ process: Subprocess) async throws {
        try await withTimeout(.seconds(60), for: "redis-server's first answer") { [socket, directory] in
            while true {
                if let status = process.status {
                    throw RedisServerError("redis-server ended with \(status); its log is \(directory)/log")
                }
                if let stream = try? await connect(to: .unix(socket)) {
                    defer { stream.close() }
                    try? await stream.write("PING\r\n")
                    if let line = try? await stream.readLine(), line.hasPrefix("+PONG") || line.hasPrefix("-") {
                        return
                    }
                }
                try await Task.sleep(for: .milliseconds(5))
            }
        }
    }

    /// Ends it at once, as a crash would (SIGKILL), and waits for that. `start` starts it again.
    public func kill() async {
        guard let process else { return }
        try? process.kill()
        _ = try? await process.wait()
        self.process = nil
        unlink(socket)
    }

    /// Stops it from doing anything at all (SIGSTOP), until ``resume()``.
    public func freeze() throws { try process?.signal(SIGSTOP) }

    /// Lets it go on (SIGCONT).
    public func resume() throws { try process?.signal(SIGCONT) }

    /// Ends it and waits for that.
    public func stop() async {
        guard let process else { return }
        try? process.signal(SIGCONT)
        await process.end(gracePeriod: .seconds(5))
        self.process = nil
    }

    /// A port that nobody has now.
    public static func freePort() throws -> UInt16 {
        let descriptor = Glibc.socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { throw SystemError("find a free port") }
        defer { close(descriptor) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = in_addr_t(0x7f00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let isBound = withUnsafeMutablePointer(to: &address) { address in
            address.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, length) == 0 && getsockname(descriptor, $0, &length) == 0
            }
        }
        guard isBound else { throw SystemError("find a free port") }
        return UInt16(bigEndian: address.sin_port)
    }
}

/// A server that could not be started.
public nonisolated struct RedisServerError: Error, CustomStringConvertible {
    /// What happened.
    public let description: String

    init(_ description: String) { self.description = description }
}
