import HTTPTypes
import MartletHTTP

/// Sends the streamed body of a request, piece by piece. Each piece leaves when it is written; a writer that is faster than
/// its server is suspended.
public final class HTTPClientBodyWriter {
    /// Fields to send behind a body of unknown length (RFC 9110 §6.5), such as a checksum. Such as would have to be known
    /// before the body are left out.
    public var trailers = HTTPFields()

    private let upload: RequestUpload
    private let length: UInt64?
    private var written: UInt64 = 0
    private var isValid = true
    private var isWriting = false

    /// Smaller pieces are copied between what delimits their chunk, so that they leave in one call.
    private static let copied = 16 << 10

    init(_ upload: RequestUpload, length: UInt64?) {
        self.upload = upload
        self.length = length
    }

    deinit {}

    /// Sends some bytes.
    ///
    /// - Throws: when the server is gone or takes nothing for too long, when more is written than was announced, when the
    ///   request is over or another task writes; `CancellationError`. Let the error go on its way: it ends the body.
    public func write(_ bytes: [UInt8]) async throws {
        guard isValid else { throw failure("the request is over: nothing can be added to its body") }
        guard !isWriting else { throw failure("two tasks write the same body at the same time") }
        if let length, UInt64(bytes.count) > length - written {
            throw failure("more is written than the \(length) bytes that were announced")
        }
        guard !bytes.isEmpty else { return }
        written += UInt64(bytes.count)
        isWriting = true
        defer { isWriting = false }
        guard length == nil else { return try await upload.send(bytes) }
        let size = Array(String(bytes.count, radix: 16).utf8) + Self.lineEnd
        if bytes.count <= Self.copied { return try await upload.send(size + bytes + Self.lineEnd) }
        try await upload.send(size, moreComes: true)
        try await upload.send(bytes, moreComes: true)
        try await upload.send(Self.lineEnd)
    }

    /// Sends some text as UTF-8.
    ///
    /// - Throws: as `write` for bytes does.
    public func write(_ text: String) async throws {
        try await write(Array(text.utf8))
    }

    private static let lineEnd: [UInt8] = [0x0D, 0x0A]

    /// Ends the body.
    func finish() async throws {
        guard !isWriting else { throw failure("the body ends while another task writes it") }
        isValid = false
        if let length {
            if written < length { throw failure("only \(written) of \(length) bytes were written") }
            return
        }
        var end = ByteBuffer()
        if trailers.isEmpty {
            HTTP1ChunkedEncoder.end(in: &end)
        } else {
            HTTP1ChunkedEncoder.end(trailers: trailers, in: &end)
        }
        try await upload.send([UInt8](end.readableBytes))
    }

    func invalidate() {
        isValid = false
    }

    private func failure(_ reason: String) -> HTTPClientError {
        HTTPClientError(.requestBody, url: upload.url, reason)
    }
}
