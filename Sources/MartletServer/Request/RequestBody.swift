import HTTPTypes

/// A request's body, read while it arrives: what is not asked for stays with the kernel and slows the client down.
///
/// Iterate over it once for its chunks, or `collect` it. What a handler leaves unread is discarded or, when there is
/// much of it, the connection is closed after the response.
public struct RequestBody: AsyncSequence {
    /// Some bytes, at least one.
    public typealias Element = [UInt8]

    private let exchange: Exchange

    init(exchange: Exchange) {
        self.exchange = exchange
    }

    /// How many bytes it has, if the client said so before; `nil` for a chunked body.
    public var expectedLength: UInt64? {
        switch exchange.parser.body {
        case .none: 0
        case .length(let length): length
        case .chunked: nil
        }
    }

    /// The whole body.
    ///
    /// - Parameter limit: bytes that may be held at most; the server's own limit (`limits.body`) holds as well.
    /// - Throws: `HTTPError` 413 when there is more, 400 when it is malformed or cut short, 408 when it does not arrive
    ///   in time.
    public func collect(upTo limit: Int = .max) async throws -> [UInt8] {
        if let expectedLength, expectedLength > UInt64(clamping: limit) { throw exchange.bodyTooLarge() }
        var collected: [UInt8] = []
        while let chunk = try await exchange.nextBodyChunk() {
            guard chunk.count <= limit - collected.count else { throw exchange.bodyTooLarge() }
            if collected.isEmpty { collected = chunk } else { collected += chunk }
        }
        return collected
    }

    /// Iterates over the chunks as they arrive.
    public func makeAsyncIterator() -> Iterator {
        Iterator(exchange: exchange)
    }

    /// The chunks, in order. Errors are those of `collect`.
    public struct Iterator: AsyncIteratorProtocol {
        let exchange: Exchange

        /// The next bytes, or `nil` at the end of the body.
        public mutating func next() async throws -> [UInt8]? {
            try await exchange.nextBodyChunk()
        }
    }
}
