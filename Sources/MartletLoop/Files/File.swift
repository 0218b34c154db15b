import Glibc
import Synchronization

/// An open file, whose operations run on a thread pool and keep the loop free.
///
/// It is to be closed, once: `close` waits for the operations that are under way. One that goes away open is closed and
/// reported on standard error with the place that opened it. `withFile` closes by itself.
///
/// An operation that is cancelled before it has started does nothing; one that runs on a thread runs to its end first.
/// Operations that use the position (`read`, `write`, `seek`) are meant to come one after the other; those that are
/// given an offset may overlap.
///
/// ```swift
/// try await withFile("/var/log/app.log", for: .appending) { log in
///     try await log.write("started\n")
/// }
/// ```
public final class File {
    /// What it was opened as.
    public nonisolated let path: String
    /// Whether `close` was not called yet.
    public private(set) var isOpen = true

    /// How many files of this process went away without having been closed.
    public nonisolated static var forgotten: Int { forgottenFiles.load(ordering: .relaxed) }
    private nonisolated static let forgottenFiles = Atomic(0)

    private nonisolated let descriptor: Int32
    private nonisolated let place: String
    private let pool: ThreadPool
    /// How many operations are under way.
    private var operations = 0
    private let drained = WaitQueue<Void, Void>()
    /// Whether the kernel can say what it has in memory: not for every kind of file.
    private var knowsCache = true

    private init(descriptor: Int32, path: String, pool: ThreadPool, place: String) {
        self.descriptor = descriptor
        self.path = path
        self.pool = pool
        self.place = place
    }

    deinit {
        guard isOpen else { return }
        Glibc.close(descriptor)
        Self.forgottenFiles.add(1, ordering: .relaxed)
        let report = "martlet: the file \(path), opened at \(place), was never closed\n"
        Glibc.write(STDERR_FILENO, report, report.utf8.count)
    }

    /// Opens a file. A FIFO keeps a thread until somebody opens its other end: pipes are for the loop's streams.
    ///
    /// - Parameters:
    ///   - path: where it is.
    ///   - mode: what for.
    ///   - permissions: of a file that is created, less the process's umask (man 2 umask).
    ///   - pool: whose threads its operations use; `nil` is the shared one.
    ///   - file: where a file that is never closed was opened.
    ///   - line: see `file`.
    /// - Throws: `SystemError` with the path.
    public static func open(
        _ path: String, for mode: Mode = .reading, permissions: UInt32 = 0o666, on pool: ThreadPool? = nil,
        file: StaticString = #fileID, line: UInt = #line
    ) async throws -> File {
        let pool = pool ?? .shared
        let descriptor = try await pool.run { try FileCalls.open(path, mode.flags, permissions) }
        return File(descriptor: descriptor, path: path, pool: pool, place: "\(file):\(line)")
    }

    /// Waits for the operations that are under way, and closes. The second time nothing happens.
    ///
    /// Not even cancelling keeps it from that.
    ///
    /// - Throws: `SystemError` when the system could not keep what was written (man 2 close). It is closed
    ///   nevertheless.
    public func close() async throws {
        guard isOpen else { return }
        isOpen = false
        // A task of its own, which nobody cancels.
        let code = await Task { await finish() }.value
        guard code == 0 else { throw SystemError("close", target: path, code: code) }
    }

    private func finish() async -> Int32 {
        // Nobody cancels the task that this is called in.
        if operations > 0 { try? await drained.wait(()) }
        do {
            return try await pool.run { [descriptor] in FileCalls.close(descriptor) }
        } catch {
            // The pool has no room: better a moment on the loop than a descriptor lost.
            return FileCalls.close(descriptor)
        }
    }

    // MARK: Operations

    /// Runs a system call or several on the pool.
    func perform<Value: Sendable>(_ body: @escaping @Sendable (Int32) throws -> Value) async throws -> Value {
        try checkOpen()
        operations += 1
        defer { operationEnded() }
        return try await pool.run { [descriptor] in try body(descriptor) }
    }

    /// Reads what the kernel has in memory, without a thread; `nil` when it may have to wait for the disk, or for
    /// another operation.
    ///
    /// - Parameters:
    ///   - count: how many bytes at most.
    ///   - offset: from where; `nil` is the position.
    func readCached(upTo count: Int, at offset: Int?) throws -> [UInt8]? {
        try checkOpen()
        // Another operation may hold the position's lock while it waits.
        guard knowsCache, operations == 0, count <= FileCalls.mostReadOnLoop else { return nil }
        let (bytes, code) = FileCalls.readCached(descriptor, upTo: count, at: offset)
        if code == EOPNOTSUPP || code == EINVAL || code == ENOSYS || code == ESPIPE { knowsCache = false }
        return code == 0 ? bytes : nil
    }

    private func operationEnded() {
        operations -= 1
        if operations == 0, !isOpen { drained.answerAll(()) }
    }

    private func checkOpen() throws {
        guard isOpen else {
            throw SystemError("use", target: path, code: EBADF, advice: "it was closed; open it again")
        }
    }
}

/// Opens a file for as long as `body` runs, and closes it however that ends.
///
/// - Parameters:
///   - path: where it is.
///   - mode: what for.
///   - permissions: of a file that is created, less the process's umask.
///   - body: what to do with it.
///   - file: where this is called, for messages.
///   - line: where this is called, for messages.
/// - Returns: what `body` returns.
/// - Throws: what `body` throws; `SystemError` when it cannot be opened, or not be closed without loss.
@MainActor public func withFile<Value: Sendable>(
    _ path: String, for mode: File.Mode = .reading, permissions: UInt32 = 0o666, file: StaticString = #fileID,
    line: UInt = #line, _ body: @MainActor (File) async throws -> Value
) async throws -> Value {
    let opened = try await File.open(path, for: mode, permissions: permissions, file: file, line: line)
    let value: Value
    do {
        value = try await body(opened)
    } catch {
        // The first error is the one to tell.
        try? await opened.close()
        throw error
    }
    try await opened.close()
    return value
}
