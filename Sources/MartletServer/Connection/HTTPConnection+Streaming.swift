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

    /// Sends the head that has been appended, and leaves the connection to `speak`.
    func upgrade(_ exchange: Exchange, _ speak: (UpgradedConnection) async throws -> Void) async throws(ConnectionEnd) {
        try await flush()
        let request = Request(exchange: exchange)
        finish(exchange)
        phase = .answering
        stream.observer = nil
        if let input { stream.unread(UnsafeRawBufferPointer(input.unread)) }
        releaseInput()
        self.exchange = nil
        do {
            try await speak(UpgradedConnection(stream: stream, request: request))
        } catch {
            server.streamFailed(error, of: exchange)
        }
    }
}
