import Glibc

extension File {
    /// Reads at the position, and moves it.
    ///
    /// What the kernel has in memory is read without a thread, in one system call, up to 128 KiB at once.
    ///
    /// - Parameter count: how many bytes at most.
    /// - Returns: what there is, at least a byte; nothing at the end.
    public func read(upTo count: Int = 65536) async throws -> [UInt8] {
        try Task.checkCancellation()
        if let bytes = try readCached(upTo: count, at: nil) { return bytes }
        return try await perform { [path] in try FileCalls.read($0, upTo: count, at: nil, path) }
    }

    /// Reads at an offset, and leaves the position where it is (man 2 pread).
    ///
    /// - Parameters:
    ///   - offset: from where, in bytes.
    ///   - count: how many bytes at most.
    /// - Returns: what there is; nothing at the end or beyond.
    public func read(at offset: Int, upTo count: Int = 65536) async throws -> [UInt8] {
        try Task.checkCancellation()
        guard offset >= 0 else { throw SystemError("read at \(offset) in", target: path, code: EINVAL) }
        if let bytes = try readCached(upTo: count, at: offset) { return bytes }
        return try await perform { [path] in try FileCalls.read($0, upTo: count, at: offset, path) }
    }

    /// Reads from the position to the end.
    ///
    /// - Parameter limit: how many bytes that may be.
    /// - Throws: `SystemError` with EFBIG when it is more.
    public func readToEnd(limit: Int = 64 << 20) async throws -> [UInt8] {
        try await perform { [path] in try FileCalls.readAll($0, limit: limit, path) }
    }

    /// Moves the position.
    ///
    /// - Parameter offset: where to, in bytes from the start; beyond the end is possible.
    public func seek(to offset: Int) async throws {
        _ = try await perform { [path] in try Self.seek($0, offset, SEEK_SET, path) }
    }

    /// Moves the position to the end.
    ///
    /// - Returns: where that is, in bytes from the start.
    @discardableResult
    public func seekToEnd() async throws -> Int {
        try await perform { [path] in try Self.seek($0, 0, SEEK_END, path) }
    }

    /// Where reading and writing go on, in bytes from the start.
    public func position() async throws -> Int {
        try await perform { [path] in try Self.seek($0, 0, SEEK_CUR, path) }
    }

    private nonisolated static func seek(
        _ descriptor: Int32, _ offset: Int, _ origin: Int32, _ path: String
    ) throws(SystemError) -> Int {
        let position = lseek(descriptor, offset, origin)
        guard position >= 0 else { throw SystemError("seek in", target: path) }
        return position
    }

    /// What the system knows about it (man 2 fstat).
    public func status() async throws -> FileStatus {
        try await perform { [path] in
            var status = stat()
            guard fstat($0, &status) == 0 else { throw SystemError("look at", target: path) }
            return FileStatus(status)
        }
    }
}
