extension File {
    /// The file line by line, without the line's end, `\n` or `\r\n`. What is not UTF-8 is repaired with U+FFFD.
    ///
    /// It is read in chunks, as by `chunks`, and the position is neither used nor moved.
    ///
    /// - Parameters:
    ///   - limit: how many bytes a line may have; a longer one ends it with EMSGSIZE.
    ///   - offset: where to begin, in bytes from the start.
    public nonisolated func lines(limit: Int = 1 << 20, from offset: Int = 0) -> Lines {
        Lines(file: self, limit: limit, offset: offset)
    }

    /// The lines of a file; each iteration begins anew.
    public nonisolated struct Lines: AsyncSequence, Sendable {
        let file: File
        let limit: Int
        let offset: Int

        /// Reads nothing yet.
        public func makeAsyncIterator() -> Iterator {
            Iterator(file: file, limit: limit, offset: offset)
        }

        /// Goes through the lines.
        public nonisolated struct Iterator: AsyncIteratorProtocol {
            let file: File
            let limit: Int
            let offset: Int
            private var splitter: LineSplitter?

            init(file: File, limit: Int, offset: Int) {
                self.file = file
                self.limit = limit
                self.offset = offset
            }

            /// The next line; `nil` at the end.
            ///
            /// - Throws: `SystemError` with the path; `CancellationError`.
            public mutating func next() async throws -> String? {
                if let splitter { return try await splitter.next() }
                let splitter = await LineSplitter(file: file, limit: limit, offset: offset)
                self.splitter = splitter
                return try await splitter.next()
            }
        }
    }
}
