import MartletLoop
import MartletServer
import MartletWebSocketCodec

/// Sends one message in pieces, for those that are larger than memory: see ``WebSocket/sendStream(_:_:)``.
public final class WebSocketMessageWriter {
    private let socket: WebSocket
    private let kind: WebSocketEvent.Kind
    private let isCompressed: Bool
    private var hasBegun = false
    private(set) var isOver = false

    init(_ socket: WebSocket, _ kind: WebSocketEvent.Kind) {
        self.socket = socket
        self.kind = kind
        isCompressed = socket.compression != nil
    }

    deinit {}

    /// Sends the next piece. Waits for a peer that reads too slowly. Of a text, pieces are cut anywhere, also within a
    /// character; together they have to be UTF-8.
    ///
    /// - Throws: ``WebSocketClosed`` when the WebSocket has ended, `CancellationError` when the task is cancelled.
    public func write(_ bytes: [UInt8]) async throws {
        guard !isOver else { fatalError("a WebSocket's message is written to after its closure has returned") }
        try await socket.waitUntilSendable()
        bytes.withUnsafeBytes { append($0, isLast: false) }
        socket.flushSoon()
    }

    /// Sends the next piece: see ``write(_:)-([UInt8])``.
    public func write(_ text: String) async throws {
        try await write(Array(text.utf8))
    }

    /// Ends the message.
    func finish() {
        isOver = true
        guard socket.isOpen else { return }
        append(UnsafeRawBufferPointer(start: nil, count: 0), isLast: true)
        socket.flushSoon()
    }

    private func append(_ bytes: UnsafeRawBufferPointer, isLast: Bool) {
        let opcode: WebSocketOpcode = hasBegun ? .continuation : kind == .text ? .text : .binary
        socket.context.counters.add(.webSocketPayloadSent, UInt64(bytes.count))
        if isLast { socket.context.counters.add(.webSocketMessagesSent) }
        guard isCompressed else {
            if bytes.isEmpty, !isLast { return }
            hasBegun = true
            return socket.append(opcode, bytes, isFinal: isLast)
        }
        var deflated: [UInt8] = []
        deflater.deflate(bytes, isLast: isLast, into: &deflated)
        if deflated.isEmpty, !isLast { return }
        let isFirst = !hasBegun
        hasBegun = true
        deflated.withUnsafeBytes { socket.append(opcode, $0, isFinal: isLast, isCompressed: isFirst) }
        if isLast { socket.returnDeflater(deflater) }
    }

    private lazy var deflater = socket.borrowDeflater()
}

extension WebSocket {
    /// Sends one message in pieces, as fragments, so that it need not be in memory as a whole.
    ///
    /// ```swift
    /// try await socket.sendStream(.binary) { message in
    ///     for try await chunk in file.chunks { try await message.write(chunk) }
    /// }
    /// ```
    ///
    /// Other messages wait until it is complete; pings and pongs go in between. When `write` throws, the WebSocket is
    /// closed with 1011, because a message cannot be taken back.
    ///
    /// - Parameters:
    ///   - kind: text or binary.
    ///   - write: writes the pieces.
    /// - Throws: what `write` throws; ``WebSocketClosed`` when the WebSocket has ended.
    public func sendStream(
        _ kind: WebSocketEvent.Kind, _ write: (WebSocketMessageWriter) async throws -> Void
    ) async throws {
        while true {
            try await waitUntilSendable()
            if !isSendingFragments { break }
            try await more.turns.wait()
        }
        isSendingFragments = true
        let writer = WebSocketMessageWriter(self, kind)
        defer {
            isSendingFragments = false
            extras?.turns.wakeAll()
        }
        do {
            try await write(writer)
        } catch {
            beginClosing(.internalError)
            throw error
        }
        writer.finish()
    }

    /// Waits until the peer has taken enough, whatever the rule for one that is slow.
    func waitUntilSendable() async throws {
        while true {
            if let end { throw end }
            guard state == .open else { throw WebSocketClosed(code: .noStatusReceived, reason: "it is being closed") }
            if bufferedBytes < context.settings.sendLimit { return }
            flush()
            if bufferedBytes >= context.settings.sendLimit { try await waitForRoom() }
        }
    }
}
