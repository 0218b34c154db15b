import MartletServer
import MartletWebSocketCodec

/// A message of the peer's that is read while it arrives.
public final class WebSocketMessageStream: AsyncSequence {
    /// What an iteration gives: some bytes; of a text, whole characters.
    public typealias Element = [UInt8]

    /// Text or binary.
    public let kind: WebSocketEvent.Kind
    private let socket: WebSocket
    private var first: [UInt8]?
    private(set) var isOver: Bool

    /// The message that begins with what has arrived.
    init(_ socket: WebSocket, _ arrival: WebSocket.Arrival) {
        self.socket = socket
        switch arrival {
        case .message(.text(let text)): (kind, first, isOver) = (.text, Array(text.utf8), true)
        case .message(.binary(let bytes)): (kind, first, isOver) = (.binary, bytes, true)
        case .piece(let kind, let bytes, _, let isLast): (self.kind, first, isOver) = (kind, bytes, isLast)
        }
    }

    deinit {}

    /// The next bytes; `nil` when the message is complete.
    ///
    /// - Throws: ``WebSocketClosed`` when the WebSocket ends before that, `CancellationError` when the task is cancelled.
    public func read() async throws -> [UInt8]? {
        if let bytes = first {
            first = nil
            if !bytes.isEmpty { return bytes }
        }
        while !isOver {
            // Only the end can come between the pieces of a message.
            if case .piece(_, let bytes, _, let isLast) = socket.popArrival() {
                isOver = isLast
                if !bytes.isEmpty { return bytes }
            } else if let end = socket.closeStatus {
                throw end
            } else {
                try await socket.waitForArrival()
            }
        }
        return nil
    }

    /// Gives the pieces of the message.
    public struct AsyncIterator: AsyncIteratorProtocol {
        let stream: WebSocketMessageStream

        /// The next bytes; `nil` when the message is complete.
        ///
        /// - Throws: as ``WebSocketMessageStream/read()``.
        public mutating func next() async throws -> [UInt8]? {
            try await stream.read()
        }
    }

    /// Begins to read.
    public func makeAsyncIterator() -> AsyncIterator {
        AsyncIterator(stream: self)
    }
}

/// The messages of a WebSocket, each read while it arrives: see ``WebSocket/streams``.
public struct WebSocketMessageStreams: AsyncSequence {
    /// What an iteration gives.
    public typealias Element = WebSocketMessageStream

    let socket: WebSocket

    /// Gives the messages in their order.
    public struct AsyncIterator: AsyncIteratorProtocol {
        let socket: WebSocket
        private var current: WebSocketMessageStream?

        init(socket: WebSocket) {
            self.socket = socket
        }

        /// The next message; what was not read of the one before is skipped. `nil` when the WebSocket was closed as it is
        /// meant to be.
        ///
        /// - Throws: ``WebSocketClosed`` at any other end, `CancellationError` when the task is cancelled.
        public mutating func next() async throws -> WebSocketMessageStream? {
            while try await current?.read() != nil {}
            while true {
                switch socket.popArrival() {
                case .piece(_, _, isFirst: false, _):
                    // The rest of one that another iteration has left.
                    continue
                case let arrival?:
                    current = WebSocketMessageStream(socket, arrival)
                    return current
                case nil:
                    if let end = socket.closeStatus {
                        if end.isNormal { return nil }
                        throw end
                    }
                    try await socket.waitForArrival()
                }
            }
        }
    }

    /// Begins to read.
    public func makeAsyncIterator() -> AsyncIterator {
        AsyncIterator(socket: socket)
    }
}

extension WebSocket {
    /// The peer's messages, each read while it arrives, for those that are larger than memory. The route or the client has
    /// ``WebSocketSettings/streamsMessages`` set; otherwise each message comes as one piece.
    ///
    /// ```swift
    /// for try await message in socket.streams {
    ///     for try await bytes in message { hash.update(bytes) }
    /// }
    /// ```
    public var streams: WebSocketMessageStreams { WebSocketMessageStreams(socket: self) }
}
