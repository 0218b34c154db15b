import Glibc

extension FileSystem {
    /// Makes a directory that only this user can enter, for as long as `body` runs, and then removes it with all that
    /// is in it, however `body` ends.
    ///
    /// - Parameters:
    ///   - parent: where; `nil` is `TMPDIR`, or else `/tmp`.
    ///   - prefix: what its name begins with.
    ///   - body: what to do in it; it gets the path.
    /// - Returns: what `body` returns.
    /// - Throws: what `body` throws; `SystemError` when it cannot be created, or not be removed.
    public static func withTemporaryDirectory<Value: Sendable>(
        in parent: String? = nil, prefix: String = "martlet-", _ body: @MainActor (String) async throws -> Value
    ) async throws -> Value {
        let path = try await offload {
            try TemporaryName.attempt("\(parent ?? TemporaryName.standardDirectory)/\(prefix)") {
                name throws(SystemError) in
                try call("create the directory", name) { mkdir(name, 0o700) }
            }.name
        }
        let value: Value
        do {
            value = try await body(path)
        } catch {
            // The first error is the one to tell.
            try? await removeUncancelled(path)
            throw error
        }
        try await removeUncancelled(path)
        return value
    }

    /// Opens a file without a name, which is gone when it is closed, or when the process ends (man 2 open, O_TMPFILE).
    ///
    /// - Parameters:
    ///   - directory: the file system that it is to be on; `nil` is that of `TMPDIR`, or else `/tmp`.
    ///   - file: where this is called, for messages.
    ///   - line: where this is called, for messages.
    public static func openTemporary(
        in directory: String? = nil, file: StaticString = #fileID, line: UInt = #line
    ) async throws -> File {
        let directory = directory ?? TemporaryName.standardDirectory
        return try await File.open(
            directory, for: File.Mode(flags: O_RDWR | temporaryFlag), permissions: 0o600, file: file, line: line)
    }

    /// O_TMPFILE, which Swift cannot import.
    private static let temporaryFlag: Int32 = 0o20_000_000 | O_DIRECTORY

    private static func removeUncancelled(_ path: String) async throws {
        try await Task { try await removeTree(path) }.value
    }
}
