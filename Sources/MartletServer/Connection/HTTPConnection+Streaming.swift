import MartletHTTP

/// Responses whose body is made while it is sent.
extension HTTPConnection {
    /// Sends the head that has been appended, and then what `produce` writes.
    func stream(
        _ produce: (ResponseBodyWriter) async throws -> Void, exchange: Exchange, status: Int
    ) async throws(ConnectionEnd) {
        // From here on an interim response would land in the midst of this one.
        _ = body.takesContinue()
        let writer = ResponseBodyWriter(
            connection: self, isChunked: exchange.parser.minorVersion > 0,
            isForbidden: ResponseSerializer.forbidsBody(status))
        defer { writer.invalidate() }
        do {
            try await flush()
            try await produce(writer)
            try await writer.finish()
        } catch let end as ConnectionEnd {
            throw end
        } catch {
            server.streamFailed(error, of: exchange)
            // The head has promised more: cutting the connection is the only way to say that the rest is missing.
            throw .lost
        }
        finish(exchange)
    }
}
