import Glibc
import HTTPTypes
import MartletHTTP
import MartletLoop
import MartletNet

/// One connection to an origin, and the exchange that is on it.
///
/// ```
///                    exchange                  the head is there
///   idle (parked) ───────────▶ busy: sends ──────────────────────▶ busy: body ──┐ whole, and may be kept
///     ▲  │                      │ error, cancelled, timed out         │ dropped   │
///     │  │ closed, time is up   ▼                                     ▼           │
///     │  └──────────────────▶ closed ◀──────── too much ──────── draining ───┐    │
///     └──────────────────────────────────────────────────────────────────────┴────┘
/// ```
///
/// Waits are the stream's, with the deadline that comes first: no timer is armed for a request. All connections receive
/// into one buffer, so an idle one holds none.
final class ClientConnection {
    let stream: ByteStream
    /// Whether requests go to a proxy that passes them on.
    let isForwarding: Bool
    let proxyAuthorization: String?
    /// Exchanges that have been begun on it.
    private(set) var exchanges = 0
    /// When it was last used.
    private(set) var idleSince = EventLoop.Instant(nanoseconds: 0)

    private let pool: OriginPool
    let rules: ExchangeRules
    var state = State.busy
    var parser: HTTP1ResponseParser
    /// What has been received and not been used.
    var unread: [UInt8] = []
    var waiter: UnsafeContinuation<ByteStream.Wait, Never>?
    /// The exchange that is under way, or was last.
    var exchange: Exchange
    var framing = HTTP1ResponseParser.Framing.none
    var chunks: HTTP1ChunkedDecoder?
    /// Bytes of body that may still come before the limit.
    var allowance: UInt64 = 0
    /// Bytes that are still read and thrown away.
    var drainAllowance = 0
    var upload: RequestUpload?
    var hasReceivedAny = false
    private var isCancelled = false
    private var interimResponses = 0
    private var hasConsent = false
    /// When the last of the request was sent; `nil` while it is on its way.
    private var sentAt: EventLoop.Instant?
    /// Until when what nobody wants is read.
    private var drainDeadline = EventLoop.Instant.distantFuture
    /// Pieces of a body since the loop last ran others.
    private var piecesInARow: UInt8 = 0
    /// The body that is being read.
    private var incoming: IncomingBody?

    nonisolated enum State {
        case idle, busy, draining, closed
    }

    /// What all connections receive into. With its header an array of as many bytes stays below the size (128 KiB) from
    /// which malloc asks the kernel for memory each time.
    static let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: (128 << 10) - 64, alignment: 64)
    private static let mostInterimResponses = 16

    init(
        _ stream: ByteStream, pool: OriginPool, rules: ExchangeRules, isForwarding: Bool, proxyAuthorization: String?,
        exchange: Exchange
    ) {
        self.stream = stream
        self.pool = pool
        self.rules = rules
        self.isForwarding = isForwarding
        self.proxyAuthorization = proxyAuthorization
        self.exchange = exchange
        parser = HTTP1ResponseParser(limits: rules.limits.head)
    }

    deinit {}

    // MARK: The exchange

    /// Sends a request and reads the head of its response.
    ///
    /// - Throws: `ExchangeFailure`; what the request's body throws; `CancellationError`. The connection is closed then.
    func perform(_ request: HTTPClientRequest, _ exchange: Exchange) async throws -> HTTPClientResponse {
        self.exchange = exchange
        exchanges += 1
        hasReceivedAny = false
        isCancelled = false
        interimResponses = 0
        hasConsent = false
        parser.reset(requestMethod: exchange.method)
        do {
            sentAt = nil
            try send(request)
            if upload == nil { sentAt = EventLoop.main.now }
            if let upload, upload.waitsForConsent, let response = try await consent(to: upload) { return response }
            while true {
                if let response = try await readHead() { return response }
            }
        } catch {
            throw closing(error)
        }
    }

    /// Sends as much of the request as the kernel takes at once; what is left is sent by `upload` meanwhile.
    private func send(_ request: borrowing HTTPClientRequest) throws {
        upload = nil
        pool.output.removeAll(keepingCapacityUpTo: 64 << 10)
        let body = request.body.content
        var framing = RequestHead.Framing.none
        switch body {
        case .none:
            switch request.method {
            case .post, .put, .patch: framing = .length(0)
            default: break
            }
        case .bytes(let bytes): framing = .length(UInt64(bytes.count))
        case .text(let text): framing = .length(UInt64(text.utf8.count))
        case .stream(let length?, _, _): framing = .length(length)
        case .stream(nil, _, _): framing = .chunked
        }
        pool.head.append(
            request, framing: framing, isForwarded: isForwarding, proxyAuthorization: proxyAuthorization,
            to: &pool.output)
        let waits = request.expectsContinue
        switch body {
        case .none: try sendAtOnce(nil, waits: false)
        case .text(let text):
            if waits {
                try sendAtOnce(.bytes(Array(text.utf8)), waits: true)
            } else {
                pool.output.append(utf8: text)
                try sendAtOnce(nil, waits: false)
            }
        case .bytes(let bytes):
            if waits || bytes.count > RequestUpload.largest {
                try sendAtOnce(bytes.isEmpty ? nil : .bytes(bytes), waits: waits && !bytes.isEmpty)
            } else {
                pool.output.append(contentsOf: bytes)
                try sendAtOnce(nil, waits: false)
            }
        case .stream(let length, _, let write):
            try sendAtOnce(.stream(length: length, write), waits: waits)
        }
    }

    private func sendAtOnce(_ body: RequestUpload.Body?, waits: Bool) throws {
        var rest: [UInt8] = []
        let bytes = pool.output.readableBytes
        switch stream.send(bytes, moreComes: false) {
        case .moved(let count):
            if count < bytes.count { rest = [UInt8](bytes[count...]) }
        case .wouldBlock: rest = [UInt8](bytes)
        case .failed(let code): throw lost("the request cannot be sent to", code, isUnsent: true)
        }
        guard !rest.isEmpty || body != nil else { return }
        let upload = RequestUpload(self, head: rest, body: body, waits: waits)
        self.upload = upload
        upload.start()
    }

    /// Until when the head of the response has to be there: its time begins when the request has been sent.
    private var headDeadline: EventLoop.Instant {
        guard let firstByte = rules.firstByte, let sentAt else { return exchange.deadline }
        return min(sentAt + firstByte, exchange.deadline)
    }

    /// The last of the request has been sent, or the server takes no more of it.
    func uploadEnded() {
        sentAt = EventLoop.main.now
        if state == .busy, waiter != nil, incoming == nil { stream.park(self, until: headDeadline) }
    }

    /// Waits until the server says that it wants the body, or has said nothing for a while.
    ///
    /// - Returns: the response, when it comes without the body.
    private func consent(to upload: RequestUpload) async throws -> HTTPClientResponse? {
        let deadline = min(EventLoop.main.now + rules.expectContinue, exchange.deadline)
        do {
            return try await readHead(consentUntil: deadline)
        } catch let failure as ExchangeFailure where failure.error.phase == .firstByte {
            upload.consent()
            return nil
        }
    }

    // MARK: Heads

    private enum Parsed {
        case response(HTTPClientResponse)
        /// More has to come behind what begins there.
        case more(from: Int)
    }

    /// Reads the head of the final response.
    ///
    /// - Parameter consentDeadline: until when `100 Continue` is waited for, which ends it, too, with no response; `nil` when
    ///   it does not.
    private func readHead(consentUntil consentDeadline: EventLoop.Instant? = nil) async throws -> HTTPClientResponse? {
        let endsAtConsent = consentDeadline != nil
        while true {
            if !unread.isEmpty {
                let bytes = unread
                switch try bytes.withUnsafeBytes({ try parse($0) }) {
                case .response(let response): return response
                case .more(let start): if start > 0 { unread = [UInt8](bytes[start...]) }
                }
            }
            if endsAtConsent, hasConsent { return nil }
            switch stream.receive(into: Self.buffer) {
            case .moved(0): throw ended()
            case .moved(let count):
                hasReceivedAny = true
                let bytes = UnsafeRawBufferPointer(rebasing: Self.buffer[..<count])
                guard unread.isEmpty else {
                    unread.append(contentsOf: bytes)
                    continue
                }
                switch try parse(bytes) {
                case .response(let response): return response
                case .more(let start): unread = [UInt8](bytes[start...])
                }
                if endsAtConsent, hasConsent { return nil }
            case .wouldBlock:
                try await wait(until: consentDeadline ?? headDeadline, .firstByte)
            case .failed(let code):
                throw lost("the connection failed while waiting for the response of", code, isUnsent: false)
            }
        }
    }

    /// Goes on with the head that `bytes` begins with, behind interim responses.
    private func parse(_ bytes: UnsafeRawBufferPointer) throws -> Parsed {
        var start = 0
        while start < bytes.count {
            let rest = UnsafeRawBufferPointer(rebasing: bytes[start...])
            let progress: HTTP1Progress
            do throws(HTTP1Error) {
                progress = try parser.parse(rest.bindMemory(to: UInt8.self).span)
            } catch {
                throw malformed(error)
            }
            guard case .complete(let length) = progress else { break }
            guard parser.isInterim else { return .response(try response(rest, headLength: length)) }
            interimResponses += 1
            guard interimResponses <= Self.mostInterimResponses else {
                throw failure(.malformedResponse, "the server sends interim responses without end")
            }
            if parser.status == 100 {
                hasConsent = true
                upload?.consent()
            }
            parser.reset(requestMethod: exchange.method)
            start += length
        }
        return .more(from: start)
    }

    private func response(_ bytes: UnsafeRawBufferPointer, headLength: Int) throws -> HTTPClientResponse {
        let head = ResponseHead(
            parsed: [UInt8](UnsafeRawBufferPointer(rebasing: bytes[..<headLength])), minorVersion: parser.minorVersion,
            mayBeEncoded: parser.fields.firstValue(
                of: "content-encoding", in: bytes.bindMemory(to: UInt8.self).span) != nil)
        let rest = UnsafeRawBufferPointer(rebasing: bytes[headLength...])
        let status = parser.status
        guard status != 101 else {
            throw failure(.malformedResponse, "the server switches to a protocol that it was not asked for")
        }
        var response = HTTPClientResponse(
            url: exchange.url, code: status, head: head, body: HTTPClientResponseBody(try body(rest)))
        response.isToHead = exchange.method == .head
        return response
    }

    // MARK: Bodies

    /// The body that begins with `rest`: whole, if it is.
    private func body(_ rest: UnsafeRawBufferPointer) throws -> BodySource {
        framing = parser.body
        allowance = rules.limits.body
        switch framing {
        case .none:
            finish(surplus: rest.count)
            return limited(BodySource(whole: []))
        case .length(let length):
            guard length <= allowance else { throw bodyTooLarge() }
            guard length > UInt64(rest.count) else {
                let whole = [UInt8](UnsafeRawBufferPointer(rebasing: rest[..<Int(length)]))
                finish(surplus: rest.count - whole.count)
                return limited(BodySource(whole: whole))
            }
            unread = [UInt8](rest)
            return coming(expectedLength: length)
        case .chunked:
            chunks = HTTP1ChunkedDecoder(limits: rules.limits.head, bodyLimit: allowance)
            var data: [UInt8] = []
            let trailers = TrailerBox()
            if try decode(rest, into: &data, trailers) {
                return limited(BodySource(whole: data, trailers: trailers.fields))
            }
            unread = data
            return coming(expectedLength: nil)
        case .untilClose:
            unread = [UInt8](rest)
            return coming(expectedLength: nil)
        }
    }

    private func coming(expectedLength: UInt64?) -> BodySource {
        let incoming = IncomingBody(self)
        self.incoming = incoming
        return limited(BodySource(upstream: incoming, expectedLength: expectedLength))
    }

    private func limited(_ source: BodySource) -> BodySource {
        source.url = exchange.url
        source.deadline = exchange.deadline
        source.collectLimit = rules.limits.collectedBody
        return source
    }

    /// Takes the data out of chunks; whether the body is over.
    private func decode(
        _ bytes: UnsafeRawBufferPointer, into data: inout [UInt8], _ trailers: TrailerBox
    ) throws -> Bool {
        let span = bytes.bindMemory(to: UInt8.self).span
        var offset = 0
        while true {
            let event: HTTP1ChunkedDecoder.Event
            do throws(HTTP1Error) {
                event = try chunks?.next(span, from: &offset) ?? .end
            } catch {
                throw error.code == .tooLarge && error.status == 413 ? bodyTooLarge() : malformed(error)
            }
            switch event {
            case .data(let range): data.append(contentsOf: UnsafeRawBufferPointer(rebasing: bytes[range]))
            case .needsMore: return false
            case .end:
                trailers.fields = chunks?.trailers
                chunks = nil
                finish(surplus: bytes.count - offset)
                return true
            }
        }
    }

    /// The response is over: the connection goes back, if it can be used again.
    private func finish(surplus: Int) {
        incoming?.isComplete = true
        incoming?.connection = nil
        incoming = nil
        framing = .none
        unread = []
        // Bytes that nobody asked for might be taken for the next response.
        guard parser.isKeepAlive, surplus == 0, upload?.isDone != false, state != .closed, isQuiet else {
            return close()
        }
        upload = nil
        idleSince = EventLoop.main.now
        pool.returned(self)
    }

    // MARK: Waiting

    func wait(until deadline: EventLoop.Instant, _ phase: HTTPClientError.Phase) async throws {
        guard await suspend(until: deadline) == .timedOut else {
            try checkCancellation()
            return
        }
        throw timedOut(phase)
    }

    func checkCancellation() throws {
        if isCancelled { throw CancellationError() }
        if let error = upload?.error { throw error }
    }

    private func suspend(until deadline: EventLoop.Instant) async -> ByteStream.Wait {
        let ticket = exchanges
        return await withTaskCancellationHandler {
            await withUnsafeContinuation { continuation in
                if isCancelled || stream.isClosed || stream.mayReceive {
                    continuation.resume(returning: .ready)
                } else {
                    waiter = continuation
                    stream.park(self, until: deadline)
                }
            }
        } onCancel: {
            onLoop { self.cancel(ticket) }
        }
    }

    /// The task of an exchange was cancelled.
    private func cancel(_ ticket: Int) {
        guard ticket == exchanges, state == .busy else { return }
        isCancelled = true
        close()
    }

    // MARK: Ending

    /// The exchange that was to begin on it does not: another one may.
    func handBack() {
        isUsable ? pool.returned(self) : close()
    }

    /// Whether an exchange may begin on it.
    var isUsable: Bool { state == .busy && isQuiet }

    /// Closes the connection, and returns the error that its exchange has ended with.
    func closing(_ error: any Error) -> any Error {
        let wasCancelled = isCancelled
        let uploadError = upload?.error
        close()
        if wasCancelled { return CancellationError() }
        if let uploadError, !(uploadError is CancellationError) { return uploadError }
        return error
    }

    /// Closes the connection. Whoever waits for it goes on with an error.
    func close() {
        guard state != .closed else { return }
        state = .closed
        incoming?.connection = nil
        incoming = nil
        upload?.cancel()
        upload = nil
        unread = []
        stream.close()
        if let waiter {
            self.waiter = nil
            waiter.resume(returning: .ready)
        }
        pool.closed(self)
    }
}

// MARK: Idle

extension ClientConnection: ByteStreamReactor {
    /// Nothing has come that has not been read. The kernel is asked only where it may have something; what is no data, such
    /// as a session ticket of TLS, is taken in by that.
    var isQuiet: Bool {
        if stream.isClosed || stream.hasEnded { return false }
        return !stream.mayReceive || stream.receive(into: Self.buffer) == .wouldBlock
    }

    /// Waits for the next exchange, until `deadline`.
    func lieIdle(until deadline: EventLoop.Instant) {
        state = .idle
        stream.park(self, until: deadline)
    }

    /// Whether the connection is still good after having been idle. A server that closes it, or sends something, is told of
    /// by the loop; what has happened in this very moment is asked of the kernel before what must not be sent twice.
    func isFresh(asksKernel: Bool) -> Bool {
        state == .idle && isQuiet && (!asksKernel || stream.hasNothingToRead)
    }

    /// A new exchange begins.
    func wake() {
        stream.unpark()
        state = .busy
    }

    func waitEnded(_ wait: ByteStream.Wait) {
        switch state {
        case .busy:
            guard let waiter else { return }
            self.waiter = nil
            waiter.resume(returning: wait)
        case .draining: drain(wait)
        // Closed by the server, used against the rules by it, or not used for too long.
        case .idle: wait != .timedOut && isQuiet ? stream.park(self, until: idleSince + pool.pool.idle) : close()
        case .closed: break
        }
    }
}

// MARK: The body on its way

extension ClientConnection {
    /// The next bytes of the body; `nil` at its end.
    func nextPiece(of body: IncomingBody) async throws -> [UInt8]? {
        do {
            try await letOthersRun()
            while body.connection != nil {
                if let piece = try pieceAtHand() ?? receivePiece(body) { return piece }
                // The end may have come, and the connection may be another's now.
                if body.connection == nil { break }
                let deadline =
                    rules.betweenBytes.map { min(EventLoop.main.now + $0, exchange.deadline) } ?? exchange.deadline
                if !stream.mayReceive {
                    piecesInARow = 0
                    try await wait(until: deadline, .betweenBytes)
                }
            }
            guard body.isComplete else {
                throw failure(.connectionLost, "the connection was closed with the body unread")
            }
            return nil
        } catch {
            let error = closing(error)
            throw (error as? ExchangeFailure)?.error ?? error
        }
    }

    /// A server that is as fast as whoever reads is not to keep the loop from everyone else, nor a deadline or a cancellation
    /// from its task.
    private func letOthersRun() async throws {
        piecesInARow &+= 1
        guard piecesInARow >= 16 else { return }
        piecesInARow = 0
        await EventLoop.yield()
        try Task.checkCancellation()
        if exchange.deadline <= EventLoop.main.time() { throw timedOut(.total) }
    }

    /// What has come together with the head.
    private func pieceAtHand() throws -> [UInt8]? {
        guard !unread.isEmpty else { return nil }
        let bytes = unread
        unread = []
        // Data taken out of chunks has been counted.
        if framing != .chunked { try advance(bytes.count) }
        return bytes
    }

    /// Receives what is there: `nil` when it is nothing, or the end.
    private func receivePiece(_ body: IncomingBody) throws -> [UInt8]? {
        if case .length(let remaining) = framing, body.comesFast, remaining >= UInt64(Self.buffer.count) {
            return try receiveLargePiece(body)
        }
        switch stream.receive(into: Self.buffer) {
        case .moved(0):
            guard framing == .untilClose else { throw endedInBody() }
            finish(surplus: 0)
            return nil
        case .moved(let count):
            body.comesFast = count > Self.buffer.count / 2
            drainAllowance -= count
            let bytes = UnsafeRawBufferPointer(rebasing: Self.buffer[..<count])
            guard framing == .chunked else { return try take(bytes) }
            var data: [UInt8] = []
            data.reserveCapacity(count)
            let trailers = TrailerBox()
            if try decode(bytes, into: &data, trailers) { body.trailers = trailers.fields }
            return data.isEmpty ? nil : data
        case .wouldBlock: return nil
        case .failed(let code):
            throw lost("the connection failed in the middle of the body from", code, isUnsent: false)
        }
    }

    /// Receives straight into the array that is handed out.
    private func receiveLargePiece(_ body: IncomingBody) throws -> [UInt8]? {
        var transfer = Transfer.wouldBlock
        var piece = [UInt8](unsafeUninitializedCapacity: Self.buffer.count) { room, count in
            transfer = stream.receive(into: UnsafeMutableRawBufferPointer(room))
            if case .moved(let moved) = transfer { count = moved }
        }
        switch transfer {
        case .moved(0): throw endedInBody()
        case .moved(let count):
            body.comesFast = count > Self.buffer.count / 2
            drainAllowance -= count
            // Little in much memory is copied, so that whoever keeps it keeps no more.
            if !body.comesFast { piece = piece.withUnsafeBytes { [UInt8]($0) } }
            try advance(count)
            return piece
        case .wouldBlock: return nil
        case .failed(let code):
            throw lost("the connection failed in the middle of the body from", code, isUnsent: false)
        }
    }

    private func take(_ bytes: UnsafeRawBufferPointer) throws -> [UInt8] {
        guard case .length(let remaining) = framing, UInt64(bytes.count) > remaining else {
            let piece = [UInt8](bytes)
            try advance(piece.count)
            return piece
        }
        let piece = [UInt8](UnsafeRawBufferPointer(rebasing: bytes[..<Int(remaining)]))
        finish(surplus: bytes.count - piece.count)
        return piece
    }

    /// So many more bytes of a body without chunks have come.
    private func advance(_ count: Int) throws {
        switch framing {
        case .length(let remaining):
            framing = .length(remaining - UInt64(count))
            if remaining == UInt64(count) { finish(surplus: 0) }
        default:
            guard UInt64(count) <= allowance else { throw bodyTooLarge() }
            allowance -= UInt64(count)
        }
    }

    // MARK: Dropping it

    /// Reads a small rest and throws it away, without a task.
    func abandon(_ body: IncomingBody) {
        guard state == .busy else { return }
        drainAllowance = rules.limits.drain
        if case .length(let remaining) = framing, remaining > UInt64(drainAllowance) { return close() }
        guard framing != .untilClose, upload?.isDone != false else { return close() }
        state = .draining
        drainDeadline = min(EventLoop.main.now + .seconds(1), exchange.deadline)
        drain(.ready)
    }

    private func drain(_ wait: ByteStream.Wait) {
        guard wait != .timedOut, let body = incoming else { return close() }
        do {
            while body.connection != nil {
                let piece = try pieceAtHand() ?? receivePiece(body)
                // Counted as it is received, for chunks may have nothing in them.
                if drainAllowance < 0, body.connection != nil { return close() }
                if piece == nil, body.connection != nil, !stream.mayReceive {
                    return stream.park(self, until: drainDeadline)
                }
            }
        } catch {
            // Nobody is there to be told: what comes here was not wanted.
            close()
        }
    }
}

/// A body that is on its way over a connection, which is another exchange's as soon as it has come.
final class IncomingBody: BodyUpstream {
    fileprivate(set) var connection: ClientConnection?
    fileprivate(set) var trailers: HTTPFields?
    /// The end has come, and not only the connection's.
    fileprivate var isComplete = false
    /// The last receive got a lot.
    fileprivate var comesFast = false

    init(_ connection: ClientConnection) {
        self.connection = connection
    }

    deinit {}

    func nextPiece() async throws -> [UInt8]? {
        guard let connection else {
            guard isComplete else { throw CancellationError() }
            return nil
        }
        return try await connection.nextPiece(of: self)
    }

    func abandon() {
        connection?.abandon(self)
    }

    func cancel() {
        connection?.close()
    }
}

/// Trailers on their way out of a decoder.
private final class TrailerBox {
    var fields: HTTPFields?

    deinit {}
}
