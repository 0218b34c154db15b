import HTTPTypes
import MartletHTTP
import MartletLoop

/// Undoes the content codings of one request's body while it is read.
///
/// ```
/// open ── all of it has come ──▶ ended
///   └──── malformed, too large ──▶ failed: the same error again
/// ```
final class BodyDecoding {
    private enum State {
        case open, ended
        case failed(HTTPError)
    }

    /// `nil` when there is nothing to undo but `identity`.
    private let decoder: ContentDecoder?
    private var state = State.open
    private var isReading = false
    /// Bytes that came out since the loop's others had their turn.
    private var inARow = 0

    /// A few hundred microseconds of inflating.
    private static let turn = 256 << 10
    /// What a client may send in place of a coding that is not known (RFC 9110 §12.5.3).
    private static let accepted = ContentDecoder.codings.map(\.rawValue).joined(separator: ", ")

    /// - Throws: ``HTTPError`` 415 when the body has a coding that cannot be undone.
    init(of exchange: Exchange) throws {
        let field = exchange.fieldValue(.contentEncoding) ?? ""
        guard let codings = ContentDecoder.codings(in: field) else {
            throw HTTPError(
                .unsupportedMediaType, "the body's Content-Encoding has to be made of \(Self.accepted)",
                fields: [.acceptEncoding: Self.accepted])
        }
        guard !codings.isEmpty else {
            decoder = nil
            return
        }
        let settings = exchange.server.settings
        decoder = ContentDecoder(
            codings, limits: ContentDecodingLimits(body: settings.bodyLimit, expansion: settings.bodyExpansion))
        exchange.server.counters.add(.bodiesDecoded)
    }

    deinit {}

    /// The next bytes, at least one; `nil` at the end.
    func next(of exchange: Exchange) async throws -> [UInt8]? {
        guard let decoder else { return try await exchange.nextBodyChunkAsSent() }
        guard !isReading else { throw HTTPError.concurrentReading }
        isReading = true
        defer { isReading = false }
        while true {
            if case .failed(let error) = state { throw error }
            if let piece = try decoded(by: decoder, for: exchange) {
                try await letOthersRun(after: piece)
                if !piece.isEmpty { return piece }
                continue
            }
            if case .ended = state { return nil }
            let sent = try await exchange.nextBodyChunkAsSent()
            if sent == nil { state = .ended }
            decoder.take(sent ?? [], isLast: sent == nil)
        }
    }

    private func decoded(by decoder: ContentDecoder, for exchange: Exchange) throws(HTTPError) -> [UInt8]? {
        do throws(ContentDecodingError) {
            return try decoder.next()
        } catch {
            let refusal = exchange.refusal(of: error)
            state = .failed(refusal)
            throw refusal
        }
    }

    /// Decoding may go on for long without waiting for anything.
    private func letOthersRun(after piece: [UInt8]) async throws {
        inARow += piece.count
        guard piece.isEmpty || inARow >= Self.turn else { return }
        inARow = 0
        await EventLoop.yield()
        try Task.checkCancellation()
    }
}

extension Exchange {
    /// What is answered to a body that cannot be decoded, and counts it.
    fileprivate func refusal(of error: ContentDecodingError) -> HTTPError {
        switch error.kind {
        case .malformed:
            server.counters.add(.protocolErrors)
            return HTTPError(.badRequest, "the request's body cannot be decoded: \(error.reason)")
        case .tooLarge(let isBomb):
            if isBomb { server.counters.add(.compressionBombs) }
        case .bomb:
            server.counters.add(.compressionBombs)
        }
        server.counters.add(.bodiesTooLarge)
        return HTTPError(.contentTooLarge, "the request's body is too large when it is decoded: \(error.reason)")
    }
}
