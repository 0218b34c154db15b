import MartletLoop
import MartletNet
import MartletRESP

/// Answers on their way in. The loop calls `waitEnded` when there is something to receive; no task waits for it.
extension RedisConnection: ByteStreamReactor {
    /// The loop has found something to receive.
    public func waitEnded(_ wait: ByteStream.Wait) {
        var receives = 0
        while closeReason == nil {
            guard stream.mayReceive else { return stream.park(self) }
            guard receives < Self.receivesInARow else { return goOnLater() }
            receives += 1
            switch stream.receive(into: Self.buffer) {
            case .moved(0): return lost("the server closed the connection")
            case .moved(let count):
                lastActivity = loop.now
                take(UnsafeRawBufferPointer(rebasing: Self.buffer[..<count]))
            case .wouldBlock: return stream.park(self)
            case .failed(let code):
                let cause: any Error = stream.layer?.failure ?? SystemError("receive from", target: host, code: code)
                return lost("the connection failed: \(SystemError.message(code))", cause: cause)
            }
        }
    }

    /// So that a server that sends without end does not keep the loop from everybody else.
    private static let receivesInARow = 16

    private func goOnLater() {
        EventLoop.main.callSoonForAll { self.waitEnded(.ready) }
    }

    /// Gives what has been received to those who wait for it.
    private func take(_ bytes: UnsafeRawBufferPointer) {
        var offset = 0
        do throws(RESPError) {
            while closeReason == nil, let value = try next(bytes, &offset) { take(value) }
        } catch {
            let reason = "what the server sent is no RESP: \(error.message)"
            end(RedisError(.malformedAnswer, host: host, reason, cause: error))
        }
    }

    @inline(__always)
    private func next(_ bytes: UnsafeRawBufferPointer, _ offset: inout Int) throws(RESPError) -> RESPValue? {
        // Pushes may come in between, but they are no bulks.
        pending.firstWantsText
            ? try parser.nextText(bytes, from: &offset) : try parser.next(bytes, from: &offset)
    }

    @inline(__always)
    private func take(_ value: RESPValue) {
        switch value {
        case .push(let message): takePush(message)
        case .array(let message) where hasSubscribed && isDisguisedPush(message): takePush(message)
        default: takeAnswer(value)
        }
    }

    @inline(__always)
    private func takeAnswer(_ value: RESPValue) {
        guard !pending.isEmpty else { return takeSurplus(value) }
        if pending.firstAcknowledgements != nil {
            // One error stands for all acknowledgements.
            guard case .error = value else {
                return end(
                    RedisError(.malformedAnswer, host: host, "the server answered a subscription with something else"))
            }
            let caller = pending.removeFirst()
            caller.waiter?.resumeOnMain(returning: .value(value))
            isBlocking = isBlocking && !pending.isEmpty
            settleSubscriptions()
            return
        }
        guard let caller = pending.answerFirst(value) else { return }
        caller.waiter?.resumeOnMain(returning: caller.batch == nil ? .value(value) : .batch)
        isBlocking = isBlocking && !pending.isEmpty
    }

    /// An answer that nobody has asked for: from here on nobody can tell whose answers come, unless they are lines of MONITOR.
    private func takeSurplus(_ value: RESPValue) {
        if isMonitoring {
            onPush?([value])
        } else if case .error(let reply) = value {
            end(RedisError(.connectionLost, host: host, "the server ended it: \(reply.text)", reply: reply))
        } else {
            end(RedisError(.malformedAnswer, host: host, "the server answered what it was not asked"))
        }
    }

    // MARK: Pushes

    private func takePush(_ message: [RESPValue]) {
        guard let kind = message.first?.bytes else { return }
        guard isAcknowledgement(kind) else {
            onPush?(message)
            return
        }
        defer { count(message, isSharded: Self.sharded.contains(kind)) }
        guard !pending.isEmpty, pending.firstAcknowledgements?.take(message) == true else {
            onPush?(message)
            return
        }
        if let caller = pending.answerFirst(nil) { caller.waiter?.resumeOnMain(returning: .value(.null)) }
    }

    /// Takes note of how many subscriptions there are. Without any, nothing that comes is a push.
    private func count(_ acknowledgement: [RESPValue], isSharded: Bool) {
        guard acknowledgement.count == 3, case .integer(let number) = acknowledgement[2] else { return }
        if isSharded { subscribed.sharded = number } else { subscribed.plain = number }
        settleSubscriptions()
    }

    private func settleSubscriptions() {
        guard subscribed == (0, 0) else { return }
        hasSubscribed = false
        pending.forEach { if $0.acknowledgements != nil { hasSubscribed = true } }
    }

    private static let acknowledgements = [
        "subscribe", "unsubscribe", "psubscribe", "punsubscribe", "ssubscribe", "sunsubscribe",
    ].map { Array($0.utf8) }

    private static let sharded = ["ssubscribe", "sunsubscribe"].map { Array($0.utf8) }

    private static let messages = ["message", "pmessage", "smessage"].map { Array($0.utf8) }

    private func isAcknowledgement(_ kind: [UInt8]) -> Bool { Self.acknowledgements.contains(kind) }

    /// Whether an array is what version 3 makes a push.
    private func isDisguisedPush(_ message: [RESPValue]) -> Bool {
        guard protocolVersion == .resp2, case .bulk(let kind) = message.first else { return false }
        if isAcknowledgement(kind) { return message.count == 3 }
        return Self.messages.contains(kind) && message.count == (kind.first == UInt8(ascii: "p") ? 4 : 3)
    }
}
