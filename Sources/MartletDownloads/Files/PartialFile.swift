import Glibc
import MartletDownloadPlan
import MartletLoop

/// A file under way: its bytes beside the place where it will be, and the record of which of them are there.
///
/// All of it happens on threads. Nothing here is cut short when the task is cancelled, but for adding up: what has
/// arrived is kept.
final class PartialFile {
    /// Where the bytes are.
    let path: String
    private let recordPath: String
    private let descriptor: Int32
    private var isOpen = true

    private init(path: String, recordPath: String, descriptor: Int32) {
        self.path = path
        self.recordPath = recordPath
        self.descriptor = descriptor
    }

    deinit {}

    /// Opens what is there, or creates it.
    ///
    /// - Returns: `nil` when another download has it.
    static func open(_ path: String) async throws -> (file: PartialFile, record: PartialRecord?)? {
        let recordPath = path + ".json"
        // A descriptor that is opened is never lost.
        let opened = try await uncancelled { try PartialFileCalls.open(path, record: recordPath) }
        guard let opened else { return nil }
        return (PartialFile(path: path, recordPath: recordPath, descriptor: opened.descriptor), opened.record)
    }

    /// Writes pieces one behind the other, and adds them up if they come in order.
    func write(_ pieces: [[UInt8]], at offset: Int, _ digest: RunningDigest?) async throws {
        try await Self.uncancelled { [descriptor, path] in
            try PartialFileCalls.write(descriptor, pieces, at: offset, path, digest)
        }
    }

    /// Notes down what is there.
    func checkpoint(_ record: PartialRecord) async throws {
        try await Self.uncancelled { [descriptor, path, recordPath] in
            try PartialFileCalls.checkpoint(descriptor, path, record, at: recordPath)
        }
    }

    /// Forgets what is there.
    func reset() async throws {
        try await Self.uncancelled { [descriptor, path, recordPath] in
            // In this order: no record may speak of bytes that are gone.
            guard unlink(recordPath) == 0 || errno == ENOENT else { throw SystemError("remove", target: recordPath) }
            guard ftruncate(descriptor, 0) == 0 else { throw SystemError("truncate", target: path) }
        }
    }

    /// The sum of its bytes. May be cancelled.
    func sum(_ algorithm: Checksum.Algorithm) async throws -> String {
        try await offload { [descriptor, path] in try PartialFileCalls.sum(descriptor, algorithm, path) }
    }

    /// Puts it in its place; the record goes.
    ///
    /// - Returns: whether it is there; not when the place is taken and nothing is to be replaced.
    func finish(at place: String, length: Int, replacing: Bool, modified: Int64?, syncing: Bool) async throws -> Bool {
        try await Self.uncancelled { [descriptor, path, recordPath] in
            let isThere = try PartialFileCalls.finish(
                descriptor, path, length: length, to: place, replacing: replacing, modified: modified, syncing: syncing)
            if isThere { unlink(recordPath) }
            return isThere
        }
    }

    /// How much room there is.
    func space() async throws -> (device: UInt64, free: Int) {
        try await Self.uncancelled { [descriptor, path] in try PartialFileCalls.space(descriptor, path) }
    }

    /// Removes it.
    func remove() async {
        _ = try? await Self.uncancelled { [path, recordPath] in
            unlink(path)
            unlink(recordPath)
        }
    }

    /// Closes it, and lets go of the lock. Everything else has to be over.
    func close() async {
        guard isOpen else { return }
        isOpen = false
        let descriptor = descriptor
        do {
            try await Self.uncancelled { _ = Glibc.close(descriptor) }
        } catch {
            // The pool has no room: better a moment on the loop than a descriptor lost.
            Glibc.close(descriptor)
        }
    }

    /// Runs something on a thread, in a task that nobody cancels.
    private static func uncancelled<Value: Sendable>(
        _ body: @escaping @Sendable () throws -> Value
    ) async throws -> Value {
        try await Task { try await offload(body) }.value
    }
}
