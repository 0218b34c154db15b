import CMartlet
import Glibc

/// The system calls of files, as a thread makes them: they block, and try again when a signal came in between.
nonisolated enum FileCalls {
    /// Copying so much from the kernel's memory takes some ten microseconds.
    static let mostReadOnLoop = 128 * 1024

    static func open(_ path: String, _ flags: Int32, _ permissions: UInt32) throws(SystemError) -> Int32 {
        try check(path, "open")
        let descriptor = retrying { Glibc.open(path, flags | O_CLOEXEC, permissions) }
        guard descriptor >= 0 else { throw SystemError("open", target: path) }
        return descriptor
    }

    /// Returns the number of an error, or 0. The descriptor is closed in any case, after EINTR as well (man 2 close).
    static func close(_ descriptor: Int32) -> Int32 {
        Glibc.close(descriptor) == 0 || errno == EINTR ? 0 : errno
    }

    /// A C string ends at a zero byte, and would name another file.
    static func check(_ path: String, _ operation: String) throws(SystemError) {
        guard !path.utf8.contains(0) else {
            throw SystemError(
                operation, target: path.split(separator: "\0").joined(separator: "\\0"), code: EINVAL,
                advice: "the path contains a zero byte")
        }
    }

    /// Makes a call until no signal comes in between.
    static func retrying<Result: FixedWidthInteger>(_ call: () -> Result) -> Result {
        while true {
            let result = call()
            if result != -1 || errno != EINTR { return result }
        }
    }

    // MARK: Reading

    /// Up to `count` bytes, less at the end and where there are no more at present.
    static func read(_ descriptor: Int32, upTo count: Int, at offset: Int?, _ path: String) throws -> [UInt8] {
        try [UInt8](unsafeUninitializedCapacity: max(0, count)) { buffer, filled in
            let got = retrying {
                if let offset { return pread(descriptor, buffer.baseAddress, buffer.count, offset) }
                return Glibc.read(descriptor, buffer.baseAddress, buffer.count)
            }
            guard got >= 0 else { throw SystemError("read", target: path) }
            filled = got
        }
    }

    /// The bytes that are in memory, and 0 or the number of an error.
    static func readCached(_ descriptor: Int32, upTo count: Int, at offset: Int?) -> ([UInt8], Int32) {
        var code: Int32 = 0
        let bytes = [UInt8](unsafeUninitializedCapacity: max(0, count)) { buffer, filled in
            let got = martlet_read_cached(descriptor, buffer.baseAddress, buffer.count, Int64(offset ?? -1))
            filled = max(0, got)
            code = Int32(clamping: min(0, got).magnitude)
        }
        return (bytes, code)
    }

    /// Everything from the position to the end.
    static func readAll(_ descriptor: Int32, limit: Int, _ path: String) throws -> [UInt8] {
        // One more than its size, so that the end is seen at once; some files do not know their size.
        // One byte more than the limit is asked for, to see whether there is one.
        let limit = min(limit, .max - 1)
        var capacity = min(max(4096, clampedSize(descriptor) &+ 1), max(1, limit) &+ 1)
        var bytes: [UInt8] = []
        while true {
            let part = try read(descriptor, upTo: capacity, at: nil, path)
            if part.isEmpty { return bytes }
            if bytes.isEmpty { bytes = part } else { bytes += part }
            guard bytes.count <= limit else {
                throw SystemError(
                    "read", target: path, code: EFBIG,
                    advice: "it has more than the limit of \(limit) bytes; raise the limit, or read it in chunks")
            }
            capacity = min(max(65536, bytes.count), limit - bytes.count &+ 1)
        }
    }

    private static func clampedSize(_ descriptor: Int32) -> Int {
        var status = stat()
        return fstat(descriptor, &status) == 0 ? min(max(0, Int(status.st_size)), .max - 1) : 0
    }

    // MARK: Writing

    /// All of the bytes, at an offset or at the position.
    static func write(_ descriptor: Int32, _ bytes: UnsafeRawBufferPointer, at offset: Int?, _ path: String) throws {
        var written = 0
        while written < bytes.count {
            let rest = UnsafeRawBufferPointer(rebasing: bytes[written...])
            let count = retrying {
                if let offset { return pwrite(descriptor, rest.baseAddress, rest.count, offset &+ written) }
                return Glibc.write(descriptor, rest.baseAddress, rest.count)
            }
            guard count >= 0 else { throw SystemError("write", target: path) }
            written += count
        }
    }
}
