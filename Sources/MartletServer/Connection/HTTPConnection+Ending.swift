import HTTPTypes
import MartletHTTP
import MartletLoop

/// How a connection ends when it does not end by itself.
extension HTTPConnection {
    private static let lingerTimeout: Duration = .seconds(2)
    /// Bytes that are received and dropped while lingering.
    private static let lingerLimit = 1 << 20

    /// Answers what can be answered; whether it is worth to let the client read that.
    func end(_ reason: ConnectionEnd) async -> Bool {
        switch reason {
        case .lost:
            return false
        case .writeTimedOut:
            server.counters.add(.timeouts)
            return false
        case .headTimedOut:
            server.counters.add(.timeouts)
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

    /// Closing with unread bytes makes the kernel send a reset, which may overtake the answer. So: say that nothing more
    /// comes, then drop what the client still sends until it closes, for a while (RFC 9112 §9.6).
    func linger() async {
        stream.shutdownWriting()
        let end = EventLoop.Instant.readClock() + Self.lingerTimeout
        var budget = Self.lingerLimit
        let buffer = input ?? server.inputs.take()
        input = buffer
        while budget > 0 {
            buffer.removeAll()
            switch stream.receive(into: buffer.room()) {
            case .moved(0), .failed: return
            case .moved(let count): budget -= count
            case .wouldBlock:
                guard case .ready = await stream.waitToRead(until: end) else { return }
            }
        }
    }
}
