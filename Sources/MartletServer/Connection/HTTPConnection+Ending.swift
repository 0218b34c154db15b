import HTTPTypes
import MartletHTTP
import MartletLoop

/// How a connection ends when it does not end by itself.
extension HTTPConnection {
    /// Silence that ends a lingering connection, and how long it may linger in all (nginx's times).
    private static let lingerSilence: Duration = .seconds(5)
    static let lingerTime: Duration = .seconds(30)
    /// How long a connection beyond the limit may linger: they are many, and hold a place each.
    private static let refusedLingerTime: Duration = .seconds(2)

    /// Answers what can be answered; whether it is worth to let the client read that.
    func end(_ reason: ConnectionEnd) async -> Bool {
        switch reason {
        case .lost:
            stream.dropUnsent()
            return false
        case .writeTimedOut:
            stream.dropUnsent()
            server.counters.add(.timeouts)
            return false
        case .headTimedOut(let hasBegun):
            server.counters.add(.timeouts)
            // Who has said nothing is not told anything either.
            guard hasBegun else { return false }
            let error = HTTPError(.requestTimeout, "the request's head did not arrive in time")
            return await refuse(error.response())
        case .malformed(let error):
            server.refused(error, from: self)
            let status = HTTPResponse.Status(code: error.status)
            return await refuse(HTTPError(status, error.message).response())
        }
    }

    /// Says why this is the end; whether that got out, so that it is worth to let the client read it.
    private func refuse(_ response: Response) async -> Bool {
        appendRefusal(response)
        do throws(ConnectionEnd) {
            try await flush()
            return true
        } catch {
            return false
        }
    }

    /// Answers a connection beyond the limit, whatever it asks.
    func refuseConnection() {
        phase = .answering
        task = Task {
            let error = HTTPError(
                .serviceUnavailable, "there are too many connections; try again", fields: [.retryAfter: "1"])
            if await refuse(error.response()) { await linger(for: Self.refusedLingerTime) }
            finishConnection()
        }
    }

    /// Closing with unread bytes makes the kernel send a reset, which may overtake the answer. So: say that nothing
    /// more comes, then drop what the client still sends until it closes, for a while (RFC 9112 §9.6).
    func linger(for time: Duration = lingerTime) async {
        stream.shutdownWriting()
        let end = EventLoop.Instant.readClock() + EventLoop.Interval(time)
        let buffer = input ?? server.buffers.takeInput()
        input = buffer
        while true {
            let now = EventLoop.Instant.readClock()
            guard now < end else { return }
            buffer.removeAll()
            switch stream.receive(into: buffer.room()) {
            case .moved(0), .failed: return
            case .moved: if stream.mayReceive { await EventLoop.yield() }
            case .wouldBlock:
                guard case .ready = await stream.waitToRead(until: min(end, now + Self.lingerSilence)) else { return }
            }
        }
    }
}
