import MartletLoop
import MartletNet
import MartletServer
import MartletWebSocketCodec

/// Signs of life, and what happens when they do not come.
extension WebSocket {
    /// When something has to be done about the peer.
    var nextDeadline: EventLoop.Instant {
        var next = closeDeadline
        if stalledSince != .distantFuture { next = Swift.min(next, stalledSince + context.writeTimeout) }
        if state == .open, let interval = context.pingInterval {
            next = Swift.min(next, pongDeadline == .distantFuture ? lastReceived + interval : pongDeadline)
        }
        return next
    }

    /// Does what is due.
    func checkDeadlines() {
        let now = EventLoop.main.time()
        if now >= closeDeadline {
            if performEnding() { return }
            return giveUp("the peer did not close in time")
        }
        if stalledSince != .distantFuture, now >= stalledSince + context.writeTimeout {
            return giveUp("the peer does not read")
        }
        guard state == .open, let interval = context.pingInterval, now >= lastReceived + interval else { return }
        // Who is not read from cannot be heard.
        if isPaused { return lastReceived = now }
        guard pongDeadline == .distantFuture else {
            if now >= pongDeadline { giveUp("the peer does not answer a ping") }
            return
        }
        pongDeadline = now + context.pongTimeout
        append(.ping, UnsafeRawBufferPointer(start: nil, count: 0))
        flush()
    }

    /// While nobody takes what there is, the stream is not waited for, and its deadline is looked after here.
    func scheduleCheck() {
        let extras = more
        let timer =
            extras.timer
            ?? LoopTimer { [weak self] in
                guard let self, self.state != .closed else { return }
                self.checkDeadlines()
                self.wait()
            }
        extras.timer = timer
        let next = nextDeadline
        if next != .distantFuture { timer.arm(at: next) }
    }

    /// Asks the peer for a sign of life, and waits for it (RFC 6455 §5.5.2).
    ///
    /// - Returns: how long it took.
    /// - Throws: ``WebSocketClosed`` when it ends before, `CancellationError` when the task is cancelled.
    public func ping() async throws -> Duration {
        if let end { throw end }
        guard state == .open else { throw WebSocketClosed(code: .noStatusReceived, reason: "it is being closed") }
        let extras = more
        extras.nextPing &+= 1
        let payload = withUnsafeBytes(of: extras.nextPing.bigEndian) { Array($0) }
        let answer = Promise<Duration>()
        extras.pings.append(Ping(payload: payload, sent: .readClock(), answer: answer))
        payload.withUnsafeBytes { append(.ping, $0) }
        flushSoon()
        return try await answer.future.value
    }

    /// A pong answers the ping whose bytes it has, and those before (RFC 6455 §5.5.3).
    func answerPing(_ bytes: UnsafeRawBufferPointer) {
        guard let extras else { return }
        guard let index = extras.pings.firstIndex(where: { $0.payload.elementsEqual(bytes) }) else { return }
        let now = EventLoop.Instant.readClock()
        for ping in extras.pings[...index] { ping.answer.succeed(now - ping.sent) }
        extras.pings.removeFirst(index + 1)
    }
}
