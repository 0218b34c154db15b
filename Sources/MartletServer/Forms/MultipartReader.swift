import HTTPTypes
import MartletHTTP

/// Reads a form that was sent as `multipart/form-data` part by part, while it arrives.
///
/// ```swift
/// let parts = try request.multipart()
/// while let part = try await parts.next() {
///     while let piece = try await parts.nextPiece() { … }
/// }
/// ```
///
/// What of a part is not asked for is skipped. Nothing is held but one piece.
public final class MultipartReader {
    private var parser: MultipartParser
    private let exchange: Exchange
    private var input: [UInt8] = []
    private var offset = 0
    private var isInPart = false
    private var isOver = false
    private var following: MultipartPartHead?

    init(_ exchange: Exchange, contentType: String, limits: MultipartLimits) throws(HTTP1Error) {
        self.exchange = exchange
        parser = try MultipartParser(contentType: contentType, limits: limits)
    }

    deinit {}

    /// The head of the next part; `nil` when the form is over.
    ///
    /// - Throws: an error that is answered with 400 when the form is malformed; and as ``RequestBody/collect(upTo:)``.
    public func next() async throws -> MultipartPartHead? {
        while isInPart { _ = try await nextPiece() }
        while !isOver {
            switch try await nextEvent() {
            case .partBegan(let head):
                isInPart = true
                return head
            default: break
            }
        }
        return nil
    }

    /// Some more bytes of the part whose head was given last, at least one; `nil` when it is over.
    ///
    /// - Throws: as ``next()``.
    public func nextPiece() async throws -> [UInt8]? {
        while isInPart {
            switch try await nextEvent() {
            case .data(let range): return Array(input[range])
            case .heldData(let bytes): return bytes
            case .partEnded: isInPart = false
            default: break
            }
        }
        return nil
    }

    /// All of the part whose head was given last.
    ///
    /// - Parameter limit: bytes that it may have.
    /// - Throws: ``HTTPError`` 413 when it has more; and as ``next()``.
    public func collect(upTo limit: Int) async throws -> [UInt8] {
        var collected: [UInt8] = []
        while let piece = try await nextPiece() {
            guard piece.count <= limit - collected.count else { throw exchange.bodyTooLarge() }
            if collected.isEmpty { collected = piece } else { collected += piece }
        }
        return collected
    }

    /// The next event; receives when that needs more.
    private func nextEvent() async throws -> MultipartParser.Event {
        while true {
            let bytes = input
            let event = try parser.next(bytes.span, from: &offset)
            guard event == .needsMore || event == .end else { return event }
            guard let more = try await exchange.nextBodyChunk() else {
                try parser.finish()
                isOver = true
                isInPart = false
                return .end
            }
            input = more
            offset = 0
        }
    }
}

extension Request {
    /// The parts of a form that was sent as `multipart/form-data` (RFC 7578), as they arrive. See
    /// ``withMultipartForm(memory:in:limits:_:)`` for a form whose files may be large.
    ///
    /// - Throws: an error that is answered with 415 when the body is something else, or with 400 when its boundary is
    ///   missing or malformed.
    public func multipart(limits: MultipartLimits = MultipartLimits()) throws -> MultipartReader {
        try MultipartReader(exchange, contentType: self[.contentType] ?? "", limits: limits)
    }
}
