import HTTPTypes
import MartletHTTP
import MartletLoop
import MartletNet

/// One client's connection: reads heads, has them answered in order, and writes the answers.
///
/// ```
///          ┌──────────── wait, holding no buffer ◀─ nothing to receive ──┐
///          ▼                                                             │
/// takeHead ── a head is complete ─▶ handler ─▶ conclude ─▶ takeHead      │
///    │                                            └─ close ─▶ (end)      │
///    ├─ no complete head is left ─▶ flush ─▶ receive ────────────────────┘
///    └─ malformed ─▶ refuse ─▶ (end)            └─ end of stream ─▶ (end)      (end) = flush, linger, close
/// ```
///
/// Answers to pipelined requests gather in `output` and leave in one send when no complete head is left in `input`. Both
/// buffers are lent by the server's pools and go back whenever they are empty: an idle connection holds neither. From head to
/// answer nothing suspends unless the handler does: each `await` costs more than parsing a head.
final class HTTPConnection {
    let server: HTTPServer
    let stream: ByteStream
    /// Where the server's list has this connection.
    var index = 0

    private(set) var exchange: Exchange?
    var input: InputBuffer?
    var output: OutputBuffer?
    /// The beginning of a head, while the rest is waited for.
    private var partialHead: [UInt8] = []
    /// When the wait for a head, or for a first byte, ends.
    private var deadline: EventLoop.Instant
    private var phase = Phase.opened
    var body = BodyReader.finished
    /// The tick in which the head was complete that is being answered.
    private var start: EventLoop.Instant

    private enum Phase {
        /// Accepted, nothing received yet.
        case opened
        /// A head has begun.
        case receiving
        /// A complete head is being answered.
        case answering
        /// Answered; the next head has not begun.
        case idle
    }

    init(stream: ByteStream, server: HTTPServer, initialBytes: [UInt8]) {
        self.stream = stream
        self.server = server
        start = EventLoop.main.now
        deadline = start + server.headTimeout
        if !initialBytes.isEmpty {
            phase = .receiving
            partialHead = initialBytes
        }
    }

    var peerAddress: SocketAddress? { stream.peerAddress }

    // MARK: Life

    /// Serves the connection until it ends.
    func serve() async {
        var lingers = false
        do throws(ConnectionEnd) {
            try await serveRequests()
            lingers = body != .finished || input?.isEmpty == false
            try await flush()
        } catch {
            lingers = await end(error)
        }
        if lingers { await linger() }
        releaseBuffers()
        stream.close()
        server.remove(self)
    }

    /// Returns when the client is done, or has been told that this is the end.
    private func serveRequests() async throws(ConnectionEnd) {
        while true {
            guard let exchange = try takeHead() else {
                if !sendsAtOnce() { try await flush() }
                switch receive() {
                case .moved(0), .failed:
                    return
                case .moved:
                    beginHead()
                case .wouldBlock:
                    parkInput()
                    if !partialHead.isEmpty { beginHead() }
                    if phase != .receiving, server.closesIdleConnections { return }
                    let wait = stream.mayWaitToRead(until: deadline)
                        ? await withUnsafeContinuation { stream.setReader($0) } : .ready
                    guard try goesOn(after: wait) else { return }
                }
                continue
            }
            let response: Response
            switch server.handler(for: exchange) {
            case .immediate(let handler):
                response = server.response(of: handler, to: exchange)
            case .suspending(let handler):
                do {
                    response = try await handler(Request(exchange: exchange))
                } catch {
                    response = server.response(to: error, of: exchange)
                }
            }
            switch conclude(exchange, with: response) {
            case .takeNext: break
            case .flushFirst: try await flush()
            case .discardBodyFirst: guard try await discardBody() else { return }
            case .streamBody(let produce, let keepsAlive):
                try await stream(produce, exchange: exchange, status: response.status.code)
                guard keepsAlive, try await discardBody() else { return }
            case .close: return
            }
        }
    }

    /// Closes at once if it is waiting for a request that has not begun. Called while the server drains.
    func closeIfIdle() {
        if phase == .idle || phase == .opened { stream.interrupt() }
    }

    /// Cuts the connection, whatever it is doing.
    func abort() {
        stream.close()
    }

    // MARK: Heads

    /// The next request, if its head has been received completely.
    private func takeHead() throws(ConnectionEnd) -> Exchange? {
        guard let input, !input.isEmpty else { return nil }
        let exchange = exchangeForHead()
        do throws(HTTP1Error) {
            let unread = input.unread
            guard case .complete(let length) = try exchange.parser.parse(unread.span) else { return nil }
            exchange.begin(head: UnsafeBufferPointer(rebasing: unread[..<length]), on: self)
            input.consume(length)
        } catch {
            throw .malformed(error)
        }
        phase = .answering
        start = EventLoop.main.now
        server.counters.add(.requests)
        body = BodyReader(exchange.parser.body, limits: server.settings.head, bodyLimit: server.settings.bodyLimit)
        if input.isEmpty { releaseInput() }
        return exchange
    }

    /// The exchange of the head that has begun, or one that is free: the last one's, unless its handler has kept it.
    private func exchangeForHead() -> Exchange {
        if let exchange, exchange.isInHead { return exchange }
        if isKnownUniquelyReferenced(&exchange), let exchange {
            exchange.clear()
            return exchange
        }
        let taken = server.takeExchange()
        exchange = taken
        return taken
    }

    /// Receives what is there, behind what is left of a head that was waited for.
    func receive() -> Transfer {
        guard stream.mayReceive else { return .wouldBlock }
        let input = self.input ?? server.inputs.take()
        self.input = input
        if !partialHead.isEmpty {
            input.replace(with: partialHead)
            partialHead = []
        }
        let transfer = stream.receive(into: input.room())
        if case .moved(let count) = transfer {
            input.received(count)
            server.counters.add(.bytesReceived, UInt64(count))
        }
        return transfer
    }

    /// There is a head's first byte.
    private func beginHead() {
        // A first head has had its deadline since the connection was accepted.
        if phase == .idle { deadline = EventLoop.main.now + server.headTimeout }
        phase = .receiving
    }

    /// Gives the buffers back before a wait; what is left of a head is kept in as many bytes as it has.
    private func parkInput() {
        guard let input else { return }
        if input.isEmpty {
            releaseExchange()
        } else {
            partialHead = Array(input.unread)
        }
        releaseInput()
    }

    private func goesOn(after wait: ByteStream.Wait) throws(ConnectionEnd) -> Bool {
        switch wait {
        case .ready: return true
        case .interrupted: return phase == .receiving || !server.closesIdleConnections
        case .timedOut:
            if phase == .receiving { throw .headTimedOut }
            return false
        }
    }

    // MARK: Answers

    private enum NextStep {
        case takeNext
        case flushFirst
        case discardBodyFirst
        case streamBody((ResponseBodyWriter) async throws -> Void, keepsAlive: Bool)
        case close
    }

    /// Appends the answer, or the head of a streamed one, to the output, and says how to go on.
    private func conclude(_ exchange: Exchange, with response: borrowing Response) -> NextStep {
        var keepsAlive = exchange.parser.isKeepAlive && settlesBody() && !isLastWhileDraining
        if case .stream(let produce) = response.body, exchange.parser.method != .head {
            // An HTTP/1.0 client knows no chunks: the end of the connection is the end of the body.
            keepsAlive = keepsAlive && exchange.parser.minorVersion > 0
            append(response, to: exchange, keepsAlive: keepsAlive)
            return .streamBody(produce, keepsAlive: keepsAlive)
        }
        append(response, to: exchange, keepsAlive: keepsAlive)
        finish(exchange)
        guard keepsAlive else { return .close }
        if body != .finished { return .discardBodyFirst }
        if let output, output.isLarge { return .flushFirst }
        return .takeNext
    }

    /// The answer is complete.
    func finish(_ exchange: Exchange) {
        exchange.end()
        let now = EventLoop.Instant.readClock()
        server.latency.record(nanoseconds: now.nanoseconds &- start.nanoseconds)
        phase = input == nil ? .idle : .receiving
        deadline = now + (phase == .idle ? server.idleTimeout : server.headTimeout)
    }

    /// While draining, the last request that has arrived is answered with `Connection: close`; those that were pipelined with it get
    /// their answers first.
    private var isLastWhileDraining: Bool {
        server.isDraining && input == nil
    }

    func append(_ response: borrowing Response, to exchange: Exchange, keepsAlive: Bool) {
        server.serializer.append(
            response, isOld: exchange.parser.minorVersion == 0, isHead: exchange.parser.method == .head,
            keepsAlive: keepsAlive, into: borrowOutput())
        server.count(status: response.status.code)
    }

    /// Appends the answer to something that is no request.
    func appendRefusal(_ response: borrowing Response) {
        server.serializer.append(response, isOld: false, isHead: false, keepsAlive: false, into: borrowOutput())
        server.count(status: response.status.code)
    }

    // MARK: Output

    /// Appends to the output and returns when the kernel has taken all of it.
    func write(_ append: (OutputBuffer) -> Void) async throws(ConnectionEnd) {
        append(borrowOutput())
        try await flush()
    }

    /// Sends what has gathered in one go, which is how it nearly always ends; `false` when something is left for `flush`.
    private func sendsAtOnce() -> Bool {
        guard let output else { return true }
        guard case .moved(let count) = output.send(on: stream) else { return false }
        server.counters.add(.bytesSent, UInt64(count))
        guard output.isEmpty else { return false }
        releaseOutput()
        return true
    }

    /// Sends everything that has gathered.
    func flush() async throws(ConnectionEnd) {
        guard let output else { return }
        while true {
            switch output.send(on: stream) {
            case .moved(let count):
                server.counters.add(.bytesSent, UInt64(count))
                guard output.isEmpty else { continue }
                releaseOutput()
                return
            case .failed:
                throw .lost
            case .wouldBlock:
                let deadline = EventLoop.Instant.readClock() + server.writeTimeout
                if case .timedOut = await stream.waitToWrite(until: deadline) { throw .writeTimedOut }
            }
        }
    }

    // MARK: Buffers

    func releaseInput() {
        guard let input else { return }
        self.input = nil
        input.removeAll()
        server.inputs.giveBack(input)
    }

    private func borrowOutput() -> OutputBuffer {
        if let output { return output }
        let borrowed = server.outputs.take()
        output = borrowed
        return borrowed
    }

    private func releaseOutput() {
        guard let output else { return }
        self.output = nil
        server.outputs.giveBack(output)
    }

    private func releaseExchange() {
        guard let released = exchange else { return }
        exchange = nil
        released.end()
        server.giveBack(released)
    }

    private func releaseBuffers() {
        releaseInput()
        output?.removeAll()
        releaseOutput()
        releaseExchange()
    }
}
