import Glibc

/// A walk through a directory, and what is below it, as a thread makes it: in batches, so that neither a large
/// directory nor a deep one takes more memory than a batch and a descriptor for each level.
///
/// Symbolic links are not followed, and directories are opened relative to the one they are in: nobody who moves things
/// meanwhile can lead it elsewhere.
///
/// `@unchecked Sendable`, because: one thread uses it at a time; who has it waits for a batch before asking for the
/// next.
nonisolated final class DirectoryScan: @unchecked Sendable {
    private struct Level {
        let stream: OpaquePointer
        /// What its entries' paths begin with.
        let prefix: String
    }

    private let root: String
    private let isRecursive: Bool
    private let skipsUnreadable: Bool
    private let depthLimit: Int
    private var levels: [Level] = []
    private var isStarted = false

    init(root: String, isRecursive: Bool, skipsUnreadable: Bool, depthLimit: Int) {
        self.root = root
        self.isRecursive = isRecursive
        self.skipsUnreadable = skipsUnreadable
        self.depthLimit = depthLimit
    }

    deinit {
        // A loop over an asynchronous sequence may be left in the middle, and there is no other place then.
        for level in levels { closedir(level.stream) }
    }

    /// The next entries, in the order in which the system has them, a directory before what is in it; none at the end.
    func nextBatch(of count: Int) throws -> [DirectoryEntry] {
        if !isStarted {
            isStarted = true
            try FileCalls.check(root, "list")
            try enter(nil, name: root, prefix: root.hasSuffix("/") ? root : root + "/")
        }
        var batch: [DirectoryEntry] = []
        while batch.count < count, let level = levels.last {
            guard let entry = try nextEntry(of: level) else {
                closedir(level.stream)
                levels.removeLast()
                continue
            }
            batch.append(entry)
            guard isRecursive, entry.kind == .directory else { continue }
            try descend(level, entry)
        }
        return batch
    }

    private func descend(_ level: Level, _ entry: DirectoryEntry) throws {
        guard levels.count < depthLimit else {
            throw SystemError(
                "list", target: entry.path, code: ELOOP,
                advice: "it is more than \(depthLimit) directories deep; raise depthLimit if that is as it should be")
        }
        do {
            try enter(dirfd(level.stream), name: entry.name, prefix: entry.path + "/")
        } catch let error as SystemError where error.code == ENOENT || error.code == ENOTDIR {
            // It was removed or replaced meanwhile.
        } catch let error as SystemError where skipsUnreadable && error.code == EACCES {
        }
    }

    private func enter(_ parent: Int32?, name: String, prefix: String) throws {
        let flags = O_RDONLY | O_DIRECTORY | O_CLOEXEC | (parent == nil ? 0 : O_NOFOLLOW)
        let descriptor = FileCalls.retrying { openat(parent ?? AT_FDCWD, name, flags) }
        guard descriptor >= 0 else {
            throw SystemError("list", target: parent == nil ? root : String(prefix.dropLast()))
        }
        guard let stream = fdopendir(descriptor) else {
            let error = SystemError("list", target: String(prefix.dropLast()))
            close(descriptor)
            throw error
        }
        levels.append(Level(stream: stream, prefix: prefix))
    }

    private func nextEntry(of level: Level) throws -> DirectoryEntry? {
        while true {
            errno = 0
            guard let entry = readdir(level.stream) else {
                guard errno == 0 else { throw SystemError("list", target: String(level.prefix.dropLast())) }
                return nil
            }
            let name = withUnsafePointer(to: &entry.pointee.d_name) {
                String(cString: UnsafeRawPointer($0).assumingMemoryBound(to: CChar.self))
            }
            if name == "." || name == ".." { continue }
            guard let kind = kind(Int32(entry.pointee.d_type), name, level) else { continue }
            return DirectoryEntry(name: name, path: level.prefix + name, kind: kind)
        }
    }

    /// `nil` when it is gone already.
    private func kind(_ type: Int32, _ name: String, _ level: Level) -> FileKind? {
        // d_type holds the bits of st_mode that tell the kind; not every file system knows them (man 3 readdir).
        guard type == 0 else { return FileKind(mode: UInt32(type) << 12) }
        var status = stat()
        guard fstatat(dirfd(level.stream), name, &status, AT_SYMLINK_NOFOLLOW) == 0 else { return nil }
        return FileKind(mode: status.st_mode)
    }
}
