import Glibc

/// What is done to files by their path. Each call is one trip to a thread of the shared pool.
///
/// Errors are `SystemError`s with the path.
public enum FileSystem {
    /// What the system knows about a file.
    ///
    /// - Parameters:
    ///   - path: where it is.
    ///   - followingLink: whether a symbolic link stands for what it points to (man 2 stat, lstat).
    public static func status(of path: String, followingLink: Bool = true) async throws -> FileStatus {
        try await offload {
            var status = stat()
            try call("look at", path) { followingLink ? stat(path, &status) : lstat(path, &status) }
            return FileStatus(status)
        }
    }

    /// Whether there is something at a path; a symbolic link that leads nowhere is nothing.
    ///
    /// - Throws: when that cannot be said: a directory on the way may not be searched, say.
    public static func exists(_ path: String) async throws -> Bool {
        try await offload {
            do {
                try call("look at", path) { access(path, F_OK) }
                return true
            } catch let error as SystemError where error.code == ENOENT || error.code == ENOTDIR {
                return false
            }
        }
    }

    /// Gives a file another name, in the same file system; what has that name is replaced at once (man 2 rename).
    public static func rename(_ path: String, to newPath: String) async throws {
        try await offload {
            try FileCalls.check(newPath, "rename to")
            try call("rename to \(newPath)", path) { Glibc.rename(path, newPath) }
        }
    }

    /// Removes a file, a symbolic link or an empty directory (man 3 remove).
    public static func remove(_ path: String) async throws {
        _ = try await offload { try call("remove", path) { Glibc.remove(path) } }
    }

    /// Removes a directory and all that is in it; symbolic links are removed, not followed. Nothing happens when it is
    /// not there.
    ///
    /// - Throws: at the first thing that cannot be removed; also `CancellationError`, in the middle of it.
    public static func removeTree(_ path: String) async throws {
        try await offload { try TreeRemoval(path: path).run() }
    }

    /// Creates a directory.
    ///
    /// - Parameters:
    ///   - path: where.
    ///   - withIntermediates: whether to create those on the way as well, and to be content when it is there already.
    ///   - permissions: less the process's umask.
    public static func createDirectory(
        _ path: String, withIntermediates: Bool = false, permissions: UInt32 = 0o777
    ) async throws {
        try await offload {
            if withIntermediates {
                try createAll(path, permissions)
            } else {
                try call("create the directory", path) { mkdir(path, permissions) }
            }
        }
    }

    /// Creates a symbolic link.
    ///
    /// - Parameters:
    ///   - path: where.
    ///   - target: what it points to; this is not looked at.
    public static func createLink(_ path: String, to target: String) async throws {
        try await offload {
            try FileCalls.check(target, "link to")
            try call("create the link", path) { symlink(target, path) }
        }
    }

    /// Where a symbolic link points to.
    public static func target(ofLink path: String) async throws -> String {
        try await offload {
            var bytes = [CChar](repeating: 0, count: Int(PATH_MAX))
            let count = try call("read the link", path) { readlink(path, &bytes, bytes.count) }
            return String(decoding: bytes.prefix(count).map { UInt8(bitPattern: $0) }, as: UTF8.self)
        }
    }

    /// Makes a system call that returns -1 when it fails.
    @discardableResult
    nonisolated static func call<Result: FixedWidthInteger>(
        _ operation: String, _ path: String, _ body: () -> Result
    ) throws(SystemError) -> Result {
        try FileCalls.check(path, operation)
        let result = FileCalls.retrying(body)
        guard result != -1 else { throw SystemError(operation, target: path) }
        return result
    }

    private nonisolated static func createAll(_ path: String, _ permissions: UInt32) throws(SystemError) {
        do throws(SystemError) {
            try createUnlessThere(path, permissions)
        } catch  where error.code == ENOENT {
            let parent = TemporaryName.directory(of: path)
            guard parent != path, parent != "." else { throw error }
            try createAll(parent, permissions)
            try createUnlessThere(path, permissions)
        } catch {
            throw error
        }
    }

    private nonisolated static func createUnlessThere(_ path: String, _ permissions: UInt32) throws(SystemError) {
        do throws(SystemError) {
            try call("create the directory", path) { mkdir(path, permissions) }
        } catch {
            var status = stat()
            guard error.code == EEXIST, stat(path, &status) == 0, FileKind(mode: status.st_mode) == .directory else {
                throw error
            }
        }
    }
}
