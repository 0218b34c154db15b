/// Something in a directory.
public nonisolated struct DirectoryEntry: Hashable, Sendable {
    /// Its name there.
    public let name: String
    /// The directory's path as it was given, and the way from there.
    public let path: String
    /// What it is; a symbolic link is one, whatever it points to.
    public let kind: FileKind
}

extension FileSystem {
    /// What is in a directory, without `.` and `..`, in no particular order.
    ///
    /// ```swift
    /// for try await entry in FileSystem.entries(of: "/etc") where entry.kind == .regular { … }
    /// ```
    ///
    /// What is created or removed meanwhile may be among them or not.
    public static func entries(of path: String) -> DirectoryEntries {
        DirectoryEntries(root: path, isRecursive: false, skipsUnreadable: false, depthLimit: 1)
    }

    /// What is in a directory and everything below it, a directory before what is in it. Symbolic links are not
    /// followed.
    ///
    /// Memory and descriptors are bounded: there is one open directory for each level.
    ///
    /// - Parameters:
    ///   - path: where to begin.
    ///   - skippingUnreadable: whether to pass over directories that may not be read; otherwise the first one ends it.
    ///   - depthLimit: how deep directories may lie before it ends with ELOOP.
    public static func walk(
        _ path: String, skippingUnreadable: Bool = false, depthLimit: Int = 128
    ) -> DirectoryEntries {
        DirectoryEntries(root: path, isRecursive: true, skipsUnreadable: skippingUnreadable, depthLimit: depthLimit)
    }
}

/// The entries of a directory, and perhaps of what is below it; each iteration reads them anew. They are fetched from a
/// thread by the hundred.
public nonisolated struct DirectoryEntries: AsyncSequence, Sendable {
    let root: String
    let isRecursive: Bool
    let skipsUnreadable: Bool
    let depthLimit: Int

    /// Opens nothing yet.
    public func makeAsyncIterator() -> Iterator {
        Iterator(
            scan: DirectoryScan(
                root: root, isRecursive: isRecursive, skipsUnreadable: skipsUnreadable, depthLimit: depthLimit))
    }

    /// Goes through the entries.
    public nonisolated struct Iterator: AsyncIteratorProtocol {
        private static let batchSize = 256

        let scan: DirectoryScan
        private var batch: ArraySlice<DirectoryEntry> = []

        init(scan: DirectoryScan) {
            self.scan = scan
        }

        /// The next entry; `nil` at the end.
        ///
        /// - Throws: `SystemError` with the path of the directory that cannot be read.
        public mutating func next() async throws -> DirectoryEntry? {
            if let entry = batch.popFirst() { return entry }
            let scan = scan
            batch = try await offload { try scan.nextBatch(of: Self.batchSize) }[...]
            return batch.popFirst()
        }
    }
}
