import HTTPTypes
import MartletHTTP
import MartletLoop
import MartletNet

/// Reading a request's body, and dropping what the handler did not read.
extension HTTPConnection: ExchangeTransport {
    /// Bytes of an unread body that are received and dropped to keep the connection.
    private static let discardLimit: UInt64 = 64 * 1024

    /// The next piece of the body, or `nil` at its end.
    ///
    /// - Throws: `HTTPError`. One task may ask at a time: a second one is refused, for neither could know what it has
    ///   missed.
    func nextBodyChunk() async throws -> [UInt8]? {
        guard !isReadingBody else { throw HTTPError.concurrentReading }
        isReadingBody = true
        defer { isReadingBody = false }
        if !body.hasBegun { bodyPatience.reset() }
        while true {
            if body == .finished { return nil }
            if let input, !input.isEmpty, let chunk = try takeChunk(from: input) {
                if input.isEmpty { releaseInput() }
                if chunk.isEmpty { continue }
                return chunk
            }
            if body == .finished { return nil }
            try await receiveBody()
        }
    }

    private func takeChunk(from input: InputBuffer) throws -> [UInt8]? {
        do throws(HTTP1Error) {
            return try body.next(from: input)
        } catch {
            server.refused(error, from: self)
            throw HTTPError(.init(code: error.status), error.message)
        }
    }

    var trailers: HTTPFields? { body.trailers }

    var peerAddress: SocketAddress? { proxied?.source ?? stream.peerAddress }

    var localAddress: SocketAddress? { proxied?.destination ?? stream.localAddress }

    private func receiveBody() async throws {
        if body.takesContinue(), exchange?.parser.expectsContinue == true, input?.isEmpty != false {
            server.counters.add(.responses1xx)
            HTTP1ResponseHead.appendContinue(to: &output.bytes)
            try await flush()
        } else if pendingOutput != nil, !isFlushing {
            try await flush()  // a client that waits for earlier answers must not wait for ours to this one
        }
        switch receive() {
        case .moved(0), .failed:
            body.fail()
            throw HTTPError(.badRequest, "the connection ended within the request's body")
        case .moved(let count):
            bodyPatience.moved(count)
            // It sends faster than its body is read: the others get their turn first.
            if stream.mayReceive { await EventLoop.yield() }
        case .wouldBlock:
            if input?.isEmpty == true { releaseInput() }
            try await waitForBody()
        }
    }

    private func waitForBody() async throws {
        let now = EventLoop.Instant.readClock()
        let deadline = bodyPatience.deadline(from: now)
        let wait = await withTaskCancellationHandler {
            await stream.waitToRead(until: deadline)
        } onCancel: {
            onLoop { self.stream.interrupt() }
        }
        bodyPatience.waited(since: now)
        try Task.checkCancellation()
        var isTooLate = bodyPatience.isExhausted
        if case .timedOut = wait { isTooLate = true }
        guard isTooLate else { return }
        body.fail()
        server.counters.add(.timeouts)
        throw HTTPError(.requestTimeout, "the request's body did not arrive in time")
    }

    /// Whether the connection can go on after this request's body, of which the handler may have left something.
    func settlesBody() -> Bool {
        guard case .finished = body else {
            // A client that waits for 100 Continue may or may not send its body now: nobody can tell what comes next.
            let isAwaited = exchange?.parser.expectsContinue == true && !body.hasBegun
            return !isAwaited && body.mayBeDiscarded(within: Self.discardLimit)
        }
        return true
    }

    /// Receives and drops what the handler left; `false` when it is more than that is worth.
    func discardBody() async throws(ConnectionEnd) -> Bool {
        try await flush()
        var budget = Int(Self.discardLimit)
        do {
            while budget >= 0, let chunk = try await nextBodyChunk() { budget -= chunk.count }
        } catch {
            return false
        }
        return budget >= 0
    }
}
