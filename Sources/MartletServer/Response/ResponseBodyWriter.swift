import HTTPTypes
import MartletHTTP

/// Sends a streamed body, piece by piece.
///
/// Pieces that are written without waiting in between leave together, at the latest when the loop turns; a writer that is
/// faster than its client is suspended once 64 KiB are on their way.
public final class ResponseBodyWriter {
    /// Fields to send behind the body (RFC 9110 §6.5), such as a checksum. They are sent to clients that say that they
    /// understand them (`TE: trailers`) and get the body in chunks. Such as would have to be known before the body are
    /// left out.
    public var trailers = HTTPFields()
    /// What is sent to find out whether a client that has fallen silent is still there; `nil`: nothing is.
    var probe: [UInt8]?
    /// What compresses the pieces; `nil`: nothing does.
    var encoding: StreamEncoding?

    private let sink: any ResponseSink
    private let framing: Framing
    private var isValid = true
    private var isWriting = false
    private var written: UInt64 = 0

    /// How a streamed body is delimited.
    enum Framing: Equatable {
        case chunked(sendsTrailers: Bool)
        case length(UInt64)
        /// By the end of the connection.
        case close
        /// There is none, whatever is written.
        case forbidden
    }

    init(sink: any ResponseSink, framing: Framing) {
        self.sink = sink
        self.framing = framing
    }

    deinit {}

    /// Sends some bytes.
    ///
    /// - Throws: when the client is gone or takes nothing for longer than `timeouts.write`; when the response is over,
    ///   or more is written than was announced; and when another task is writing, for then nobody could say in which
    ///   order the pieces are to be.
    public func write(_ bytes: [UInt8]) async throws {
        if let encoding {
            try requireTurn()
            if framing != .forbidden { try await send(encoding.encode(bytes)) }
        } else {
            try await send(bytes)
        }
    }

    private func send(_ bytes: [UInt8]) async throws {
        guard try begin(bytes.count) else { return }
        let output = sink.output
        if case .chunked = framing { _ = HTTP1ChunkedEncoder.beginChunk(of: bytes.count, in: &output.bytes) }
        output.append(bytes)
        try await endPiece(output)
    }

    /// Sends some text as UTF-8.
    ///
    /// - Throws: as `write` for bytes does.
    public func write(_ text: String) async throws {
        if encoding != nil { return try await write(Array(text.utf8)) }
        guard try begin(text.utf8.count) else { return }
        let output = sink.output
        if case .chunked = framing { _ = HTTP1ChunkedEncoder.beginChunk(of: text.utf8.count, in: &output.bytes) }
        output.bytes.append(utf8: text)
        try await endPiece(output)
    }

    /// Returns when the kernel has taken everything that was written.
    ///
    /// - Throws: as `write` does.
    public func flush() async throws {
        try requireTurn()
        if let encoding { try await send(encoding.flush()) }
        isWriting = true
        defer { isWriting = false }
        try await sink.flushOutput()
    }

    /// Whether there is anything to send. An empty chunk would end the body.
    private func begin(_ count: Int) throws -> Bool {
        try requireTurn()
        if case .length(let length) = framing, UInt64(count) > length - written {
            throw HTTPError(.internalServerError, "more is written than the \(length) bytes that were announced")
        }
        written += UInt64(count)
        return count > 0 && framing != .forbidden
    }

    private func requireTurn() throws {
        guard isValid else { throw HTTPError(.internalServerError, "the response is over: nothing can be added to it") }
        guard !isWriting else {
            throw HTTPError(.internalServerError, "two tasks write the same response at the same time")
        }
    }

    private func endPiece(_ output: OutputBuffer) async throws {
        if case .chunked = framing { HTTP1ChunkedEncoder.endChunk(in: &output.bytes) }
        guard output.isLarge else { return try sink.flushSoon() }
        isWriting = true
        defer { isWriting = false }
        try await sink.flushOutput()
    }

    /// Sends the probe; `false` when there is none, or a write is under way already.
    func sendProbe() -> Bool {
        guard var probe, isValid, !isWriting, case .chunked = framing else { return false }
        if let encoding { probe = encoding.encode(probe) + encoding.flush() }
        let output = sink.output
        _ = HTTP1ChunkedEncoder.beginChunk(of: probe.count, in: &output.bytes)
        output.append(probe)
        HTTP1ChunkedEncoder.endChunk(in: &output.bytes)
        do { try sink.flushSoon() } catch { return false }
        return true
    }

    /// Ends the body.
    func finish() async throws {
        try requireTurn()
        if let encoding, framing != .forbidden { try await send(encoding.finish()) }
        isValid = false
        if case .length(let length) = framing, written < length {
            throw HTTPError(.internalServerError, "only \(written) of \(length) bytes were written")
        }
        if case .chunked(let sendsTrailers) = framing {
            if sendsTrailers, !trailers.isEmpty {
                HTTP1ChunkedEncoder.end(trailers: trailers, in: &sink.output.bytes)
            } else {
                HTTP1ChunkedEncoder.end(in: &sink.output.bytes)
            }
        }
        try await sink.flushOutput()
    }

    func invalidate() {
        isValid = false
    }
}

/// Where a streamed body goes: a connection, or a test.
protocol ResponseSink: AnyObject {
    /// What has not been sent yet.
    var output: OutputBuffer { get }
    /// Sends what has gathered when the loop turns.
    ///
    /// - Throws: when that has failed before.
    func flushSoon() throws
    /// Sends what has gathered and returns when it is gone.
    func flushOutput() async throws
}
