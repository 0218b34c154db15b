import HTTPTypes
import MartletHTTP

/// What is still to come of a request's body.
///
/// ```
/// length(n) ──n bytes──▶ finished        chunked ──last chunk──▶ finished
///     └──────── malformed, too large, cut short, too slow ───────▶ failed
/// ```
struct BodyReader: Equatable {
    private enum State: Equatable {
        case finished
        case length(UInt64)
        case chunked
        /// Nothing more can be read, and the connection is of no more use.
        case failed
    }

    private var state: State
    /// On the heap, because most requests have none, and every connection has room for a `BodyReader`.
    private var decoder: ChunkedDecoder?
    /// Whether any of it has been asked for.
    private(set) var hasBegun = false

    static let finished = BodyReader(state: .finished)

    static func == (left: BodyReader, right: BodyReader) -> Bool {
        left.state == right.state
    }

    private init(state: State) {
        self.state = state
    }

    /// A body as the head announces it, of at most `bodyLimit` bytes.
    init(_ framing: HTTP1BodyFraming, limits: HTTP1Limits, bodyLimit: UInt64) {
        switch framing {
        case .none: state = .finished
        case .length(let length): state = .length(length)
        case .chunked:
            state = .chunked
            decoder = ChunkedDecoder(HTTP1ChunkedDecoder(limits: limits, bodyLimit: bodyLimit))
        }
    }

    /// The next piece of what is in `input`: empty when that held no data but framing, `nil` when more has to be
    /// received.
    mutating func next(from input: InputBuffer) throws(HTTP1Error) -> [UInt8]? {
        hasBegun = true
        switch state {
        case .finished:
            return nil
        case .failed:
            throw HTTP1Error(.chunk, "the request's body is malformed, or did not arrive")
        case .length(let remaining):
            return takeKnown(remaining, from: input)
        case .chunked:
            return try takeChunked(from: input)
        }
    }

    /// How many bytes are still to come, where that is known.
    var knownLength: UInt64? {
        switch state {
        case .finished: 0
        case .length(let remaining): remaining
        case .chunked, .failed: nil
        }
    }

    /// What is still to come, of known length, is taken from the input by other hands.
    mutating func skip() {
        hasBegun = true
        state = .finished
    }

    /// The fields behind a chunked body that has been read to its end.
    var trailers: HTTPFields? { state == .finished ? decoder?.value.trailers : nil }

    /// Nothing more will come.
    mutating func fail() {
        state = .failed
    }

    /// Whether this is the first time that the body is asked for, which is when a client that waits is told to
    /// continue.
    mutating func takesContinue() -> Bool {
        defer { hasBegun = true }
        return !hasBegun
    }

    /// Whether what is left may be little enough to be received for nothing.
    func mayBeDiscarded(within limit: UInt64) -> Bool {
        switch state {
        case .finished, .chunked: true
        case .length(let remaining): remaining <= limit
        case .failed: false
        }
    }

    private mutating func takeKnown(_ remaining: UInt64, from input: InputBuffer) -> [UInt8] {
        let count = Int(min(remaining, UInt64(input.count)))
        let chunk = Array(input.unread.prefix(count))
        input.consume(count)
        state = remaining == UInt64(count) ? .finished : .length(remaining - UInt64(count))
        return chunk
    }

    private mutating func takeChunked(from input: InputBuffer) throws(HTTP1Error) -> [UInt8]? {
        let unread = input.unread
        var offset = 0
        do throws(HTTP1Error) {
            let event = try decoder?.value.next(unread.span, from: &offset)
            defer { input.consume(offset) }
            switch event {
            case .data(let range):
                return Array(unread[range])
            case .end, nil:
                state = .finished
                return []
            case .needsMore:
                return nil
            }
        } catch {
            state = .failed
            throw error
        }
    }
}

extension HTTPError {
    /// A handler's mistake: neither task could know what it has missed.
    nonisolated static var concurrentReading: HTTPError {
        HTTPError(.internalServerError, "two tasks read the request's body at the same time")
    }
}

private final class ChunkedDecoder {
    var value: HTTP1ChunkedDecoder

    init(_ value: HTTP1ChunkedDecoder) {
        self.value = value
    }
}
