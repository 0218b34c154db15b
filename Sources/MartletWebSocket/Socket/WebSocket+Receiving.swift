import Glibc
import MartletLoop
import MartletNet
import MartletServer
import MartletWebSocketCodec

/// What comes from the peer.
extension WebSocket: ByteStreamObserver {
    /// Receives that go on without letting others run.
    private static let mostReceives = 8

    /// There is something to receive, or something is due: the loop calls this.
    public func waitEnded(_ wait: ByteStream.Wait) {
        // First what has arrived: after a pause of this process, that may be what was waited for.
        goOn()
        guard case .timedOut = wait, state != .closed else { return }
        checkDeadlines()
        self.wait()
    }

    /// The peer sends nothing more; what it has sent is received first.
    package func streamEnded() {
        if stream.isBroken, isPaused, extras?.ending == nil { lose() }
    }

    package func streamHasRoom() {
        flush()
    }

    /// Receives what there is, sends what that has led to, and waits.
    func goOn() {
        if state == .closed { return }
        isDecoding = true
        let isThereMore = receive()
        isDecoding = false
        flush()
        guard state != .closed else { return }
        if isThereMore {
            EventLoop.main.callSoon {
                guard self.state != .closed else { return }
                // A peer that never stops sending lets no wait end.
                self.checkDeadlines()
                self.goOn()
            }
        } else {
            wait()
        }
    }

    /// Waits for the peer, or until something has to be done about it.
    func wait() {
        guard state != .closed else { return }
        if isPaused {
            scheduleCheck()
        } else {
            stream.park(self, until: nextDeadline)
        }
    }

    /// Receives until there is nothing more, or nobody takes it; whether others are to run before it goes on.
    private func receive() -> Bool {
        let input = context.buffers.takeInput()
        defer { context.buffers.giveBack(input) }
        for _ in 0..<Self.mostReceives {
            guard state != .closed, !isPaused else { return false }
            input.removeAll()
            let room = input.room()
            switch stream.receive(into: room) {
            case .moved(0), .failed:
                lose()
                return false
            case .moved(let count):
                context.counters.add(.webSocketBytesReceived, UInt64(count))
                lastReceived = EventLoop.main.now
                pongDeadline = .distantFuture
                if state != .lingering { decode(UnsafeMutableRawBufferPointer(rebasing: room[..<count])) }
                guard stream.mayReceive else { return false }
            case .wouldBlock:
                return false
            }
        }
        return true
    }

    /// Hands out what is in `bytes`; what nobody takes is kept for later.
    func decode(_ bytes: UnsafeMutableRawBufferPointer) {
        let taken = handOut(bytes)
        guard taken < bytes.count else { return }
        more.undecoded = Array(bytes[taken...])
        more.undecodedStart = 0
    }

    /// How much of `bytes` could be handed out.
    func handOut(_ bytes: UnsafeMutableRawBufferPointer) -> Int {
        var offset = 0
        do throws(WebSocketError) {
            while let event = try decoder.next(bytes, from: &offset) {
                take(event)
                // Whoever takes it may end everything.
                if state == .lingering || state == .closed { break }
                if isPaused, offset < bytes.count { return offset }
            }
        } catch {
            endWhenTaken(.failure(error))
        }
        return bytes.count
    }

    private func take(_ event: WebSocketEvent) {
        switch event {
        case .message(let kind, let bytes):
            context.counters.add(.webSocketMessagesReceived)
            context.counters.add(.webSocketPayloadReceived, UInt64(bytes.count))
            let view = WebSocketMessageView(kind: kind, bytes: bytes)
            if let handler { handler.received(view, on: self) } else { keep(.message(view.message)) }
        case .piece(let kind, let bytes, let isFirst, let isLast):
            if isLast { context.counters.add(.webSocketMessagesReceived) }
            context.counters.add(.webSocketPayloadReceived, UInt64(bytes.count))
            keep(.piece(kind, Array(bytes), isFirst: isFirst, isLast: isLast))
        case .ping(let bytes):
            // One who pings and does not read gets the answers that have room.
            if state == .open, bufferedBytes < context.settings.sendLimit { append(.pong, bytes) }
        case .pong(let bytes):
            answerPing(bytes)
        case .close(let code, let reason):
            endWhenTaken(.peerCloses(code, reason))
        }
    }

    /// Keeps something for whoever reads.
    private func keep(_ arrival: Arrival) {
        let extras = more
        let isFull = extras.inbox.count + 1 >= context.settings.receiveLimit
        // The peer's close frame is behind whatever else it has sent.
        if isFull, state != .open { return }
        extras.inbox.append(arrival)
        isPaused = isFull
        extras.readers.wakeFirst()
    }
}
