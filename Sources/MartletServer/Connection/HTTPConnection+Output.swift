import HTTPTypes
import MartletHTTP
import MartletLoop
import MartletNet

/// Sending what has gathered, and the buffers that the server lends.
extension HTTPConnection: ResponseSink {
    /// Sends what has gathered, as far as the kernel takes it at once, which nearly always is all; `false` when
    /// something is left for `flush`.
    func sendsAtOnce() -> Bool {
        answersLeave()
        guard let pendingOutput else { return true }
        if case .moved = sendSome(pendingOutput) { return self.pendingOutput == nil }
        return false
    }

    /// Sends until the kernel takes no more. Gives the buffer back when it is empty.
    private func sendSome(_ output: OutputBuffer) -> Transfer {
        var total = 0
        while true {
            let transfer = output.send(on: stream)
            guard case .moved(let count) = transfer else { return total > 0 ? .moved(total) : transfer }
            total += count
            server.counters.add(.bytesSent, UInt64(count))
            guard output.isEmpty else { continue }
            releaseOutput()
            return .moved(total)
        }
    }

    /// Sends everything that has gathered.
    ///
    /// - Throws: `.lost` also when a task is at it that a handler has left behind: two cannot wait for the same stream.
    func flush() async throws(ConnectionEnd) {
        answersLeave()
        guard pendingOutput != nil || stream.holdsUnsent else { return }
        guard !isFlushing, !isLost else { throw .lost }
        isFlushing = true
        defer { isFlushing = false }
        writePatience.reset()
        while true {
            guard let pendingOutput else {
                // What TLS has taken is not the kernel's yet, and would be lost with this process.
                guard stream.holdsUnsent else { return }
                try await waitForRoom()
                continue
            }
            switch sendSome(pendingOutput) {
            case .moved(let count):
                writePatience.moved(count)
            case .failed:
                throw .lost
            case .wouldBlock:
                try await waitForRoom()
            }
        }
    }

    /// Waits until the kernel takes more. It says so only when much of its buffer is free: a client that is slow, and
    /// not still, has taken something in the meantime.
    private func waitForRoom() async throws(ConnectionEnd) {
        var unsent = stream.unsentBytes ?? 0
        while true {
            let now = EventLoop.Instant.readClock()
            let wait = await stream.waitToWrite(until: writePatience.deadline(from: now))
            writePatience.waited(since: now)
            guard case .timedOut = wait else { return }
            let left = stream.unsentBytes ?? 0
            writePatience.moved(max(0, unsent - left))
            guard left < unsent, !writePatience.isExhausted else { throw .writeTimedOut }
            unsent = left
        }
    }

    // MARK: Streamed bodies

    /// What has not been sent yet.
    var output: OutputBuffer {
        if let pendingOutput { return pendingOutput }
        let borrowed = server.buffers.takeOutput()
        pendingOutput = borrowed
        return borrowed
    }

    func flushOutput() async throws {
        do throws(ConnectionEnd) {
            try await flush()
        } catch {
            loseWriter(error)
            throw error
        }
        // A client that takes everything at once does not keep the loop from the others.
        await EventLoop.yield()
        try Task.checkCancellation()
    }

    func flushSoon() throws {
        if isLost { throw ConnectionEnd.lost }
        guard !flushIsDue else { return }
        flushIsDue = true
        EventLoop.main.callSoon { [self] in
            flushIsDue = false
            flushNow()
        }
    }

    func streamHasRoom() {
        flushNow()
    }

    /// Sends what has gathered; what the kernel does not take now, when it does.
    func flushNow() {
        guard !isFlushing, let pendingOutput else { return }
        switch sendSome(pendingOutput) {
        case .moved where self.pendingOutput == nil: break
        case .moved, .wouldBlock: stream.tellsOfRoom = true
        case .failed: loseClient()
        }
    }

    /// The writer is told by an error; whatever else goes on for the client ends as well.
    private func loseWriter(_ end: ConnectionEnd) {
        if case .writeTimedOut = end { server.counters.add(.timeouts) }
        isLost = true
    }

    // MARK: Interim responses

    func sendInformational(status: Int, fields: HTTPFields) async throws {
        guard let exchange, exchange.parser.minorVersion > 0, writer == nil else { return }
        server.count(status: status)
        HTTP1ResponseHead.appendInformational(status: status, fields: fields, to: &output.bytes)
        do throws(ConnectionEnd) { try await flush() } catch { throw error }
    }

    // MARK: Buffers

    func releaseInput() {
        guard let input else { return }
        self.input = nil
        server.buffers.giveBack(input)
    }

    private func releaseOutput() {
        guard let pendingOutput else { return }
        self.pendingOutput = nil
        server.buffers.giveBack(pendingOutput)
    }

    func releaseExchange() {
        guard let released = exchange.take() else { return }
        isInHead = false
        released.end()
        server.giveBack(released)
    }

    func releaseBuffers() {
        releaseInput()
        releaseOutput()
        releaseExchange()
    }
}
