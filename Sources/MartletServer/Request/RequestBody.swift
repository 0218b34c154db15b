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

    /// Fields that came behind a chunked body (RFC 9112 §7.1.2); `nil` before the body is read to its end, and where
    /// there are none. Such as may not come there, because they would have to be known before, are dropped.
    public var trailers: HTTPFields? {
        exchange.transport?.trailers
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

extension Request {
    /// The body, decoded from JSON (RFC 8259). Dates are in the form of RFC 3339, as they are answered.
    ///
    /// - Parameters:
    ///   - type: what to decode.
    ///   - limit: bytes that the body may have at most; the server's own limit (`limits.body`) holds as well.
    /// - Throws: `HTTPError` 415 when the client says that it is something else, 400 when it is malformed, 422 when it
    ///   does not fit `type`, both with the place; and as ``RequestBody/collect(upTo:)``.
    public func json<Value: Decodable>(_ type: Value.Type = Value.self, upTo limit: Int = .max) async throws -> Value {
        let bytes = try await body.collect(upTo: limit)
        return try bytes.withUnsafeBufferPointer { try JSONBody.decode(type, from: $0, of: self) }
    }
}
