import DequeModule
import MartletLoop
import MartletServer
import MartletWebSocketCodec

/// What those who read get of what has come.
///
/// Whoever waits is suspended in as few and small frames as possible: idle sockets are many, and what their tasks hold is
/// most of what they cost.
extension WebSocket {
    /// The next arrival, if there is one; after the last one comes ``end``.
    func popArrival() -> Arrival? {
        while true {
            if let extras, let arrival = extras.inbox.popFirst() {
                if isPaused, extras.inbox.count <= context.settings.receiveLimit / 2 { goOnReading() }
                return arrival
            }
            if end != nil || !performEnding() { return nil }
        }
    }

    /// Waits until something has come, or it has ended.
    @inline(__always)
    func waitForArrival() async throws {
        try await more.readers.wait()
    }

    /// The next message; `nil` when the WebSocket was closed as it is meant to be.
    ///
    /// Where messages come in pieces (``WebSocketSettings/streamsMessages``), they are put together.
    ///
    /// - Throws: ``WebSocketClosed`` at any other end, `CancellationError` when the task is cancelled.
    @inline(__always)
    public func receive() async throws -> WebSocketMessage? {
        while !prepareMessage() { try await waitForArrival() }
        return try takePrepared()
    }

    /// Puts the next whole message where ``takePrepared()`` finds it; whether there is one, or the end.
    private func prepareMessage() -> Bool {
        while let arrival = popArrival() {
            guard let message = whole(arrival) else { continue }
            more.prepared = message
            return true
        }
        return end != nil
    }

    private func takePrepared() throws -> WebSocketMessage? {
        if let message = extras?.prepared.take() { return message }
        if let end, !end.isNormal { throw end }
        return nil
    }

    /// The message that is complete with an arrival. Pieces are put together.
    private func whole(_ arrival: Arrival) -> WebSocketMessage? {
        switch arrival {
        case .message(let message): return message
        case .piece(let kind, let bytes, let isFirst, let isLast):
            let extras = more
            if isFirst { extras.assembled = [] }
            extras.assembled?.append(contentsOf: bytes)
            // Without a beginning, it is the rest of one that somebody has left.
            guard isLast, let whole = extras.assembled.take() else { return nil }
            return kind == .text ? .text(String(decoding: whole, as: UTF8.self)) : .binary(whole)
        }
    }

    /// Goes on with what was left lying.
    func goOnReading() {
        guard isPaused, extras?.ending == nil else { return }
        isPaused = false
        extras?.timer?.cancel()
        if let extras, !extras.undecoded.isEmpty {
            var bytes = extras.undecoded
            extras.undecoded = []
            var start = extras.undecodedStart
            start += bytes.withUnsafeMutableBytes { handOut(UnsafeMutableRawBufferPointer(rebasing: $0[start...])) }
            if start < bytes.count {
                // It stays where it lies: many small messages would be moved many times.
                extras.undecoded = bytes
                extras.undecodedStart = start
            }
        }
        guard state != .closed else { return }
        // Not from here: whoever reads would wait for all of it. When it is paused again, what has to be answered is
        // sent, and deadlines are looked after.
        EventLoop.main.callSoon { self.goOn() }
    }
}

extension WebSocket: AsyncSequence {
    /// What an iteration gives.
    public typealias Element = WebSocketMessage

    /// Gives the peer's messages as they come; several iterators share them.
    public struct AsyncIterator: AsyncIteratorProtocol {
        let socket: WebSocket

        /// The next message; `nil` when the WebSocket was closed as it is meant to be.
        ///
        /// - Throws: ``WebSocketClosed`` at any other end, `CancellationError` when the task is cancelled.
        public mutating func next() async throws -> WebSocketMessage? {
            try await socket.receive()
        }
    }

    /// Begins to read messages.
    public func makeAsyncIterator() -> AsyncIterator {
        AsyncIterator(socket: self)
    }
}

/// What has arrived and nobody has taken yet: one as a rule, which needs no memory of its own.
struct Arrivals {
    private var first: WebSocket.Arrival?
    private var rest = Deque<WebSocket.Arrival>()

    var count: Int { (first == nil ? 0 : 1) + rest.count }
    var isEmpty: Bool { first == nil }

    mutating func append(_ arrival: WebSocket.Arrival) {
        if first == nil { first = arrival } else { rest.append(arrival) }
    }

    mutating func popFirst() -> WebSocket.Arrival? {
        defer { if first != nil { first = rest.popFirst() } }
        return first
    }
}
