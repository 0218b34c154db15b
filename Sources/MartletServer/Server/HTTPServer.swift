import Glibc
import HTTPTypes
import Logging
import MartletHTTP
import MartletLoop
import MartletNet
import MartletTLS

/// An HTTP/1.1 server on the loop: accepts connections, serves them from a router, drains.
///
/// ```swift
/// let server = HTTPServer(router: router)
/// try server.listen(on: ListeningSocket.bind(SocketAddress(parsing: "127.0.0.1:8080"), options: ListenOptions()))
/// ```
@MainActor  // Spelled out: with an isolated deinit, modules that optimise across this one's border lose the default.
public final class HTTPServer {
    /// What is counted.
    public let counters: Counters<HTTPCounter>
    /// From the tick in which a request's head was complete until its response was written.
    public let latency: LatencyHistogram
    /// Called when the last connection has ended after `drain`.
    public var onDrained: (() -> Void)?
    /// Called for each client that broke the protocol, with what it did. It is counted whether anybody listens or not.
    public var onRefusal: ((String) -> Void)?

    let router: Router
    /// Asked for the time by each request: behind the static property of another module lies a call.
    let loop = EventLoop.main
    let settings: HTTPServerSettings
    package let buffers: BufferPool
    let serializer: ResponseSerializer
    package let logger: Logger
    /// What the application keeps for as long as the server lives.
    public let worker: Worker
    /// Requests whose handlers have not answered yet, but for those that wait for nothing.
    public internal(set) var requestsInProgress = 0
    private var exchanges: Pool<Exchange>
    private var listeners: [Int32: Listener] = [:]
    private var connections: [HTTPConnection] = []
    let tasks = ConnectionTasks()
    private var isAccepting = true
    private var nextLimitWarning = EventLoop.Instant(nanoseconds: 0)
    /// Of nothing, nobody could ever make room.
    private var connectionLimit: Int { max(1, settings.connectionLimit) }
    /// Connections beyond the limit that may be open to be told so.
    private var refusedConnections: Int { min(1024, max(16, connectionLimit / 16)) }
    /// Whether `drain` was called.
    public private(set) var isDraining = false
    private(set) var closesIdleConnections = false

    // The times of the settings, converted once: arithmetic on `Duration` is done in 128 bits.
    let headTimeout: EventLoop.Interval
    let bodyTimeout: EventLoop.Interval
    let idleTimeout: EventLoop.Interval
    let writeTimeout: EventLoop.Interval

    private static let pooledObjects = 128
    private static let smallestInput = 64 * 1024

    /// A server that has no listeners yet.
    ///
    /// - Parameters:
    ///   - router: the routes.
    ///   - settings: limits and times.
    ///   - counters: where to count; memory of its own unless given.
    ///   - latency: where to record how long requests take; memory of its own unless given.
    ///   - worker: what the application keeps; an empty one unless given.
    ///   - logger: where to log.
    public init(
        router: Router, settings: HTTPServerSettings = HTTPServerSettings(),
        counters: Counters<HTTPCounter> = .allocate(), latency: LatencyHistogram = .allocate(),
        worker: Worker = Worker(), logger: Logger = Logger(label: "http")
    ) {
        router.compile()
        self.router = router
        self.worker = worker
        self.settings = settings
        self.counters = counters
        worker.counters = counters
        self.latency = latency
        self.logger = logger
        headTimeout = EventLoop.Interval(settings.headTimeout)
        bodyTimeout = EventLoop.Interval(settings.bodyTimeout)
        idleTimeout = EventLoop.Interval(settings.idleTimeout)
        writeTimeout = EventLoop.Interval(settings.writeTimeout)
        serializer = ResponseSerializer(serverName: settings.serverName)
        worker.provide(counters)
        let limits = settings.head
        // A head must fit as a whole, with an empty line before it.
        buffers = BufferPool(
            inputCapacity: max(Self.smallestInput, limits.requestLine + limits.fieldSection + 4096))
        exchanges = Pool(capacity: Self.pooledObjects)
    }

    isolated deinit {
        serializer.deallocate()
    }

    // MARK: Connections

    /// Open connections.
    public var connectionCount: Int { connections.count }

    /// Accepts connections from a listening socket, whose descriptor the server owns from here on.
    ///
    /// - Parameters:
    ///   - socket: the socket.
    ///   - proxyProtocol: whether each connection begins with a header of the PROXY protocol, which tells the client's
    ///     address; one that does not is closed.
    ///   - tls: how each connection speaks TLS, after such a header; `nil`: not at all.
    /// - Throws: when the loop cannot watch it; then it is still the caller's.
    public func listen(
        on socket: ListeningSocket, proxyProtocol: Bool = false, tls: TLSServerContext? = nil
    ) throws(SystemError) {
        guard !isDraining else { return socket.close() }
        let listener = try Listener(
            descriptor: socket.descriptor,
            // A server that listens stays, whether anybody else holds it or not.
            onAccept: { self.accept($0, proxyProtocol: proxyProtocol, tls: tls) },
            onExhaustion: { error in
                self.counters.add(.acceptPauses)
                self.logger.warning("accepting rests", metadata: ["error": "\(error)"])
            })
        listeners[socket.descriptor] = listener
        if !isAccepting { listener.pause() }
    }

    /// Accepts no more from a socket, and closes this process's copy of it.
    public func stopListening(on descriptor: Int32) {
        listeners.removeValue(forKey: descriptor)?.close()
    }

    /// Serves a connection that was accepted elsewhere, and of which some bytes may have been read already.
    /// The descriptor must be non-blocking; the server owns it from here on.
    public func take(
        connection descriptor: Int32, initialBytes: [UInt8] = [], proxyProtocol: Bool = false,
        tls: TLSServerContext? = nil
    ) {
        do throws(SystemError) {
            let stream = try ByteStream(descriptor: descriptor)
            let isTLSFirst = tls != nil && !proxyProtocol
            let connection = HTTPConnection(
                stream: stream, server: self, initialBytes: isTLSFirst ? [] : initialBytes)
            connection.awaitsProxyHeader = proxyProtocol
            connection.tlsToCome = tls
            counters.add(.connectionsAccepted)
            counters.add(.connectionsActive)
            connection.index = connections.count
            connections.append(connection)
            if connections.count > connectionLimit {
                counters.add(.connectionsRefused)
                if tls == nil { connection.refuseConnection() } else { connection.refuseTLS() }
            } else {
                if isTLSFirst { connection.beginTLS(received: initialBytes) }
                connection.begin()
            }
        } catch {
            logger.error("a connection is dropped", metadata: ["error": "\(error)"])
            close(descriptor)
        }
    }

    private func accept(_ descriptor: Int32, proxyProtocol: Bool, tls: TLSServerContext?) {
        take(connection: descriptor, proxyProtocol: proxyProtocol, tls: tls)
        guard connections.count >= connectionLimit + refusedConnections, isAccepting else { return }
        isAccepting = false
        for listener in listeners.values { listener.pause() }
        counters.add(.connectionLimitPauses)
        // Under a load that stays at the limit this happens all the time.
        guard EventLoop.main.now >= nextLimitWarning else { return }
        nextLimitWarning = EventLoop.main.now + EventLoop.Interval(.seconds(10))
        logger.warning("many connections beyond the limit: new ones wait", metadata: ["limit": "\(connectionLimit)"])
    }

    func remove(_ connection: HTTPConnection) {
        let last = connections.removeLast()
        if last !== connection {
            connections[connection.index] = last
            last.index = connection.index
        }
        counters.add(.connectionsClosed)
        counters.subtract(.connectionsActive)
        if !isAccepting, connections.count <= connectionLimit + refusedConnections / 2 {
            isAccepting = true
            for listener in listeners.values { listener.resume() }
        }
        if isDraining { endDraining() }
    }

    // MARK: Draining

    /// Stops accepting and lets every connection end after its next response, which says `Connection: close`.
    ///
    /// A connection that waits for a request is not closed at once: a request may be on its way to it already. That is
    /// done after `drainIdleTimeout`. `onDrained` is called when the last one has ended, which may be now.
    public func drain() {
        guard !isDraining else { return }
        isDraining = true
        worker.beginDraining()
        for listener in listeners.values { listener.close() }
        listeners = [:]
        for connection in connections { connection.taken?.drain() }
        EventLoop.main.callLater(settings.drainIdleTimeout) { self.closeIdleConnections() }
        EventLoop.main.callSoon { self.endDraining() }
    }

    private func endDraining() {
        guard connections.isEmpty, let onDrained else { return }
        self.onDrained = nil
        onDrained()
    }

    func closeIdleConnections() {
        closesIdleConnections = true
        for connection in connections { connection.closeIfIdle() }
    }

    /// Cuts every connection, whatever it is doing. Their tasks end in the next ticks.
    public func abort() {
        for listener in listeners.values { listener.close() }
        listeners = [:]
        for connection in connections { connection.abort() }
    }

    // MARK: Exchanges

    /// An exchange that nobody else refers to, which may still have the request that it had before.
    func takeExchange() -> Exchange {
        // A handler may have kept the request: then it keeps the exchange, too.
        guard var exchange = exchanges.take(), isKnownUniquelyReferenced(&exchange) else {
            return Exchange(server: self)
        }
        return exchange
    }

    func giveBack(_ exchange: consuming Exchange) {
        if exchange.isReusable { _ = exchanges.giveBack(exchange) }
    }

    /// What answers a request: its route, or the refusal of one that has none or too large a body.
    func handler(for exchange: Exchange) -> Handler {
        if case .length(let length) = exchange.parser.body, length > settings.bodyLimit { return Self.bodyTooLarge }
        return router.handler(for: exchange)
    }

    private static let bodyTooLarge = Handler.immediate { request in throw request.exchange.bodyTooLarge() }

    /// What a handler that waits for nothing answers, or what its error is answered with.
    func response(of handler: (Request) throws -> Response, to request: Request) -> Response {
        do {
            return try handler(request)
        } catch {
            return response(to: error, of: request.exchange)
        }
    }

    /// One more request is being handled, unless there are too many.
    func beginsRequest() -> Bool {
        guard requestsInProgress < settings.requestLimit else { return false }
        requestsInProgress += 1
        return true
    }

    func tooManyRequests() -> HTTPError {
        counters.add(.requestsRefused)
        return HTTPError(
            .serviceUnavailable, "there are too many requests; try again", fields: [.retryAfter: "1"])
    }

    /// What a handler's error is answered with: what it says itself if it is an ``HTTPError``, else nothing but 500. In
    /// the form that the client prefers.
    func response(to error: any Error, of exchange: Exchange) -> Response {
        let problem = Problem(publicError(for: error, of: exchange))
        let prefersPage = exchange.hasField(.accept) && Accept(exchange.fieldValue(.accept)).prefersHTML
        return prefersPage ? problem.page : problem.document
    }

    /// What the client may know of an error.
    private func publicError(for error: any Error, of exchange: Exchange) -> HTTPError {
        if let error = error as? HTTPError { return error }
        if let error = error as? HTTP1Error {
            // Too many parts or parameters of a form.
            if error.status == 413 { counters.add(.bodiesTooLarge) }
            return HTTPError(.init(code: error.status), error.message)
        }
        // The client is gone, and nobody will read this.
        if error is ConnectionEnd { return HTTPError(.badRequest) }
        // Whoever cancelled the handler has a reason that is not the handler's.
        if error is CancellationError {
            return HTTPError(.serviceUnavailable, "the request was given up", fields: [.retryAfter: "1"])
        }
        counters.add(.handlerErrors)
        let request = Request(exchange: exchange)
        logger.error(
            "a handler failed",
            metadata: [
                "method": "\(request.method)", "target": "\(request.target)",
                "error": "\(error)", "type": "\(type(of: error))",
            ])
        return HTTPError(.internalServerError)
    }

    /// What is answered in place of a status that is not one to end an exchange with: an informational one, or
    /// nonsense.
    func refuses(_ status: HTTPResponse.Status, of exchange: Exchange) -> Response {
        counters.add(.handlerErrors)
        logger.error(
            "a handler answered with a status that cannot be sent",
            metadata: ["target": "\(Request(exchange: exchange).target)", "status": "\(status.code)"])
        return HTTPError(.internalServerError).response()
    }

    func streamFailed(_ error: any Error, of exchange: Exchange) {
        counters.add(.handlerErrors)
        logger.error(
            "a streamed response was cut",
            metadata: [
                "target": "\(Request(exchange: exchange).target)", "error": "\(error)", "type": "\(type(of: error))",
            ])
    }

    func refusedProxyHeader(_ error: ProxyHeaderError, from connection: HTTPConnection) {
        counters.add(.protocolErrors)
        let peer = connection.peerAddress.map { "\($0)" } ?? "a client that is gone"
        logger.debug(
            "a connection without proxy header was closed", metadata: ["peer": "\(peer)", "error": "\(error)"])
        onRefusal?("\(peer): \(error)")
    }

    func refused(_ error: HTTP1Error, from connection: some ExchangeTransport) {
        counters.add(.protocolErrors)
        switch error.status {
        case 413: counters.add(.bodiesTooLarge)
        case 414: counters.add(.targetsTooLong)
        case 431: counters.add(.headsTooLarge)
        default: break
        }
        guard onRefusal != nil || logger.logLevel <= .debug else { return }
        let peer = connection.peerAddress.map { "\($0)" } ?? "a client that is gone"
        logger.debug("a malformed request was refused", metadata: ["peer": "\(peer)", "error": "\(error)"])
        onRefusal?("\(peer): \(error)")
    }

    func count(status: Int) {
        switch status {
        case 200..<300: counters.add(.responses2xx)
        case 300..<400: counters.add(.responses3xx)
        case 400..<500: counters.add(.responses4xx)
        case 500...: counters.add(.responses5xx)
        default: counters.add(.responses1xx)
        }
    }
}
