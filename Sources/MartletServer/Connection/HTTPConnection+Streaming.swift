import HTTPTypes
import MartletHTTP
import MartletLoop

/// Responses whose body is made while it is sent, and connections that leave HTTP.
extension HTTPConnection {
    /// Sends the head that has been appended, and then what `produce` writes.
    func stream(
        _ produce: (ResponseBodyWriter) async throws -> Void, exchange: Exchange, framing: ResponseBodyWriter.Framing
    ) async throws(ConnectionEnd) {
        // From here on an interim response would land in the midst of this one.
        _ = body.takesContinue()
        let writer = ResponseBodyWriter(sink: self, framing: framing)
        self.writer = writer
        watchPresence()
        defer {
            writer.invalidate()
            self.writer = nil
            unwatchPresence()
        }
        do {
            try flushSoon()
            try await produce(writer)
            try await writer.finish()
        } catch {
            if !isLost {
                server.streamFailed(error, of: exchange)
                try await flush()
            }
            // The head has promised more: cutting the connection is the only way to say that the rest is missing.
            throw .lost
        }
        finish(exchange)
    }

    /// The head has been sent: leaves the connection to `speak`.
    func leave(_ exchange: Exchange, to speak: (UpgradedConnection) async throws -> Void) async {
        let connection = leaveHTTP(exchange)
        if !connection.firstBytes.isEmpty { connection.firstBytes.withUnsafeBytes { stream.unread($0) } }
        do {
            try await speak(connection)
        } catch {
            server.streamFailed(error, of: exchange)
        }
    }

    /// The head has been sent: gives the connection to whoever takes it over. It keeps its place among the server's.
    func handOver(
        _ exchange: Exchange, _ take: (UpgradedConnection, ConnectionLease) -> any TakenConnection
    ) {
        let connection = leaveHTTP(exchange)
        // Ends as soon as it has begun, when its first bytes say so.
        var hasEnded = false
        let lease = ConnectionLease { [self] in
            hasEnded = true
            taken = nil
            // The task that hands it over sees that, and finishes it.
            if task == nil { finishConnection() }
        }
        let taker = take(connection, lease)
        if !hasEnded { taken = taker }
        if server.isDraining { taker.drain() }
    }

    private func leaveHTTP(_ exchange: Exchange) -> UpgradedConnection {
        finish(exchange)
        phase = .answering
        stream.observer = nil
        let firstBytes = input.map { Array($0.unread) } ?? []
        releaseInput()
        self.exchange = nil
        return UpgradedConnection(
            stream: stream, request: Request(exchange: exchange), firstBytes: firstBytes)
    }
}
