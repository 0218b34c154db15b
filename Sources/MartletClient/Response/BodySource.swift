import HTTPTypes
import MartletLoop
import MartletServer

/// Where the bytes of a body come from while they are on their way.
protocol BodyUpstream: AnyObject {
    /// The next bytes, at least one; `nil` at the end, and then nothing more is asked.
    func nextPiece() async throws -> [UInt8]?
    /// Fields behind the body.
    var trailers: HTTPFields? { get }
    /// Nobody wants the rest, which may be read and dropped if that is cheap.
    func abandon()
    /// Nobody wants the rest, and it is not waited for.
    func cancel()
}

/// The body of one response.
///
/// ```
///   whole ──────────────── taken ──────────┐
///   coming ── the end has come ────────────┼──▶ ended
///     │  └─── dropped: the upstream is abandoned
///     └────── an error ──▶ failed: the same error again
/// ```
final class BodySource {
    private enum State {
        case whole([UInt8])
        case coming(any BodyUpstream)
        case ended
        case failed(any Error)
    }

    private var state: State
    private var isReading = false
    private var decoder: ContentDecoder?
    private var keptTrailers: HTTPFields?
    private(set) var expectedLength: UInt64?
    /// For messages.
    var url: HTTPURL?
    /// When everything has to be over.
    var deadline = EventLoop.Instant.distantFuture
    private var piecesInARow: UInt8 = 0
    var collectLimit = HTTPClientLimits().collectedBody

    init(whole bytes: [UInt8], trailers: HTTPFields? = nil) {
        keptTrailers = trailers
        state = bytes.isEmpty ? .ended : .whole(bytes)
        expectedLength = UInt64(bytes.count)
    }

    init(upstream: any BodyUpstream, expectedLength: UInt64?) {
        state = .coming(upstream)
        self.expectedLength = expectedLength
    }

    convenience init<Pieces: AsyncSequence & Sendable>(pieces: Pieces) where Pieces.Element == [UInt8] {
        self.init(upstream: SequenceUpstream(pieces), expectedLength: nil)
    }

    // Not isolated, so that dropping a response costs nothing when all of it has been read.
    deinit {
        guard case .coming(let upstream) = state else { return }
        onLoop { upstream.abandon() }
    }

    var trailers: HTTPFields? { keptTrailers }

    /// Has what is read from here on decompressed.
    func decode(with decoder: ContentDecoder) {
        if case .ended = state { return }
        self.decoder = decoder
        expectedLength = nil
    }

    /// The next bytes; `nil` at the end.
    func next() async throws -> [UInt8]? {
        guard !isReading else { throw failure(.bodyConsumed, "another task reads the body; let one task read it") }
        isReading = true
        defer { isReading = false }
        while true {
            if let piece = try decoded() {
                try await letOthersRun(isIdle: piece.isEmpty)
                if piece.isEmpty { continue }
                return piece
            }
            switch state {
            case .ended: return nil
            case .failed(let error): throw error
            case .whole(let bytes):
                state = .ended
                guard let decoder else { return bytes }
                decoder.take(bytes, isLast: true)
            case .coming(let upstream):
                let piece = try await received(from: upstream)
                guard let decoder else { return piece }
                decoder.take(piece ?? [], isLast: piece == nil)
            }
        }
    }

    /// Decompressing may go on for long without waiting for anything.
    private func letOthersRun(isIdle: Bool) async throws {
        piecesInARow &+= 1
        guard isIdle || piecesInARow >= 16 else { return }
        piecesInARow = 0
        await EventLoop.yield()
        guard Task.isCancelled || deadline <= EventLoop.main.time() else { return }
        try failing {
            try Task.checkCancellation()
            throw HTTPClientError(
                .timeout, url: url.map { "\($0)" } ?? "the response",
                "\(HTTPClientError.Phase.total.rawValue) did not come in time", phase: .total)
        }
    }

    private func received(from upstream: any BodyUpstream) async throws -> [UInt8]? {
        do {
            let piece = try await upstream.nextPiece()
            // Given up meanwhile.
            if case .failed(let error) = state { throw error }
            if piece == nil {
                keptTrailers = upstream.trailers
                state = .ended
            }
            return piece
        } catch {
            if case .failed(let error) = state { throw error }
            state = .failed(error)
            throw error
        }
    }

    private func decoded() throws -> [UInt8]? {
        guard let decoder else { return nil }
        return try failing {
            do throws(ContentDecodingError) {
                return try decoder.next()
            } catch {
                throw failure(of: error)
            }
        }
    }

    private func failure(of error: ContentDecodingError) -> HTTPClientError {
        let code: HTTPClientError.Code =
            switch error.kind {
            case .malformed: .malformedCoding
            case .tooLarge: .tooLarge
            case .bomb: .compressionBomb
            }
        return failure(code, "the body cannot be decompressed: \(error.reason)")
    }

    private func failing<Result>(_ body: () throws -> Result) throws -> Result {
        do {
            return try body()
        } catch {
            if case .coming(let upstream) = state { upstream.cancel() }
            state = .failed(error)
            throw error
        }
    }

    /// All of it, if it is here already.
    func takeWhole(upTo limit: Int?) throws -> [UInt8]? {
        guard decoder == nil, !isReading, case .whole(let bytes) = state else { return nil }
        if bytes.count > limit ?? collectLimit { throw tooLarge(limit) }
        state = .ended
        return bytes
    }

    func collect(upTo limit: Int?) async throws -> [UInt8] {
        let most = limit ?? collectLimit
        if let expectedLength, expectedLength > UInt64(clamping: most), case .coming(let upstream) = state {
            let error = tooLarge(limit)
            upstream.cancel()
            state = .failed(error)
            throw error
        }
        var collected: [UInt8] = []
        while let piece = try await next() {
            guard piece.count <= most - collected.count else {
                let error = tooLarge(limit)
                return try failing { throw error }
            }
            if collected.isEmpty {
                collected = piece
                if let expectedLength, expectedLength < 1 << 24 { collected.reserveCapacity(Int(expectedLength)) }
            } else {
                collected += piece
            }
        }
        return collected
    }

    /// Gives the rest up.
    func cancel() {
        let error = failure(.bodyConsumed, "the body was given up")
        switch state {
        case .coming(let upstream):
            state = .failed(error)
            upstream.cancel()
        case .whole: state = .failed(error)
        case .ended, .failed: break
        }
    }

    /// Nobody looks at the rest.
    func abandon() {
        guard case .coming(let upstream) = state else { return }
        state = .ended
        upstream.abandon()
    }

    private static let longestExcerpt = 1 << 10
    private static let excerptTime: Duration = .seconds(1)

    func excerpt() async -> String {
        var bytes: [UInt8] = []
        // What has come by then is good enough, whatever ended it.
        bytes =
            (try? await withTimeout(Self.excerptTime) {
                var bytes: [UInt8] = []
                while bytes.count < Self.longestExcerpt, let piece = try await self.next() {
                    bytes += piece.prefix(Self.longestExcerpt - bytes.count)
                }
                return bytes
            }) ?? []
        return HandshakeResponse.harmless(String(decoding: bytes, as: UTF8.self))
    }

    private func tooLarge(_ limit: Int?) -> HTTPClientError {
        failure(.tooLarge, "the body is larger than the limit of \(limit ?? collectLimit) bytes")
    }

    private func failure(_ code: HTTPClientError.Code, _ reason: String) -> HTTPClientError {
        HTTPClientError(code, url: url.map { "\($0)" } ?? "the response", reason)
    }
}

/// A body that a sequence makes.
private final class SequenceUpstream<Pieces: AsyncSequence & Sendable>: BodyUpstream where Pieces.Element == [UInt8] {
    private var iterator: Pieces.AsyncIterator?

    init(_ pieces: Pieces) {
        iterator = pieces.makeAsyncIterator()
    }

    deinit {}

    var trailers: HTTPFields? { nil }

    func nextPiece() async throws -> [UInt8]? {
        // Nobody else reads meanwhile: the source sees to that.
        guard var iterator = self.iterator.take() else { return nil }
        while let piece = try await iterator.next(isolation: MainActor.shared) {
            if piece.isEmpty { continue }
            self.iterator = iterator
            return piece
        }
        return nil
    }

    func abandon() {
        iterator = nil
    }

    func cancel() {
        iterator = nil
    }
}
