import Glibc

/// Removes a directory and everything in it, as a thread does it.
nonisolated struct TreeRemoval {
    let path: String

    private static let depthLimit = 256

    func run() throws {
        try FileCalls.check(path, "remove")
        try remove(AT_FDCWD, path, path, depth: 0)
    }

    private func remove(_ parent: Int32, _ name: String, _ path: String, depth: Int) throws {
        // Most are no directories, and Linux says EISDIR for one that is.
        if unlinkat(parent, name, 0) == 0 || errno == ENOENT { return }
        guard errno == EISDIR || errno == EPERM else { throw SystemError("remove", target: path) }
        let descriptor = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
        guard descriptor >= 0 else {
            if errno == ENOENT { return }
            throw SystemError("remove", target: path)
        }
        guard depth < Self.depthLimit, let stream = fdopendir(descriptor) else {
            close(descriptor)
            throw SystemError("remove", target: path, code: depth < Self.depthLimit ? errno : ELOOP)
        }
        defer { closedir(stream) }
        try empty(stream, path, depth: depth)
        guard unlinkat(parent, name, AT_REMOVEDIR) == 0 || errno == ENOENT else {
            throw SystemError("remove", target: path)
        }
    }

    private func empty(_ stream: OpaquePointer, _ path: String, depth: Int) throws {
        while let entry = readdir(stream) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) {
                String(cString: UnsafeRawPointer($0).assumingMemoryBound(to: CChar.self))
            }
            if name == "." || name == ".." { continue }
            try Task.checkCancellation()
            try remove(dirfd(stream), name, "\(path)/\(name)", depth: depth + 1)
        }
    }
}
