import HTTPTypes
import MartletHTTP
import MartletLoop
import MartletNet

/// The connections of a client: see ``HTTPClientLimits`` for what bounds them.
final class ConnectionPool: HTTPClientTransport {
    let settings: HTTPClientSettings
    let idle: EventLoop.Interval
    let rules: ExchangeRules
    let connector: Connector
    var output = ByteBuffer()
    var head: RequestHead
    private(set) var isShutDown = false
    private(set) var statistics = HTTPClientStatistics()

    private var origins: [Destination: OriginPool] = [:]
    private var open = 0
    private var ticket: UInt64 = 0
    /// Of the last request: the same URL mostly comes again.
    private var last: (url: HTTPURL, origin: OriginPool)?
    private let emptied = WakeQueue()

    init(_ settings: HTTPClientSettings, connector: Connector) {
        self.settings = settings
        self.connector = connector
        idle = EventLoop.Interval(settings.limits.idle)
        rules = ExchangeRules(settings.timeouts, settings.limits)
        head = RequestHead(settings.fields, userAgent: settings.userAgent, decompresses: settings.decompresses)
    }

    deinit {}

    // MARK: Exchanges

    func exchange(_ request: HTTPClientRequest) async throws -> HTTPClientResponse {
        guard !isShutDown else { throw HTTPClientError(.shutDown, url: request.url, "the client is shut down") }
        try Task.checkCancellation()
        statistics.requests += 1
        let origin = try origin(for: request)
        let exchange = Exchange(
            url: request.url, method: HTTPMethod(request.method),
            deadline: request.options?.values.deadline ?? .distantFuture)
        let isIdempotent = request.method.isIdempotent
        guard let idle = origin.takeIdle(asksKernel: !isIdempotent) else {
            return try await exchange.on(connection(to: origin, request, exchange, isFresh: false), request)
        }
        do {
            return try await idle.perform(request, exchange)
        } catch let failure as ExchangeFailure {
            // The server may have closed the connection while it was idle, at this very moment.
            let maySendAgain = failure.isUnsent || (failure.isStale && isIdempotent)
            guard maySendAgain, request.body.isRepeatable else { throw failure.error }
        }
        statistics.resent += 1
        return try await exchange.on(connection(to: origin, request, exchange, isFresh: true), request)
    }

    /// A connection for one exchange: an idle one, a new one, or the next that is free.
    ///
    /// - Parameter isFresh: whether it has to be new.
    private func connection(
        to origin: OriginPool, _ request: HTTPClientRequest, _ exchange: Exchange, isFresh: Bool
    ) async throws -> ClientConnection {
        let isIdempotent = request.method.isIdempotent
        // What else is idle has most likely been closed, too.
        if isFresh { _ = origin.closeOneIdle() }
        while true {
            // It may have been forgotten while this request waited.
            let origin = kept(origin)
            if !isFresh, let connection = origin.takeIdle(asksKernel: !isIdempotent) { return connection }
            if origin.takePlace() || (makeRoom(besides: origin) && origin.takePlace()) {
                return try await connect(origin, request, exchange)
            }
            let poolDeadline = settings.timeouts.pool.map { EventLoop.main.time() + $0 } ?? .distantFuture
            defer { if origin.isUnused { forget(origin) } }
            switch try await origin.wait(request, until: min(poolDeadline, exchange.deadline)) {
            case .connection(let connection):
                if Task.isCancelled {
                    connection.handBack()
                    throw CancellationError()
                }
                guard connection.isUsable else {
                    connection.close()
                    continue
                }
                return connection
            case .place:
                if Task.isCancelled {
                    origin.placeIsFree()
                    throw CancellationError()
                }
                return try await connect(origin, request, exchange)
            case .shutDown: throw HTTPClientError(.shutDown, url: request.url, "the client is shut down")
            }
        }
    }

    /// Makes a connection, for which a place has been taken.
    private func connect(
        _ origin: OriginPool, _ request: HTTPClientRequest, _ exchange: Exchange
    ) async throws -> ClientConnection {
        do {
            let made = try await connector.connect(to: origin.destination, for: request.url, until: exchange.deadline)
            guard !isShutDown else {
                made.stream.close()
                throw HTTPClientError(.shutDown, url: request.url, "the client is shut down")
            }
            statistics.connections += 1
            return ClientConnection(
                made.stream, pool: origin, rules: rules, isForwarding: origin.destination.isForwarding,
                proxyAuthorization: made.proxyAuthorization, exchange: exchange)
        } catch {
            origin.placeIsFree()
            throw error
        }
    }

    // MARK: Places

    private func origin(for request: HTTPClientRequest) throws -> OriginPool {
        if let last, last.url.isIdentical(to: request.url), request.options?.values.address == nil {
            return last.origin
        }
        let destination = try connector.destination(of: request)
        let origin = origins[destination] ?? OriginPool(destination, pool: self)
        origins[destination] = origin
        if request.options?.values.address == nil { last = (request.url, origin) }
        return origin
    }

    private func kept(_ origin: OriginPool) -> OriginPool {
        if let known = origins[origin.destination] { return known }
        origins[origin.destination] = origin
        return origin
    }

    func forget(_ origin: OriginPool) {
        if origins[origin.destination] === origin { origins[origin.destination] = nil }
        if last?.origin === origin { last = nil }
    }

    func nextTicket() -> UInt64 {
        ticket += 1
        return ticket
    }

    func takePlace() -> Bool {
        guard open < max(1, settings.limits.connections) else { return false }
        open += 1
        return true
    }

    /// Closes the connection that has been idle for longest.
    private func makeRoom(besides origin: OriginPool) -> Bool {
        guard open >= max(1, settings.limits.connections) else { return false }
        let oldest = origins.values.filter { $0 !== origin && !$0.idle.isEmpty }
            .min { $0.idle[0].idleSince < $1.idle[0].idleSince }
        return oldest?.closeOneIdle() ?? false
    }

    /// Whether a request waits for a place that the limit of all connections keeps from it.
    var othersWait: Bool {
        open >= max(1, settings.limits.connections) && origins.values.contains { $0.longestWaiting != nil }
    }

    /// Hands the place to who has waited longest.
    func placeIsFree() {
        open -= 1
        if open == 0 { emptied.wakeAll() }
        let waiting = origins.values.filter { $0.longestWaiting != nil }
            .sorted { $0.longestWaiting ?? 0 < $1.longestWaiting ?? 0 }
        for origin in waiting where origin.grantPlace() { return }
    }

    // MARK: Ending

    func shutdown() async {
        isShutDown = true
        for origin in origins.values { origin.shutdown() }
        while open > 0 {
            // Who is cancelled does not wait for the exchanges that are under way.
            do { try await emptied.wait() } catch { return }
        }
    }

    /// How many connections there are, and how many of them are idle.
    var connectionCounts: (open: Int, idle: Int) { (open, origins.values.reduce(0) { $0 + $1.idle.count }) }
}

extension Exchange {
    /// The exchange on a connection that nobody has used since it was chosen.
    @MainActor
    fileprivate func on(_ connection: ClientConnection, _ request: HTTPClientRequest) async throws -> HTTPClientResponse
    {
        do {
            return try await connection.perform(request, self)
        } catch let failure as ExchangeFailure {
            throw failure.error
        }
    }
}

nonisolated extension HTTPRequest.Method {
    /// Whether sending it twice is as good as sending it once, RFC 9110 §9.2.2.
    var isIdempotent: Bool {
        switch self {
        case .get, .head, .put, .delete, .options, .trace: true
        default: false
        }
    }
}
