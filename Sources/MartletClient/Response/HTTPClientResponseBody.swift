import HTTPTypes

/// The body of a response, read while it arrives: what is not asked for stays with the kernel and slows the server down.
///
/// ```swift
/// for try await piece in response.body { digest.update(piece) }
/// ```
///
/// It is read once, by one task at a time. A body that does not come whole, as its length or its chunks say, ends with an
/// error.
public nonisolated struct HTTPClientResponseBody: AsyncSequence, Sendable {
    /// Some bytes, at least one: as many as have arrived, up to 128 KiB.
    public typealias Element = [UInt8]

    let source: BodySource

    init(_ source: BodySource) {
        self.source = source
    }

    /// How many bytes it has, if the server said so before; `nil` of one that comes in chunks, until the connection ends,
    /// or compressed.
    @MainActor public var expectedLength: UInt64? { source.expectedLength }

    /// Fields that came behind a chunked body (RFC 9112 §7.1.2); `nil` before the body is read to its end, and where
    /// there are none.
    @MainActor public var trailers: HTTPFields? { source.trailers }

    /// The whole body.
    ///
    /// - Parameter limit: bytes that may be held at most; ``HTTPClientLimits/collectedBody`` unless given.
    /// - Throws: ``HTTPClientError`` when there is more, or the body does not come whole; `CancellationError`.
    @MainActor
    public func collect(upTo limit: Int? = nil) async throws -> [UInt8] {
        if let whole = try source.takeWhole(upTo: limit) { return whole }
        return try await source.collect(upTo: limit)
    }

    /// Gives it up: what has not come yet is not waited for, and whoever reads gets an error.
    @MainActor
    public func cancel() {
        source.cancel()
    }

    /// The beginning, as far as it comes within a moment, for a message.
    @MainActor
    func excerpt() async -> String { await source.excerpt() }

    /// Iterates over the pieces as they arrive.
    public func makeAsyncIterator() -> Iterator {
        Iterator(source: source)
    }

    /// The pieces, in order. Errors are those of `collect`.
    public struct Iterator: AsyncIteratorProtocol, Sendable {
        let source: BodySource

        /// The next bytes, or `nil` at the end of the body.
        @MainActor
        public mutating func next() async throws -> [UInt8]? {
            try await source.next()
        }
    }
}
