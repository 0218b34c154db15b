import Glibc
import MartletDownloadPlan
import MartletLoop

/// The system calls of partial files, as a thread makes them.
nonisolated enum PartialFileCalls {
    /// What is found when a partial file is opened.
    struct Opened: Sendable {
        let descriptor: Int32
        let record: PartialRecord?
    }

    /// Opens, or creates, the partial file and locks it, so that two downloads, in two processes even, never write to the
    /// same one; the kernel lets go of the lock when the process ends in any way.
    ///
    /// - Returns: `nil` when somebody else has the lock.
    static func open(_ part: String, record: String) throws -> Opened? {
        while true {
            let descriptor = retrying { Glibc.open(part, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o666) }
            guard descriptor >= 0 else { throw SystemError("open", target: part) }
            do {
                guard retrying({ flock(descriptor, LOCK_EX | LOCK_NB) }) == 0 else {
                    guard errno == EWOULDBLOCK else { throw SystemError("lock", target: part) }
                    Glibc.close(descriptor)
                    return nil
                }
                // The one who had it may have put it in its place between the two calls.
                guard try isStill(descriptor, at: part) else {
                    Glibc.close(descriptor)
                    continue
                }
                let status = try status(descriptor, part)
                // Somebody has ended between putting a file in its place and taking this name away. The other name is
                // a finished file, which must not be written to.
                guard status.st_nlink <= 1 else {
                    for name in [record, part] where unlink(name) != 0 && errno != ENOENT {
                        throw SystemError("remove", target: name)
                    }
                    Glibc.close(descriptor)
                    continue
                }
                let found = try read(record)
                let isUsable = found.map { ($0.done.ranges.last?.upperBound ?? 0) <= Int(status.st_size) } ?? false
                return Opened(descriptor: descriptor, record: isUsable ? found : nil)
            } catch {
                Glibc.close(descriptor)
                throw error
            }
        }
    }

    private static func isStill(_ descriptor: Int32, at path: String) throws -> Bool {
        var named = stat()
        guard lstat(path, &named) == 0 else { return false }
        let opened = try status(descriptor, path)
        guard opened.st_mode & S_IFMT == S_IFREG else {
            throw SystemError("write to", target: path, code: EINVAL, advice: "it is no regular file")
        }
        return named.st_ino == opened.st_ino && named.st_dev == opened.st_dev
    }

    static func status(_ descriptor: Int32, _ path: String) throws -> stat {
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw SystemError("look at", target: path) }
        return status
    }

    private static func read(_ path: String) throws -> PartialRecord? {
        let descriptor = retrying { Glibc.open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW) }
        guard descriptor >= 0 else { return nil }
        defer { Glibc.close(descriptor) }
        let bytes = try [UInt8](unsafeUninitializedCapacity: PartialRecord.longest + 1) { buffer, count in
            while count < buffer.count {
                let got = retrying { Glibc.read(descriptor, buffer.baseAddress! + count, buffer.count - count) }
                guard got >= 0 else { throw SystemError("read", target: path) }
                if got == 0 { break }
                count += got
            }
        }
        return PartialRecord(bytes)
    }

    /// Writes pieces one behind the other.
    static func write(
        _ descriptor: Int32, _ pieces: [[UInt8]], at offset: Int, _ path: String, _ digest: RunningDigest?
    ) throws {
        var offset = offset
        for piece in pieces {
            try piece.withUnsafeBytes { bytes in
                var written = 0
                while written < bytes.count {
                    let rest = UnsafeRawBufferPointer(rebasing: bytes[written...])
                    let count = retrying { pwrite(descriptor, rest.baseAddress, rest.count, offset + written) }
                    guard count >= 0 else { throw SystemError("write", target: path) }
                    written += count
                }
                if let digest, digest.count == offset { digest.add(bytes) }
            }
            offset += piece.count
        }
    }

    /// The sum of the bytes of a file, read from the beginning.
    ///
    /// - Throws: `CancellationError` between two pieces when the task is cancelled.
    static func sum(_ descriptor: Int32, _ algorithm: Checksum.Algorithm, _ path: String) throws -> String {
        guard let digest = RunningDigest(algorithm) else { throw unavailable(algorithm, path) }
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 20, alignment: 4096)
        defer { buffer.deallocate() }
        while true {
            try Task.checkCancellation()
            let got = retrying { pread(descriptor, buffer.baseAddress, buffer.count, digest.count) }
            guard got >= 0 else { throw SystemError("read", target: path) }
            if got == 0 { return digest.finish() }
            digest.add(UnsafeRawBufferPointer(rebasing: buffer[..<got]))
        }
    }

    static func unavailable(_ algorithm: Checksum.Algorithm, _ path: String) -> SystemError {
        SystemError(
            "add up (\(algorithm.rawValue))", target: path, code: ENOTSUP, advice: "this system forbids the algorithm")
    }

    /// Notes what is there, once that is safe from a power failure.
    static func checkpoint(_ descriptor: Int32, _ part: String, _ record: PartialRecord, at path: String) throws {
        guard fdatasync(descriptor) == 0 else { throw SystemError("flush", target: part) }
        let new = path + ".new"
        let file = retrying { Glibc.open(new, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0o666) }
        guard file >= 0 else { throw SystemError("open", target: new) }
        do {
            defer { Glibc.close(file) }
            try write(file, [record.bytes()], at: 0, new, nil)
            guard fdatasync(file) == 0 else { throw SystemError("flush", target: new) }
        }
        guard rename(new, path) == 0 else { throw SystemError("rename", target: new) }
    }

    /// Puts a complete file in its place.
    ///
    /// - Returns: whether it is; not when the place is taken and is not to be `replaced`.
    static func finish(
        _ descriptor: Int32, _ part: String, length: Int, to path: String, replacing: Bool, modified: Int64?,
        syncing: Bool
    ) throws -> Bool {
        guard ftruncate(descriptor, length) == 0 else { throw SystemError("truncate", target: part) }
        if let modified {
            let time = timespec(tv_sec: Int(modified), tv_nsec: 0)
            // The time is a courtesy.
            _ = withUnsafePointer(to: (time, time)) {
                $0.withMemoryRebound(to: timespec.self, capacity: 2) { futimens(descriptor, $0) }
            }
        }
        if syncing, fsync(descriptor) != 0 { throw SystemError("flush", target: part) }
        if replacing {
            guard rename(part, path) == 0 else { throw SystemError("rename to \(path)", target: part) }
        } else if link(part, path) == 0 {
            unlink(part)
        } else {
            switch errno {
            case EEXIST: return false
            // A file system without links.
            case EPERM, EOPNOTSUPP, ENOSYS, EMLINK:
                if access(path, F_OK) == 0 { return false }
                guard rename(part, path) == 0 else { throw SystemError("rename to \(path)", target: part) }
            default: throw SystemError("rename to \(path)", target: part)
            }
        }
        if syncing { try syncDirectory(of: path) }
        return true
    }

    private static func syncDirectory(of path: String) throws {
        let directory = path[..<(path.lastIndex(of: "/") ?? path.startIndex)]
        let descriptor = Glibc.open(directory.isEmpty ? "/" : String(directory), O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { throw SystemError("open", target: String(directory)) }
        defer { Glibc.close(descriptor) }
        // Some file systems have no such thing.
        guard fsync(descriptor) == 0 || errno == EINVAL || errno == EROFS else {
            throw SystemError("flush", target: String(directory))
        }
    }

    /// The number of the file system that a file is on, and how many bytes it has for us.
    static func space(_ descriptor: Int32, _ path: String) throws -> (device: UInt64, free: Int) {
        var volume = statvfs()
        guard fstatvfs(descriptor, &volume) == 0 else { throw SystemError("ask for the free space of", target: path) }
        let (free, overflow) = Int(clamping: volume.f_bavail).multipliedReportingOverflow(
            by: Int(clamping: volume.f_frsize))
        return (UInt64(try status(descriptor, path).st_dev), overflow ? .max : free)
    }

    private static func retrying<Result: FixedWidthInteger>(_ call: () -> Result) -> Result {
        while true {
            let result = call()
            if result != -1 || errno != EINTR { return result }
        }
    }
}
