import Glibc
import MartletHTTP
import MartletLoop
import MartletNet
import MartletServer
import MartletWebSocketCodec

/// What goes to the peer.
extension WebSocket {
    /// Sends a message. Waits only for a peer that reads too slowly: see ``WebSocketSettings/backpressure``.
    ///
    /// It leaves when the loop turns, together with what else there is.
    ///
    /// - Throws: ``WebSocketClosed`` when it has ended, `CancellationError` when the task is cancelled while it waits.
    public func send(_ message: WebSocketMessage) async throws {
        switch message {
        case .text(let text): try await send(text)
        case .binary(let bytes): try await send(bytes)
        }
    }

    /// Sends a text.
    ///
    /// - Throws: as ``send(_:)-(WebSocketMessage)``.
    public func send(_ text: String) async throws {
        guard try await mayAppend() else { return }
        post(text)
    }

    /// Sends bytes.
    ///
    /// - Throws: as ``send(_:)-(WebSocketMessage)``.
    public func send(_ bytes: [UInt8]) async throws {
        guard try await mayAppend() else { return }
        post(bytes)
    }

    /// Sends a message without waiting. For a peer that reads too slowly it is dropped, or the WebSocket is closed, as
    /// ``WebSocketSettings/backpressure`` says; while ``sendStream(_:_:)`` is at it, it is dropped. Either is counted.
    ///
    /// - Returns: whether it was taken; `false` also when the WebSocket has ended.
    @discardableResult
    public func post(_ message: WebSocketMessage) -> Bool {
        switch message {
        case .text(let text): post(text)
        case .binary(let bytes): post(bytes)
        }
    }

    /// Sends a text without waiting: see ``post(_:)-(WebSocketMessage)``.
    @discardableResult
    public func post(_ text: String) -> Bool {
        var text = text
        return text.withUTF8 { post(WebSocketMessageView(kind: .text, bytes: UnsafeRawBufferPointer($0))) }
    }

    /// Sends bytes without waiting: see ``post(_:)-(WebSocketMessage)``.
    @discardableResult
    public func post(_ bytes: [UInt8]) -> Bool {
        bytes.withUnsafeBytes { post(WebSocketMessageView(kind: .binary, bytes: $0)) }
    }

    /// Sends a message that lies somewhere, such as one that has just come, without waiting: see
    /// ``post(_:)-(WebSocketMessage)``.
    @discardableResult
    public func post(_ message: WebSocketMessageView) -> Bool {
        guard state == .open, !isSendingFragments, hasRoom() else {
            if state == .open { context.counters.add(.webSocketMessagesDropped) }
            return false
        }
        append(message)
        flushSoon()
        return true
    }

    // MARK: Room

    /// Whether a message may be appended now; closes the WebSocket if that is the rule for a peer that is too slow.
    func hasRoom() -> Bool {
        guard bufferedBytes >= context.settings.sendLimit else { return true }
        if context.settings.backpressure == .close { closeForSlowness() }
        return false
    }

    /// Waits until a message may be appended; `false` when it is to be dropped.
    func mayAppend() async throws -> Bool {
        while true {
            if let end { throw end }
            guard state == .open else { throw WebSocketClosed(code: .noStatusReceived, reason: "it is being closed") }
            if isSendingFragments {
                try await more.turns.wait()
                continue
            }
            if bufferedBytes < context.settings.sendLimit { return true }
            // Perhaps the kernel has room, and nobody has asked it since.
            flush()
            if bufferedBytes < context.settings.sendLimit { continue }
            guard context.settings.backpressure == .wait else {
                context.counters.add(.webSocketMessagesDropped)
                if context.settings.backpressure == .close { closeForSlowness() }
                return false
            }
            try await waitForRoom()
        }
    }

    func waitForRoom() async throws {
        let start = EventLoop.Instant.readClock()
        defer {
            let waited = EventLoop.Instant.readClock().nanoseconds &- start.nanoseconds
            context.counters.add(.webSocketWaitNanoseconds, waited)
        }
        try await more.senders.wait()
    }

    // MARK: Frames

    /// Appends a whole message, compressed if that was agreed on and is worth it.
    func append(_ message: WebSocketMessageView) {
        context.counters.add(.webSocketMessagesSent)
        context.counters.add(.webSocketPayloadSent, UInt64(message.bytes.count))
        let opcode: WebSocketOpcode = message.kind == .text ? .text : .binary
        guard compression != nil, message.bytes.count >= context.settings.compression.threshold else {
            return append(opcode, message.bytes)
        }
        var deflated: [UInt8] = []
        let deflater = borrowDeflater()
        deflater.deflate(message.bytes, into: &deflated)
        returnDeflater(deflater)
        deflated.withUnsafeBytes { append(opcode, $0, isCompressed: true) }
    }

    /// Lends what compresses a message: one of the worker's, or the socket's own where messages refer to those before.
    func borrowDeflater() -> MessageDeflater {
        let isServer = context.role == .server
        let windowBits = (isServer ? compression?.serverMaxWindowBits : compression?.clientMaxWindowBits) ?? 15
        return deflater ?? context.deflate.takeDeflater(windowBits: windowBits)
    }

    /// The message is compressed.
    func returnDeflater(_ lent: MessageDeflater) {
        let isServer = context.role == .server
        let forgets = isServer ? compression?.serverNoContextTakeover : compression?.clientNoContextTakeover
        if forgets == true { context.deflate.giveBack(lent) } else { deflater = lent }
    }

    /// Appends a frame.
    func append(
        _ opcode: WebSocketOpcode, _ payload: UnsafeRawBufferPointer, isFinal: Bool = true, isCompressed: Bool = false
    ) {
        var header = WebSocketFrameHeader(
            opcode, payloadLength: payload.count, isFinal: isFinal, isCompressed: isCompressed)
        let output = self.output
        guard context.role == .client else {
            output.bytes.append(atLeast: WebSocketFrameHeader.maximumSize) {
                $0.baseAddress.map { header.write(to: $0.assumingMemoryBound(to: UInt8.self)) } ?? 0
            }
            return output.bytes.append(contentsOf: payload)
        }
        var mask = MaskSource.next()
        header.mask = mask
        output.bytes.append(atLeast: header.size + payload.count) { room in
            guard let start = room.baseAddress else { return 0 }
            let size = header.write(to: start.assumingMemoryBound(to: UInt8.self))
            mask.copy(payload, to: start + size)
            return size + payload.count
        }
    }

    // MARK: Sending

    /// What has not been sent yet.
    var output: OutputBuffer {
        if let pendingOutput { return pendingOutput }
        let borrowed = context.buffers.takeOutput()
        pendingOutput = borrowed
        return borrowed
    }

    /// Sends when the loop turns, or when what is being received is done.
    func flushSoon() {
        guard !flushIsDue, !isDecoding else { return }
        flushIsDue = true
        EventLoop.main.callSoon { [self] in
            flushIsDue = false
            flush()
        }
    }

    /// Sends what the kernel takes; the rest when it takes more.
    func flush() {
        guard let output = pendingOutput else { return }
        while !output.isEmpty {
            switch output.send(on: stream) {
            case .moved(let count):
                context.counters.add(.webSocketBytesSent, UInt64(count))
                stalledSince = .distantFuture
            case .wouldBlock:
                return stall()
            case .failed:
                return lose()
            }
        }
        pendingOutput = nil
        context.buffers.giveBack(output)
        wakeSenders()
        everythingIsSent()
    }

    /// The kernel takes no more for now.
    func stall() {
        stream.tellsOfRoom = true
        if bufferedBytes < context.settings.sendLimit / 2 { wakeSenders() }
        guard stalledSince == .distantFuture else { return }
        stalledSince = EventLoop.main.now
        if !isDecoding { wait() }
    }

    private func wakeSenders() {
        if let extras, !extras.senders.isEmpty { extras.senders.wakeAll() }
    }
}

/// Masks that nobody can foretell (RFC 6455 §10.3), from random bytes of the kernel that are fetched for many at once.
enum MaskSource {
    private static var keys: [UInt32] = []

    static func next() -> WebSocketMask {
        if let key = keys.popLast() { return WebSocketMask(key: key) }
        keys = Array(unsafeUninitializedCapacity: 64) { room, count in
            // 256 bytes are the most of one call; it fails on kernels that have no such call alone (man 3 getentropy).
            count = room.baseAddress.map { getentropy($0, 256) } == 0 ? 64 : 0
        }
        return keys.popLast().map { WebSocketMask(key: $0) } ?? .random()
    }
}
