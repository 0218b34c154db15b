import MartletHTTP

extension HTTPClientResponse {
    /// The events of a `text/event-stream`, as they come (WHATWG HTML §9.2): see ``EventSource`` for a stream that comes back
    /// when its connection ends.
    public var events: ResponseEvents { ResponseEvents(body: body) }
}

/// The events in the body of one response.
public nonisolated struct ResponseEvents: AsyncSequence, Sendable {
    let body: HTTPClientResponseBody

    /// Goes through the events, once.
    public func makeAsyncIterator() -> Iterator {
        Iterator(pieces: body.makeAsyncIterator())
    }

    /// The events, in order.
    public struct Iterator: AsyncIteratorProtocol, Sendable {
        private var pieces: HTTPClientResponseBody.Iterator
        private var piece: [UInt8] = []
        private var offset = 0
        /// What has been read so far: the last identifier, and how long to wait before coming back.
        private(set) var parser = ServerSentEventParser()

        init(pieces: HTTPClientResponseBody.Iterator) {
            self.pieces = pieces
        }

        /// The next event; `nil` at the end of the body.
        ///
        /// - Throws: ``HTTPClientError``; `ServerSentEventError` when an event is larger than 1 MiB; `CancellationError`.
        @MainActor
        public mutating func next() async throws -> ServerSentEvent? {
            while true {
                let bytes = piece
                var position = offset
                let event = try parser.next(bytes.span, from: &position)
                offset = position
                if let event { return event }
                guard let next = try await pieces.next() else { return nil }
                piece = next
                offset = 0
            }
        }
    }
}
