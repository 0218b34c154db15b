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

    let pool: OriginPool
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
    var interimResponses = 0
    var hasConsent = false
    /// When the last of the request was sent; `nil` while it is on its way.
    var sentAt: EventLoop.Instant?
    /// Until when what nobody wants is read.
    var drainDeadline = EventLoop.Instant.distantFuture
    /// Pieces of a body since the loop last ran others.
    var piecesInARow: UInt8 = 0
    /// The body that is being read.
    var incoming: IncomingBody?

    nonisolated enum State {
        case idle, busy, draining, closed
    }

    /// What all connections receive into. With its header an array of as many bytes stays below the size (128 KiB) from
    /// which malloc asks the kernel for memory each time.
    static let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: (128 << 10) - 64, alignment: 64)

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

    /// The response is over: the connection goes back, if it can be used again.
    func finish(surplus: Int) {
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
