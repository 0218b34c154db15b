import MartletLoop
import MartletNet

/// Lying idle, and what the stream has to say.
extension ClientConnection: ByteStreamReactor {
    /// Nothing has come that has not been read. The kernel is asked only where it may have something; what is no data, such
    /// as a session ticket of TLS, is taken in by that.
    var isQuiet: Bool {
        if stream.isClosed || stream.hasEnded { return false }
        return !stream.mayReceive || stream.receive(into: Self.buffer) == .wouldBlock
    }

    /// Waits for the next exchange, until `deadline`.
    func lieIdle(until deadline: EventLoop.Instant) {
        state = .idle
        stream.park(self, until: deadline)
    }

    /// Whether the connection is still good after having been idle. A server that closes it, or sends something, is told of
    /// by the loop; what has happened in this very moment is asked of the kernel before what must not be sent twice.
    func isFresh(asksKernel: Bool) -> Bool {
        state == .idle && isQuiet && (!asksKernel || stream.hasNothingToRead)
    }

    /// A new exchange begins.
    func wake() {
        stream.unpark()
        state = .busy
    }

    func waitEnded(_ wait: ByteStream.Wait) {
        switch state {
        case .busy:
            guard let waiter else { return }
            self.waiter = nil
            waiter.resume(returning: wait)
        case .draining: drain(wait)
        // Closed by the server, used against the rules by it, or not used for too long.
        case .idle: wait != .timedOut && isQuiet ? stream.park(self, until: idleSince + pool.pool.idle) : close()
        case .closed: break
        }
    }
}
