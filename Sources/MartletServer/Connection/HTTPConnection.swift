import HTTPTypes
import MartletHTTP
import MartletLoop
import MartletNet
import MartletTLS

/// One client's connection: reads heads, has them answered in order, and writes the answers.
///
/// ```
///          ┌──────────── parked, holding no buffer ◀─ nothing to receive ──┐
///          ▼                                                               │
/// takeHead ── a head is complete ─▶ handler ─▶ conclude ─▶ takeHead        │
///    │                                            └─ close ─▶ (end)        │
///    ├─ no complete head is left ─▶ send ─▶ receive ───────────────────────┘
///    └─ malformed ─▶ refuse ─▶ (end)           └─ end of stream ─▶ (end)      (end) = flush, linger, close
/// ```
///
/// `advance` goes around this circle without suspending, for as long as it can: from the loop, directly. Only when
/// something has to be waited for, a handler or a client that does not take its answer, the connection gets a task,
/// which then does the same, until it rests: see ``ConnectionTasks``.
///
/// Answers to pipelined requests gather in `output`, up to a bound, and leave in one send when no complete head is left
/// in `input`. Both buffers and the exchange are lent by the server's pools and go back whenever they are empty: an
/// idle connection holds none.
final class HTTPConnection: ByteStreamReactor {
    let server: HTTPServer
    let stream: ByteStream
    /// Whether a header of the PROXY protocol comes before the first request.
    var awaitsProxyHeader = false
    /// What that has said of the client's connection to the proxy.
    var proxied: ProxiedConnection?
    /// How TLS is spoken, until it is.
    var tlsToCome: TLSServerContext?
    /// Where the server's list has this connection.
    var index = 0

    var exchange: Exchange?
    var input: InputBuffer?
    var pendingOutput: OutputBuffer?
    /// The beginning of a head, while the rest is waited for.
    private var partialHead: [UInt8] = []
    /// Whether `exchange` has parsed a part of a head.
    var isInHead = false
    /// When the wait for a head, or for a first byte, ends.
    var deadline: EventLoop.Instant
    var phase = Phase.opened
    var body = BodyReader.finished
    /// What the client may still be waited for, to send the body and to take the answer.
    var bodyPatience: Patience
    var writePatience: Patience
    /// Whether a task waits for more of the body.
    var isReadingBody = false
    /// Whether a task sends what has gathered.
    var isFlushing = false
    /// Whether the loop's next turn sends what has gathered.
    var flushIsDue = false
    /// Whether the client is known to be gone.
    var isLost = false
    /// Sends a streamed body.
    var writer: ResponseBodyWriter?
    /// The connection's task. There is none before something has to be waited for.
    var task: Task<Void, Never>?
    /// The connection's task while it waits for the next step.
    private var waitingTask: UnsafeContinuation<Step, Never>?
    /// See HTTPConnection+Presence.swift.
    var presenceTimer: LoopTimer?
    /// Who has the connection now, after it has left HTTP.
    var taken: (any TakenConnection)?
    var hasProbedPresence = false
    /// Where the server's list of waiting tasks has this connection, or -1.
    var taskIndex: Int32 = -1
    /// The tick in which the head was complete that is being answered.
    var start: EventLoop.Instant
    /// Requests of that tick whose answers are in the output, and whose latency is not recorded yet.
    var answered = 0

    enum Phase {
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
        bodyPatience = Patience(server.bodyTimeout, rate: server.settings.minimumRate)
        writePatience = Patience(server.writeTimeout, rate: server.settings.minimumRate)
        stream.observer = self
        if !initialBytes.isEmpty {
            phase = .receiving
            input = server.buffers.takeInput()
            input?.replace(with: initialBytes)
        }
    }

    deinit {}

    // MARK: Life

    /// Begins to serve. The connection belongs to the server's list and to its stream until it ends.
    func begin() {
        goOn(with: advance())
    }

    /// There may be something to receive, or the wait for it has lasted too long.
    func waitEnded(_ wait: ByteStream.Wait) {
        // What ends a wait, be it time or an interruption, wants it closed: unless a request has arrived after all, which is
        // seen by trying to receive. After a pause of this process, many have.
        let step = advance()
        if case .timedOut = wait, case .waitForInput = step, EventLoop.main.time() >= deadline {
            stream.timeOutTLS()
            goOn(with: phase == .idle ? .close : .end(.headTimedOut(hasBegun: phase == .receiving)))
        } else {
            goOn(with: step)
        }
    }

    /// Does the next step: without a task, if that is possible.
    private func goOn(with step: Step) {
        if case .waitForInput = step {
            stream.park(self, until: deadline)
        } else if let waitingTask {
            self.waitingTask = nil
            waitingTask.resume(returning: step)
        } else if case .close = step, pendingOutput == nil, !stream.holdsUnsent, !owesLinger {
            finishConnection()
        } else if case .upgrade(let upgrade, let exchange) = step, case .takenOver(let take) = upgrade.way,
            sendsAtOnce()
        {
            handOver(exchange, take)
        } else {
            task = Task { await serve(from: step) }
        }
    }

    /// Whether there is a task that waits for the next request.
    var isTaskWaiting: Bool { waitingTask != nil }

    /// Ends the task if it waits for the next request, and the last one began at least that long ago: the loop goes on
    /// without it.
    ///
    /// - Returns: whether it has.
    func endTask(idleFor time: EventLoop.Interval, at now: EventLoop.Instant) -> Bool {
        guard let waitingTask, start + time <= now else { return false }
        self.waitingTask = nil
        task = nil
        waitingTask.resume(returning: .leave)
        return true
    }

    /// Serves the connection from the first step on that has to suspend, until it ends or goes on without a task.
    private func serve(from step: Step) async {
        var lingers = false
        do throws(ConnectionEnd) {
            guard try await perform(step) else { return }
            lingers = owesLinger
            try await flush()
        } catch {
            lingers = await end(error)
        }
        if lingers { await linger() }
        if taken == nil { finishConnection() } else { task = nil }
    }

    /// Returns when the client is done or has been told that this is the end: `true`; or when the connection goes on
    /// without this task: `false`.
    private func perform(_ first: Step) async throws(ConnectionEnd) -> Bool {
        var step = first
        while true {
            switch step {
            case .waitForInput:
                step = await withUnsafeContinuation { task in
                    self.waitingTask = task
                    server.tasks.add(self)
                    stream.park(self, until: deadline)
                }
                continue
            case .flush:
                try await flush()
            case .letOthersRun:
                await EventLoop.yield()
            case .call(let handler):
                // There is one from a head until its answer.
                guard let exchange else { return true }
                let response = await response(of: handler, to: exchange)
                if isLost { throw .lost }
                if let next = conclude(exchange, with: response) {
                    step = next
                    continue
                }
            case .streamBody(let produce, let exchange, let framing, let keepsAlive):
                try await stream(produce, exchange: exchange, framing: framing)
                guard keepsAlive, try await discardBody() else { return true }
            case .upgrade(let upgrade, let exchange):
                try await flush()
                switch upgrade.way {
                case .spoken(let speak): await leave(exchange, to: speak)
                case .takenOver(let take): handOver(exchange, take)
                }
                return true
            case .discardBody:
                guard try await discardBody() else { return true }
            case .close:
                return true
            case .leave:
                return false
            case .end(let reason):
                throw reason
            }
            step = advance()
        }
    }

    /// The answer of a handler that may wait; a client that goes away meanwhile ends it.
    private func response(of handler: Handler, to exchange: Exchange) async -> Response {
        guard server.beginsRequest() else { return server.response(to: server.tooManyRequests(), of: exchange) }
        defer { server.requestsInProgress -= 1 }
        watchPresence()
        defer { unwatchPresence() }
        do {
            return try await Responder(handler: handler)(Request(exchange: exchange))
        } catch {
            return server.response(to: error, of: exchange)
        }
    }

    /// Whether the client may still be sending something that nobody is going to read. Not so while a task reads the
    /// body that a handler has left behind: closing ends its wait.
    private var owesLinger: Bool { !isReadingBody && (body != .finished || input?.isEmpty == false) }

    func finishConnection() {
        answersLeave()
        presenceTimer?.cancel()
        releaseBuffers()
        stream.close()
        task = nil
        server.tasks.remove(self)
        server.remove(self)
    }

    /// What cannot be done without suspending.
    enum Step {
        /// There is nothing to receive.
        case waitForInput
        /// The kernel does not take all of the output.
        case flush
        /// This client sends faster than it is served.
        case letOthersRun
        /// The handler of the request that `exchange` has may wait.
        case call(Handler)
        indirect case streamBody(
            (ResponseBodyWriter) async throws -> Void, Exchange, framing: ResponseBodyWriter.Framing, keepsAlive: Bool)
        indirect case upgrade(ProtocolUpgrade, Exchange)
        case discardBody
        case close
        /// The connection has no task any more, and this is the one that it had.
        case leave
        case end(ConnectionEnd)
    }

    /// Receives, answers and sends for as long as nothing has to be waited for.
    private func advance() -> Step {
        do throws(ConnectionEnd) {
            while true {
                if awaitsProxyHeader { try takeProxyHeader() }
                if let input, !input.isEmpty, !awaitsProxyHeader {
                    let exchange = preparedExchange()
                    if try takeHead(of: exchange, from: input) {
                        if let step = answer(exchange) { return step }
                        continue
                    }
                }
                guard sendsAtOnce() else { return .flush }
                switch receive() {
                case .moved(0), .failed:
                    return .close
                case .moved:
                    beginHead()
                    if stream.mayReceive { return .letOthersRun }
                case .wouldBlock:
                    parkInput()
                    if !partialHead.isEmpty { beginHead() }
                    return phase != .receiving && server.closesIdleConnections ? .close : .waitForInput
                }
            }
        } catch {
            return .end(error)
        }
    }

    /// Has a request answered, without suspending where its handler allows that; `nil` when the next one can be taken
    /// at once.
    private func answer(_ exchange: Exchange) -> Step? {
        let handler = server.handler(for: exchange)
        switch handler {
        case .immediate(let handle):
            return conclude(exchange, with: server.response(of: handle, to: Request(exchange: exchange)))
        case .buffered(let handle, _):
            guard !exchange.hasEncodedBody, let input = takeWholeBody() else { return .call(handler) }
            let response = server.response(of: { try handle($0, input.bytes) }, to: Request(exchange: exchange))
            self.input?.consume(input.bytes.count)
            if self.input?.isEmpty == true { releaseInput() }
            return conclude(exchange, with: response)
        case .waiting:
            return .call(handler)
        }
    }

    /// The request's body where all of it has come together with the head. It stays in the input until it is consumed.
    private func takeWholeBody() -> (bytes: UnsafeBufferPointer<UInt8>, isWhole: Bool)? {
        guard let length = body.knownLength else { return nil }
        guard length > 0 else { return (UnsafeBufferPointer(start: nil, count: 0), true) }
        guard let input, length <= UInt64(input.count) else { return nil }
        body.skip()
        return (UnsafeBufferPointer(rebasing: input.unread[..<Int(length)]), true)
    }

    /// Closes at once if it is waiting for a request that has not begun. Called while the server drains.
    func closeIfIdle() {
        if taken == nil, phase == .idle || phase == .opened { stream.interrupt() }
    }

    /// Cuts the connection, whatever it is doing.
    func abort() {
        if let taken { return taken.abort() }
        isLost = true
        task?.cancel()
        stream.close()
    }

    // MARK: Heads

    /// Takes the next request's head, if it has been received completely.
    @inline(__always)
    private func takeHead(of exchange: Exchange, from input: InputBuffer) throws(ConnectionEnd) -> Bool {
        do throws(HTTP1Error) {
            let unread = input.unread
            if let length = exchange.beginAgain(with: unread, on: self) {
                input.consume(length)
            } else {
                if !isInHead { exchange.clear() }
                guard case .complete(let length) = try exchange.parser.parse(unread.span) else {
                    isInHead = exchange.isInHead
                    return false
                }
                isInHead = false
                exchange.begin(head: UnsafeBufferPointer(rebasing: unread[..<length]), on: self)
                input.consume(length)
            }
        } catch {
            throw .malformed(error)
        }
        phase = .answering
        let now = server.loop.now
        if now != start {
            answersLeave()
            start = now
        }
        server.counters.add(.requests)
        body = BodyReader(exchange.parser.body, limits: server.settings.head, bodyLimit: server.settings.bodyLimit)
        if input.isEmpty { releaseInput() }
        return true
    }

    /// The exchange of the head that has begun, or one that is free: the last one's, unless its handler has kept it.
    @inline(__always)
    private func preparedExchange() -> Exchange {
        if isInHead || isKnownUniquelyReferenced(&exchange), let exchange { return exchange }
        let lent = server.takeExchange()
        exchange = lent
        return lent
    }

    /// Receives what is there, behind what is left of a head that was waited for.
    func receive() -> Transfer {
        guard stream.mayReceive else { return .wouldBlock }
        let input = self.input ?? server.buffers.takeInput()
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
        if let input, !input.isEmpty {
            partialHead = Array(input.unread)
        } else {
            releaseExchange()
        }
        releaseInput()
    }
}
