import Glibc
import MartletLoop
import MartletServer
import MartletWebSocketCodec

/// How a WebSocket ends.
extension WebSocket {
    /// Closes it: sends a close frame behind what was sent before, and waits for the peer to answer it, and to close.
    ///
    /// A peer that does not do so within ``WebSocketSettings/closeTimeout`` is cut off. Does nothing more than wait when it
    /// is being closed already.
    ///
    /// - Parameters:
    ///   - code: why; one that may be sent: 1000 to 1003, 1007 to 1014, 3000 to 4999.
    ///   - reason: words for a log or a developer; those beyond 123 bytes are cut off.
    /// - Returns: how it ended.
    @discardableResult
    public func close(_ code: WebSocketCloseCode = .normalClosure, reason: String = "") async -> WebSocketClosed {
        beginClosing(code, reason: reason)
        return await waitUntilClosed()
    }

    /// Begins to close it, without waiting.
    ///
    /// - Parameters:
    ///   - code: why; one that may be sent: 1000 to 1003, 1007 to 1014, 3000 to 4999.
    ///   - reason: words for a log or a developer; those beyond 123 bytes are cut off.
    public func beginClosing(_ code: WebSocketCloseCode = .normalClosure, reason: String = "") {
        guard code.isValidOnTheWire else {
            fatalError("a WebSocket cannot be closed with \(code): use 1000 to 1003, 1007 to 1014 or 3000 to 4999")
        }
        guard state == .open, !performEnding() else { return }
        state = .closing
        isClosedHere = true
        closeDeadline = EventLoop.main.now + context.closeTimeout
        appendClose(code, reason)
        // The peer's close frame is behind what nobody takes.
        goOnReading()
        if !isDecoding {
            flush()
            wait()
        }
    }

    /// Waits until it has ended on both sides.
    ///
    /// - Returns: how it ended.
    @discardableResult
    public func waitUntilClosed() async -> WebSocketClosed {
        if state != .closed { try? await more.closed.wait() }
        return end ?? WebSocketClosed(code: .abnormalClosure, reason: "")
    }

    /// Ends it when those who read have taken what came before, for as long as the peer would be waited for.
    func endWhenTaken(_ ending: Ending) {
        guard state == .open, let extras, !extras.inbox.isEmpty else { return perform(ending) }
        extras.ending = ending
        isPaused = true
        closeDeadline = EventLoop.main.now + context.closeTimeout
    }

    /// Does what was to happen after what has been taken; whether there was anything.
    func performEnding() -> Bool {
        guard let ending = extras?.ending else { return false }
        extras?.ending = nil
        perform(ending)
        goOnReading()
        if !isDecoding { flush() }
        return true
    }

    private func perform(_ ending: Ending) {
        switch ending {
        case .failure(let error): fail(error)
        case .peerCloses(let code, let reason): peerCloses(code, reason)
        }
    }

    /// The peer's close frame has come.
    private func peerCloses(_ code: WebSocketCloseCode?, _ reason: String) {
        let answers = state == .open
        hasPeerClosed = true
        ends(with: WebSocketClosed(code: code ?? .noStatusReceived, reason: reason))
        if answers { appendClose(code, "") }
        state = .lingering
        closeDeadline = EventLoop.main.now + context.closeTimeout
        if pendingOutput == nil { everythingIsSent() }
    }

    /// The peer breaks the protocol or a limit: it is told, and not listened to any more.
    private func fail(_ error: WebSocketError) {
        let wasOpen = state == .open
        ends(with: WebSocketClosed(code: error.code, reason: error.message))
        if wasOpen { appendClose(error.code, error.message) }
        linger()
    }

    /// It reads too slowly: what waits for it would never get there.
    func closeForSlowness() {
        guard state == .open else { return }
        ends(with: WebSocketClosed(code: .policyViolation, reason: "the peer reads too slowly"), isSlow: true)
        appendClose(.policyViolation, "messages are not read fast enough")
        linger()
    }

    private func linger() {
        state = .lingering
        // What was left lying is not looked at any more.
        extras?.undecoded = []
        goOnReading()
        closeDeadline = EventLoop.main.now + context.closeTimeout
        if pendingOutput == nil { everythingIsSent() }
        if !isDecoding {
            flush()
            wait()
        }
    }

    /// The connection is gone, or the peer has closed it.
    func lose() {
        ends(with: WebSocketClosed(code: .abnormalClosure, reason: "the connection ended without a close frame"))
        finish()
    }

    /// After a close frame nothing follows: what the kernel has is all that the peer gets.
    func everythingIsSent() {
        guard state == .lingering else { return }
        // Both have closed, and a server is the one to end the connection (RFC 6455 §7.1.1). After an error the peer may
        // be sending still; closing then would make the kernel send a reset, which overtakes the reason.
        if hasPeerClosed, context.role == .server { return finish() }
        stream.shutdownWriting()
    }

    private func appendClose(_ code: WebSocketCloseCode?, _ reason: String) {
        withUnsafeTemporaryAllocation(of: UInt8.self, capacity: WebSocketFrameHeader.maximumControlPayload) { room in
            guard let start = room.baseAddress else { return }
            let count = WebSocketClosePayload(code, reason: reason).write(to: start)
            append(.close, UnsafeRawBufferPointer(start: start, count: count))
        }
    }

    /// It is no longer open: those who read and send hear of it.
    private func ends(with end: WebSocketClosed, isSlow: Bool = false) {
        guard self.end == nil else { return }
        self.end = end
        extras?.ending = nil
        count(end, isSlow: isSlow)
        extras?.readers.wakeAll()
        extras?.senders.wakeAll()
        extras?.turns.wakeAll()
        for ping in extras?.pings ?? [] { ping.answer.fail(end) }
        extras?.pings = []
    }

    private func count(_ end: WebSocketClosed, isSlow: Bool) {
        let counter: HTTPCounter =
            switch end.code {
            case _ where isSlow: .webSocketsClosedForSlowness
            case .normalClosure, .goingAway, .noStatusReceived: .webSocketsClosedNormally
            case .protocolError, .unsupportedData, .invalidPayload, .messageTooBig: .webSocketsClosedForErrors
            case .abnormalClosure: .webSocketsLost
            default: .webSocketsClosedOtherwise
            }
        context.counters.add(counter)
    }

    /// The peer is silent or does not read: it is cut off.
    func giveUp(_ reason: String) {
        ends(with: WebSocketClosed(code: .abnormalClosure, reason: reason), isSlow: true)
        finish()
    }

    /// Closes the connection, and leaves everything that belongs to it.
    func finish() {
        guard state != .closed else { return }
        state = .closed
        isPaused = false
        context.counters.subtract(.webSocketsActive)
        extras?.timer?.cancel()
        if let pendingOutput {
            self.pendingOutput = nil
            context.buffers.giveBack(pendingOutput)
        }
        deflater = nil
        stream.close()
        extras?.closed.set()
        leaveChannels()
        if let handler, let end {
            self.handler = nil
            handler.closed(self, end)
        }
        let hooks = extras?.endHooks ?? []
        extras?.endHooks = []
        for hook in hooks { hook() }
        if task != nil { cancelHandlerLater() }
        endLease()
    }

    /// Does something when it has ended, or now if it has.
    package func onEnd(_ hook: @escaping () -> Void) {
        if state == .closed { hook() } else { more.endHooks.append(hook) }
    }
}
