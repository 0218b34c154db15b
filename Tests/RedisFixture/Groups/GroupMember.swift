import Glibc
import MartletLoop
import MartletNet

/// A process of redis-server that belongs to a group of such: a node of a cluster, a master, a replica, a sentinel.
///
/// Its port stays the same over a restart. It does not outlive this process.
public final class GroupMember {
    /// The port on 127.0.0.1.
    public let port: UInt16
    /// What it was started with.
    private let arguments: [String]
    private let directory: String
    private var child: ChildProcess?

    /// A member that is not running.
    ///
    /// - Parameters:
    ///   - port: the port on 127.0.0.1.
    ///   - directory: its own, for all that it writes.
    ///   - arguments: what redis-server is started with, beside port, address and directory.
    init(port: UInt16, directory: String, arguments: [String]) throws {
        self.port = port
        self.directory = directory
        self.arguments = arguments
        guard mkdir(directory, 0o700) == 0 || errno == EEXIST else {
            throw GroupFailure("cannot make \(directory): errno \(errno)")
        }
    }

    /// Whether the process is there.
    public var isRunning: Bool { child.map { $0.status == nil } ?? false }

    /// The process.
    public var pid: Int32? { child?.pid }

    /// What it has logged.
    var log: String {
        guard let file = fopen("\(directory)/log", "r") else { return "" }
        defer { fclose(file) }
        var bytes = [UInt8](repeating: 0, count: 1 << 20)
        let count = fread(&bytes, 1, bytes.count, file)
        return String(decoding: bytes[..<count], as: UTF8.self)
    }

    // MARK: Life

    /// Starts the process, once it is not running; it may not answer yet.
    public func start() throws {
        let output = open("\(directory)/log", O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o600)
        guard output >= 0 else { throw GroupFailure("cannot write \(directory)/log: errno \(errno)") }
        defer { close(output) }
        var request = SpawnRequest(
            .path("/usr/bin/env"),
            arguments: ["env", "redis-server"] + arguments + ["--port", "\(port)", "--dir", directory])
        request.standardOutput = output
        request.standardError = output
        request.parentDeathSignal = SIGKILL
        child = try ChildProcess.spawn(request)
    }

    /// Ends the process as a power failure would, and waits until it is gone.
    public func kill() async throws {
        try signal(SIGKILL)
        if let child { _ = try await child.wait() }
    }

    /// Stops the process where it is, or lets it go on (SIGSTOP, SIGCONT).
    public func signal(_ number: Int32) throws {
        if isRunning { try child?.signal(number) }
    }

    /// Ends the process without waiting for it: for the end of a test, which may have been cancelled.
    func end() {
        try? signal(SIGKILL)
    }

    // MARK: Questions

    /// Waits until it answers.
    public func awaitAnswer() async throws {
        try await groupEventually("a server on port \(port) answers; it logged: \(log)") {
            guard isRunning else { throw GroupFailure("the server on port \(port) has ended; it logged: \(log)") }
            return (try? await ask("PING")) == "PONG"
        }
    }

    /// Asks it something on a connection of its own.
    ///
    /// - Parameter command: words without spaces in them.
    /// - Returns: a status, a number or a text; any other answer as it came.
    /// - Throws: also when it answers with an error.
    @discardableResult
    public func ask(_ command: String) async throws -> String {
        let port = port
        return try await withTimeout(.seconds(5)) {
            try await withConnection(to: .ipv4(.init(bits: 0x7F00_0001), port: port)) { stream in
                try await stream.write("\(command)\r\n")
                let line = try await stream.readLine() ?? ""
                switch line.first {
                case "-": throw GroupFailure("\(command) on port \(port): \(line)")
                case "$":
                    guard let count = Int(line.dropFirst()), count >= 0 else { return "" }
                    return String(decoding: try await stream.read(exactly: count), as: UTF8.self)
                case "+", ":": return String(line.dropFirst())
                default: return line
                }
            }
        }
    }
}

/// A group of servers did not become what a test needs.
public nonisolated struct GroupFailure: Error, CustomStringConvertible {
    /// Why.
    public let description: String

    /// A failure.
    public init(_ description: String) { self.description = description }
}

/// Waits until something holds, looking every few milliseconds.
func groupEventually(
    _ what: @autoclosure () -> String, within limit: Duration = .seconds(60), _ condition: () async throws -> Bool
) async throws {
    let deadline = EventLoop.Instant.readClock() + limit
    while try await !condition() {
        if EventLoop.Instant.readClock() > deadline { throw GroupFailure("not within \(limit): \(what())") }
        try await Task.sleep(for: .milliseconds(10))
    }
}
