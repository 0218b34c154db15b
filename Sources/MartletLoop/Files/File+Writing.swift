import Glibc

extension File {
    /// Writes all of the bytes at the position, and moves it.
    ///
    /// - Throws: `SystemError`; then some of them may have been written.
    public func write(_ bytes: [UInt8]) async throws {
        try await perform { [path] descriptor in
            try bytes.withUnsafeBytes { try FileCalls.write(descriptor, $0, at: nil, path) }
        }
    }

    /// Writes a text as UTF-8 at the position, and moves it.
    ///
    /// - Throws: `SystemError`; then a part of it may have been written.
    public func write(_ text: String) async throws {
        try await perform { [path] descriptor in
            var text = text
            try text.withUTF8 { try FileCalls.write(descriptor, UnsafeRawBufferPointer($0), at: nil, path) }
        }
    }

    /// Writes all of the bytes at an offset, and leaves the position where it is (man 2 pwrite). In a file opened for
    /// appending, the system writes at the end all the same.
    ///
    /// - Throws: `SystemError`; then some of them may have been written.
    public func write(_ bytes: [UInt8], at offset: Int) async throws {
        try await perform { [path] descriptor in
            try bytes.withUnsafeBytes { try FileCalls.write(descriptor, $0, at: offset, path) }
        }
    }

    /// Cuts the file off, or makes it longer with zeros (man 2 ftruncate). The position stays.
    ///
    /// - Parameter size: in bytes.
    public func truncate(to size: Int) async throws {
        try await perform { [path] descriptor in
            guard FileCalls.retrying({ ftruncate(descriptor, size) }) == 0 else {
                throw SystemError("truncate", target: path)
            }
        }
    }

    /// Waits until what was written is on the disk (man 2 fsync).
    ///
    /// - Parameter includingStatus: whether times and the like have to be there as well, and not only what is needed to
    ///   read the data again (man 2 fdatasync).
    public func sync(includingStatus: Bool = true) async throws {
        try await perform { [path] descriptor in
            guard FileCalls.retrying({ includingStatus ? fsync(descriptor) : fdatasync(descriptor) }) == 0 else {
                throw SystemError("bring to the disk", target: path)
            }
        }
    }
}
