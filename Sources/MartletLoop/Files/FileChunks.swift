extension File {
    /// The file in chunks, the next one read while the one before is in use: two are in memory at most.
    ///
    /// The position is neither used nor moved, so that several may read at once. What has no offsets, a pipe say, is
    /// read with `read(upTo:)`.
    ///
    /// - Parameters:
    ///   - size: how many bytes a chunk has at most; there may be fewer.
    ///   - offset: where to begin, in bytes from the start.
    public nonisolated func chunks(of size: Int = 65536, from offset: Int = 0) -> Chunks {
        Chunks(file: self, size: max(1, size), offset: offset)
    }

    /// A file in chunks; each iteration begins anew.
    public nonisolated struct Chunks: AsyncSequence, Sendable {
        let file: File
        let size: Int
        let offset: Int

        /// Reads nothing yet.
        public func makeAsyncIterator() -> Iterator {
            Iterator(file: file, size: size, offset: offset)
        }

        /// Goes through the chunks.
        public nonisolated struct Iterator: AsyncIteratorProtocol {
            let file: File
            let size: Int
            let offset: Int
            private var source: ReadAhead?

            init(file: File, size: Int, offset: Int) {
                self.file = file
                self.size = size
                self.offset = offset
            }

            /// The next chunk; `nil` at the end.
            ///
            /// - Throws: `SystemError` with the path; `CancellationError`.
            public mutating func next() async throws -> [UInt8]? {
                if let source { return try await source.next() }
                let source = await ReadAhead(file: file, size: size, offset: offset)
                self.source = source
                return try await source.next()
            }
        }
    }
}
