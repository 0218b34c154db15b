import MartletHTTP

/// Sends a streamed body, piece by piece.
public final class ResponseBodyWriter {
    private let connection: HTTPConnection
    private let isChunked: Bool
    private let isForbidden: Bool
    private var isValid = true

    init(connection: HTTPConnection, isChunked: Bool, isForbidden: Bool) {
        self.connection = connection
        self.isChunked = isChunked
        self.isForbidden = isForbidden
    }

    /// Sends some bytes. Returns when the kernel has taken them, so that a slow client slows the writer down.
    ///
    /// - Throws: when the client is gone or takes nothing for longer than `timeouts.write`; when the response is over;
    ///   and when another task is writing, for then nobody could say in which order the pieces are to be.
    public func write(_ bytes: [UInt8]) async throws {
        try await write(count: bytes.count) { $0.append(contentsOf: bytes) }
    }

    /// Sends some text as UTF-8.
    ///
    /// - Throws: as `write` for bytes does.
    public func write(_ text: String) async throws {
        try await write(count: text.utf8.count) { $0.append(utf8: text) }
    }

    private func write(count: Int, _ append: (inout ByteBuffer) -> Void) async throws {
        guard isValid else { throw HTTPError(.internalServerError, "the response is over: nothing can be added to it") }
        // An empty chunk would end the body, and a status without a body has nothing to send.
        guard count > 0, !isForbidden else { return }
        try requireNobodyWrites()
        try await connection.write { output in
            if isChunked { _ = HTTP1ChunkedEncoder.beginChunk(of: count, in: &output.bytes) }
            append(&output.bytes)
            if isChunked { HTTP1ChunkedEncoder.endChunk(in: &output.bytes) }
        }
    }

    private func requireNobodyWrites() throws(HTTPError) {
        guard !connection.isFlushing else {
            throw HTTPError(.internalServerError, "two tasks write the same response at the same time")
        }
    }

    func finish() async throws {
        try requireNobodyWrites()
        if isChunked, !isForbidden { try await connection.write { HTTP1ChunkedEncoder.end(in: &$0.bytes) } }
        invalidate()
    }

    func invalidate() {
        isValid = false
    }
}
