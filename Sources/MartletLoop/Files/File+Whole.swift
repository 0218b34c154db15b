import Glibc

extension File {
    /// Reads a whole file: opened, read and closed in one go on a thread.
    ///
    /// - Parameters:
    ///   - path: where it is.
    ///   - limit: how many bytes it may have.
    /// - Throws: `SystemError` with the path; with EFBIG when the file is larger than the limit.
    public static func read(_ path: String, limit: Int = 64 << 20) async throws -> [UInt8] {
        try await offload { try readNow(path, limit: limit) }
    }

    /// Reads a whole file of text.
    ///
    /// - Parameters:
    ///   - path: where it is.
    ///   - limit: how many bytes it may have.
    /// - Throws: `SystemError` with the path; with EFBIG when the file is larger than the limit, with EILSEQ when it is
    ///   not UTF-8.
    public static func readText(_ path: String, limit: Int = 64 << 20) async throws -> String {
        try await offload {
            guard let text = String(validating: try readNow(path, limit: limit), as: UTF8.self) else {
                throw SystemError("read", target: path, code: EILSEQ, advice: "it is not UTF-8; read it as bytes")
            }
            return text
        }
    }

    /// Writes a whole file, in one go on a thread.
    ///
    /// - Parameters:
    ///   - bytes: what it is to hold.
    ///   - path: where it is to be; what is there is replaced.
    ///   - atomically: whether a new file takes the place of the old one when it is complete (man 2 rename), so that
    ///     nobody ever sees half of it. It has the old one's permissions; a symbolic link stays, and what it points to
    ///     is replaced.
    ///   - syncing: whether to wait until it is on the disk.
    ///   - permissions: of a file that was not there before, less the process's umask.
    public static func write(
        _ bytes: [UInt8], to path: String, atomically: Bool = true, syncing: Bool = false, permissions: UInt32 = 0o666
    ) async throws {
        try await offload {
            try bytes.withUnsafeBytes {
                try WholeFile(path: path, permissions: permissions, syncing: syncing).write($0, atomically: atomically)
            }
        }
    }

    /// Writes a whole file of text as UTF-8; see `write(_:to:atomically:syncing:permissions:)`.
    public static func write(
        _ text: String, to path: String, atomically: Bool = true, syncing: Bool = false, permissions: UInt32 = 0o666
    ) async throws {
        try await write(
            Array(text.utf8), to: path, atomically: atomically, syncing: syncing, permissions: permissions)
    }

    private nonisolated static func readNow(_ path: String, limit: Int) throws -> [UInt8] {
        let descriptor = try FileCalls.open(path, O_RDONLY, 0)
        defer { _ = FileCalls.close(descriptor) }
        return try FileCalls.readAll(descriptor, limit: limit, path)
    }
}

/// A file that is written as a whole, on a thread.
private nonisolated struct WholeFile {
    let path: String
    let permissions: UInt32
    let syncing: Bool

    func write(_ bytes: UnsafeRawBufferPointer, atomically: Bool) throws {
        guard atomically else {
            return try fill(try FileCalls.open(path, O_WRONLY | O_CREAT | O_TRUNC, permissions), bytes, path)
        }
        try FileCalls.check(path, "write")
        let target = resolved
        let (name, descriptor) = try TemporaryName.create(beside: target, permissions: permissions)
        do {
            var old = stat()
            if stat(target, &old) == 0 { fchmod(descriptor, old.st_mode & 0o7777) }
            try fill(descriptor, bytes, name)
            guard rename(name, target) == 0 else { throw SystemError("replace", target: target) }
        } catch {
            unlink(name)
            throw error
        }
        if syncing { try syncDirectory(of: target) }
    }

    /// Where a symbolic link leads to in the end.
    private var resolved: String {
        var status = stat()
        guard lstat(path, &status) == 0, status.st_mode & S_IFMT == S_IFLNK, let real = realpath(path, nil) else {
            return path
        }
        defer { free(real) }
        return String(cString: real)
    }

    /// Writes and closes.
    private func fill(_ descriptor: Int32, _ bytes: UnsafeRawBufferPointer, _ name: String) throws {
        do {
            try FileCalls.write(descriptor, bytes, at: nil, name)
            if syncing, FileCalls.retrying({ fsync(descriptor) }) != 0 {
                throw SystemError("bring to the disk", target: name)
            }
        } catch {
            _ = FileCalls.close(descriptor)
            throw error
        }
        let code = FileCalls.close(descriptor)
        guard code == 0 else { throw SystemError("close", target: name, code: code) }
    }

    /// The new name is on the disk when its directory is.
    private func syncDirectory(of path: String) throws {
        let directory = TemporaryName.directory(of: path)
        let descriptor = try FileCalls.open(directory, O_RDONLY | O_DIRECTORY, 0)
        defer { _ = FileCalls.close(descriptor) }
        guard fsync(descriptor) == 0 else { throw SystemError("bring to the disk", target: directory) }
    }
}
