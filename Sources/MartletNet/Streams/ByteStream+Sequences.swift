/// What arrives, piece by piece.
extension ByteStream {
    /// What arrives, as it arrives: see `read(upTo:)`.
    public var chunks: Chunks { Chunks(stream: self) }

    /// The lines that arrive, without their ends, none longer than 64 KiB: see `readLine`.
    public var lines: Lines { lines(limit: 64 << 10) }

    /// The lines that arrive, without their ends, none longer than `limit` bytes: see `readLine`.
    public func lines(limit: Int) -> Lines { Lines(stream: self, limit: limit) }

    /// What arrives on a stream, as it arrives, until its end.
    public nonisolated struct Chunks: AsyncSequence, AsyncIteratorProtocol, Sendable {
        let stream: ByteStream

        /// The same: a stream is read once, however many go through it.
        public func makeAsyncIterator() -> Chunks { self }

        /// The next bytes; `nil` at the end.
        @MainActor
        public mutating func next() async throws -> [UInt8]? {
            let bytes = try await stream.read()
            return bytes.isEmpty ? nil : bytes
        }
    }

    /// The lines of a stream, until its end.
    public nonisolated struct Lines: AsyncSequence, AsyncIteratorProtocol, Sendable {
        let stream: ByteStream
        let limit: Int

        /// The same: a stream is read once, however many go through it.
        public func makeAsyncIterator() -> Lines { self }

        /// The next line; `nil` at the end.
        @MainActor
        public mutating func next() async throws -> String? {
            try await stream.readLine(limit: limit)
        }
    }
}
