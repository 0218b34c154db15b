import HTTPTypes
import MartletHTTP
import MartletLoop
import MartletNet
import MartletTLS

/// A connection without a socket, for one request: its bytes come from a test and those of the response go there.
///
/// Everything between is what serves a real connection: parser, limits, router, filters and serializer. What is the
/// socket's own, such as how long it waits for a head, is left out.
package final class InProcessConnection {
    /// The client's address, as handlers see it.
    package let peerAddress: SocketAddress?
    /// The address that the client has connected to, as handlers see it.
    package let localAddress: SocketAddress?
    /// After a 101 response: the client's end of what the connection has become.
    package private(set) var upgraded: ByteStream?

    private let server: HTTPServer
    private var task: Task<Void, Never>?
    private var exchange: Exchange?
    private var body = BodyReader.finished
    private var isReadingBody = false
    private var writer: ResponseBodyWriter?
    private var isLost = false

    /// What the client has sent, and is not in `input` yet.
    private var incoming: [[UInt8]] = []
    private var hasSentAll = false
    private let arrival = Event()
    private let input: InputBuffer

    let output: OutputBuffer
    private var flushIsDue = false
    /// What the client has not taken.
    private var outgoing: [UInt8] = []
    private var isOver = false
    private let departure = Event()
    private let room = Event()

    /// What a client may leave lying, as a kernel's buffer would.
    private static let most = 256 * 1024

    /// A connection to a server.
    package init(to server: HTTPServer, from peer: SocketAddress?, at local: SocketAddress?) {
        self.server = server
        peerAddress = peer
        localAddress = local
        input = server.buffers.takeInput()
        output = server.buffers.takeOutput()
        room.set()
    }

    isolated deinit {
        server.buffers.giveBack(input)
        server.buffers.giveBack(output)
    }

    // MARK: The client's end

    /// Begins to serve. The handler runs in a task of the caller's: with its task-local values, and so on its clock.
    package func begin() {
        task = Task {
            await serve()
            isOver = true
            departure.set()
            task = nil
        }
    }

    /// Some bytes of the request.
    package func send(_ bytes: [UInt8]) {
        guard !bytes.isEmpty else { return }
        incoming.append(bytes)
        arrival.set()
    }

    /// Some bytes of the response; `nil` when there are no more.
    package func receive() async throws -> [UInt8]? {
        while outgoing.isEmpty {
            if isOver { return nil }
            departure.clear()
            try await departure.wait()
        }
        defer { outgoing = [] }
        room.set()
        return outgoing
    }

    /// The client is gone: whatever works for it is cancelled.
    package func cut() {
        hasSentAll = true
        arrival.set()
        room.set()
        guard !isOver, !isLost else { return }
        isLost = true
        server.counters.add(.clientsGone)
        task?.cancel()
    }

    /// Returns when nothing works for the client any more.
    package func waitUntilOver() async {
        await task?.value
    }

    // MARK: The server's end

    private func serve() async {
        do {
            guard let exchange = try await takeHead() else { return }
            defer { exchange.end() }
            try await answer(exchange)
        } catch let error as HTTP1Error {
            server.refused(error, from: self)
            append(HTTPError(.init(code: error.status), error.message).response(), keepsAlive: false)
        } catch {
            // The response is cut short, or the client is gone.
        }
        flushNow()
    }

    /// The request, once its head has arrived; `nil` when it does not.
    private func takeHead() async throws -> Exchange? {
        let exchange = Exchange(server: server)
        self.exchange = exchange
        while true {
            guard try await receiveMore() else { return nil }
            let unread = input.unread
            guard case .complete(let length) = try exchange.parser.parse(unread.span) else { continue }
            exchange.begin(head: UnsafeBufferPointer(rebasing: unread[..<length]), on: self)
            input.consume(length)
            break
        }
        server.counters.add(.requests)
        body = BodyReader(exchange.parser.body, limits: server.settings.head, bodyLimit: server.settings.bodyLimit)
        return exchange
    }

    /// Moves what the client has sent to the input; `false` when there is nothing more.
    private func receiveMore() async throws -> Bool {
        while incoming.isEmpty {
            if hasSentAll { return false }
            arrival.clear()
            try await arrival.wait()
        }
        var bytes = incoming.removeFirst()
        let space = input.room()
        let count = min(bytes.count, space.count)
        space.copyBytes(from: bytes[..<count])
        input.received(count)
        server.counters.add(.bytesReceived, UInt64(count))
        bytes.removeFirst(count)
        if !bytes.isEmpty { incoming.insert(bytes, at: 0) }
        return true
    }

    private func answer(_ exchange: Exchange) async throws {
        let start = EventLoop.Instant.readClock()
        let request = Request(exchange: exchange)
        let response: Response
        switch server.handler(for: exchange) {
        case .immediate(let handle): response = server.response(of: handle, to: request)
        case let handler: response = await self.response(of: handler, to: request)
        }
        try await conclude(response, to: request)
        server.latency.record(nanoseconds: EventLoop.Instant.readClock().nanoseconds &- start.nanoseconds)
    }

    private func response(of handler: Handler, to request: Request) async -> Response {
        guard server.beginsRequest() else {
            return server.response(to: server.tooManyRequests(), of: request.exchange)
        }
        defer { server.requestsInProgress -= 1 }
        do {
            return try await Responder(handler: handler)(request)
        } catch {
            return server.response(to: error, of: request.exchange)
        }
    }

    private func conclude(_ response: Response, to request: Request) async throws {
        if isLost { throw ConnectionEnd.lost }
        let exchange = request.exchange
        if case .upgrade(let upgrade) = response.body {
            guard request.asksForUpgrade(to: upgrade.name) else {
                return try await conclude(server.response(to: upgrade.required, of: exchange), to: request)
            }
            return try await go(over: upgrade, fields: response.fields, request)
        }
        guard (200...999).contains(response.status.code) else {
            return append(server.refuses(response.status, of: exchange), keepsAlive: exchange.parser.isKeepAlive)
        }
        guard case .stream(let length, let produce) = response.body, exchange.parser.method != .head else {
            return append(response, keepsAlive: exchange.parser.isKeepAlive)
        }
        let framing = framing(of: response.status.code, length: length, exchange)
        append(response, keepsAlive: exchange.parser.isKeepAlive && framing != .close)
        try await stream(produce, framing, exchange)
    }

    private func framing(of status: Int, length: UInt64?, _ exchange: Exchange) -> ResponseBodyWriter.Framing {
        if ResponseSerializer.forbidsBody(status) { return .forbidden }
        if let length { return .length(length) }
        guard exchange.parser.minorVersion > 0 else { return .close }
        return .chunked(sendsTrailers: exchange.acceptsTrailers)
    }

    private func stream(
        _ produce: (ResponseBodyWriter) async throws -> Void, _ framing: ResponseBodyWriter.Framing,
        _ exchange: Exchange
    ) async throws {
        let writer = ResponseBodyWriter(sink: self, framing: framing)
        self.writer = writer
        defer {
            writer.invalidate()
            self.writer = nil
        }
        do {
            try flushSoon()
            try await produce(writer)
            try await writer.finish()
        } catch {
            if !isLost { server.streamFailed(error, of: exchange) }
            throw error
        }
    }

    private func go(over upgrade: ProtocolUpgrade, fields: HTTPFields, _ request: Request) async throws {
        let (own, client) = try ByteStream.pair()
        defer { own.close() }
        upgraded = client
        append(upgrade.response(with: fields), keepsAlive: true)
        flushNow()
        let firstBytes = Array(input.unread) + incoming.joined()
        incoming = []
        input.removeAll()
        let connection = UpgradedConnection(stream: own, request: request, firstBytes: firstBytes)
        switch upgrade.way {
        case .spoken(let speak):
            firstBytes.withUnsafeBytes { own.unread($0) }
            do {
                try await speak(connection)
            } catch {
                if !isLost { server.streamFailed(error, of: request.exchange) }
            }
        case .takenOver(let take):
            let end = Event()
            let taker = take(connection, ConnectionLease { end.set() })
            do {
                try await end.wait()
            } catch {
                taker.abort()
            }
        }
    }

    private func append(_ response: Response, keepsAlive: Bool) {
        server.serializer.append(
            response, isOld: exchange?.parser.minorVersion == 0, isHead: exchange?.parser.method == .head,
            keepsAlive: keepsAlive && !server.isDraining, into: output)
        server.count(status: response.status.code)
    }
}

extension InProcessConnection: ExchangeTransport {
    var isSecure: Bool { false }
    var tls: TLSSession? { nil }

    var trailers: HTTPFields? { body.trailers }

    func nextBodyChunk() async throws -> [UInt8]? {
        guard !isReadingBody else { throw HTTPError.concurrentReading }
        isReadingBody = true
        defer { isReadingBody = false }
        while body != .finished {
            if let chunk = try takeChunk() {
                if chunk.isEmpty { continue }
                return chunk
            }
            if body.takesContinue(), exchange?.parser.expectsContinue == true, incoming.isEmpty {
                server.counters.add(.responses1xx)
                HTTP1ResponseHead.appendContinue(to: &output.bytes)
                flushNow()
            }
            try await receiveBody()
        }
        return nil
    }

    private func takeChunk() throws -> [UInt8]? {
        guard !input.isEmpty else { return nil }
        do {
            return try body.next(from: input)
        } catch {
            server.refused(error, from: self)
            throw HTTPError(.init(code: error.status), error.message)
        }
    }

    private func receiveBody() async throws {
        do {
            let isMore = try await withTimeout(server.settings.bodyTimeout) { try await self.receiveMore() }
            guard !isMore else { return }
        } catch is TimeoutError {
            body.fail()
            server.counters.add(.timeouts)
            throw HTTPError(.requestTimeout, "the request's body did not arrive in time")
        }
        body.fail()
        throw HTTPError(.badRequest, "the connection ended within the request's body")
    }

    func sendInformational(status: Int, fields: HTTPFields) async throws {
        guard let exchange, exchange.parser.minorVersion > 0, writer == nil else { return }
        if isLost { throw ConnectionEnd.lost }
        server.count(status: status)
        HTTP1ResponseHead.appendInformational(status: status, fields: fields, to: &output.bytes)
        flushNow()
    }
}

extension InProcessConnection: ResponseSink {
    func flushSoon() throws {
        if isLost { throw ConnectionEnd.lost }
        guard !flushIsDue else { return }
        flushIsDue = true
        EventLoop.main.callSoon { [self] in
            flushIsDue = false
            flushNow()
        }
    }

    /// Waits for a client that leaves too much lying.
    func flushOutput() async throws {
        flushNow()
        while outgoing.count >= Self.most, !isLost {
            room.clear()
            do {
                try await withTimeout(server.settings.writeTimeout) { try await self.room.wait() }
            } catch is TimeoutError {
                server.counters.add(.timeouts)
                isLost = true
                throw ConnectionEnd.writeTimedOut
            }
        }
        if isLost { throw ConnectionEnd.lost }
        await EventLoop.yield()
        try Task.checkCancellation()
    }

    private func flushNow() {
        guard !output.isEmpty else { return }
        server.counters.add(.bytesSent, UInt64(output.count))
        outgoing += output.takeAll()
        departure.set()
    }
}
