import HTTPTypes

/// A request's body, read while it arrives: what is not asked for stays with the kernel and slows the client down.
///
/// Iterate over it once for its chunks, or `collect` it. What a handler leaves unread is discarded or, when there is
/// much of it, the connection is closed after the response.
///
/// Content codings that the client has applied (`Content-Encoding: gzip`, `deflate`, `br`, or several in a row) are undone
/// on the way: all that reads the body, forms and JSON included, gets what was meant. The request's fields stay as they
/// were sent. ``asSent`` is the body as it came.
public struct RequestBody: AsyncSequence {
    /// Some bytes, at least one.
    public typealias Element = [UInt8]

    private let exchange: Exchange
    private let isAsSent: Bool

    init(exchange: Exchange, isAsSent: Bool = false) {
        self.exchange = exchange
        self.isAsSent = isAsSent
    }

    /// The body with its content codings, for whoever passes it on or keeps it together with `Content-Encoding`. It is read
    /// in this form or the other, not partly in both.
    public var asSent: RequestBody { RequestBody(exchange: exchange, isAsSent: true) }

    /// How many bytes it has, if the client said so before; `nil` for a chunked body, and for one with content codings that
    /// are undone.
    public var expectedLength: UInt64? {
        switch exchange.parser.body {
        case .none: 0
        case .length(let length): isAsSent || !exchange.hasEncodedBody ? length : nil
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
    /// - Parameter limit: bytes that may be held at most; the server's own limit (`limits.body`) holds as well, for the
    ///   body as it is sent and for what it becomes when its codings are undone.
    /// - Throws: `HTTPError` 413 when there is more, or when it grows by too much as it is decoded
    ///   (`limits.body_expansion`); 415 when it has a content coding that cannot be undone; 400 when it is malformed or cut
    ///   short; 408 when it does not arrive in time.
    public func collect(upTo limit: Int = .max) async throws -> [UInt8] {
        if let expectedLength, expectedLength > UInt64(clamping: limit) { throw exchange.bodyTooLarge() }
        var collected: [UInt8] = []
        var pieces = makeAsyncIterator()
        while let chunk = try await pieces.next() {
            guard chunk.count <= limit - collected.count else { throw exchange.bodyTooLarge() }
            if collected.isEmpty { collected = chunk } else { collected += chunk }
        }
        return collected
    }

    /// Iterates over the chunks as they arrive.
    public func makeAsyncIterator() -> Iterator {
        Iterator(exchange: exchange, isAsSent: isAsSent)
    }

    /// The chunks, in order. Errors are those of `collect`.
    public struct Iterator: AsyncIteratorProtocol {
        let exchange: Exchange
        let isAsSent: Bool

        /// The next bytes, or `nil` at the end of the body.
        public mutating func next() async throws -> [UInt8]? {
            isAsSent ? try await exchange.nextBodyChunkAsSent() : try await exchange.nextBodyChunk()
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
