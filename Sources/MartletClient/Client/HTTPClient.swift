import HTTPTypes
import MartletHTTP
import MartletLoop
import MartletNet
import MartletServer

/// Speaks HTTP/1.1 as a client.
///
/// ```swift
/// let client = HTTPClient()
/// let page = try await client.get("https://example.org/").text()
///
/// let response = try await client.post("https://api.example.org/users", body: .json(user))
/// for try await piece in response.body { print(piece.count) }
/// await client.shutdown()
/// ```
///
/// Connections are kept and used again, per origin and in the limits of ``HTTPClientLimits``; use one client for all
/// requests. A request is sent a second time, without having been asked for, in one case only: it went out on a connection
/// that had been idle, no byte of a response came, and it is idempotent or provably not sent.
///
/// A task that is cancelled ends its request at once: its connection is closed, and others are not touched.
public final class HTTPClient {
    /// How it behaves.
    public let settings: HTTPClientSettings

    private let transport: any HTTPClientTransport
    private let digest = DigestSessions()

    /// A client with connections of its own.
    public convenience init(_ settings: HTTPClientSettings = HTTPClientSettings()) {
        let connector = Connector(
            proxy: settings.proxy, address: settings.address, options: settings.connect, timeouts: settings.timeouts,
            resolver: settings.resolver, tls: settings.tls, allowsAddress: settings.allowsAddress)
        self.init(settings, transport: ConnectionPool(settings, connector: connector))
    }

    /// A client that gets its responses from `transport`, for tests.
    public init(_ settings: HTTPClientSettings = HTTPClientSettings(), transport: any HTTPClientTransport) {
        self.settings = settings
        self.transport = transport
    }

    deinit {}

    /// Sends a request and returns its response, whose body is still to be read.
    ///
    /// - Throws: ``HTTPClientError``; what an interceptor or the request's body throws; `CancellationError`. Nothing is left
    ///   open then.
    public func execute(_ request: HTTPClientRequest) async throws -> HTTPClientResponse {
        var request = request
        if let limit = request.timeout ?? settings.timeouts.total {
            request.change { $0.deadline = EventLoop.main.time() + limit }
        }
        guard settings.interceptors.isEmpty else { return try await HTTPClientNext(self, position: 0)(request) }
        return try await follow(request)
    }

    /// Closes idle connections, and waits for the requests that are under way; new ones fail. When the task is cancelled it
    /// does not wait any more.
    public func shutdown() async {
        await transport.shutdown()
    }

    /// What it has done so far; zeros with another transport than its own.
    public var statistics: HTTPClientStatistics {
        guard let pool = transport as? ConnectionPool else { return HTTPClientStatistics() }
        var statistics = pool.statistics
        (statistics.openConnections, statistics.idleConnections) = pool.connectionCounts
        return statistics
    }

    // MARK: What lies between a request and its exchanges

    /// Sends a request with all that the settings add to it: retries, then redirects, then authentication and cookies.
    func follow(_ request: HTTPClientRequest) async throws -> HTTPClientResponse {
        let retries = request.retries ?? settings.retries
        guard retries.attempts > 1 else { return try await followRedirects(request) }
        return try await retrying(request, retries)
    }

    private func followRedirects(_ request: HTTPClientRequest) async throws -> HTTPClientResponse {
        let response = try await authenticated(request)
        switch response.code {
        case 301, 302, 303, 307, 308:
            let redirects = request.redirects ?? settings.redirects
            return redirects.limit > 0 ? try await redirected(request, response, redirects) : response
        default: return response
        }
    }

    private func redirected(
        _ request: HTTPClientRequest, _ response: HTTPClientResponse, _ redirects: HTTPRedirects
    ) async throws -> HTTPClientResponse {
        var trail = RedirectTrail(request, redirects, keepsCookies: settings.cookies != nil)
        var response = response
        while let next = try trail.next(after: response) {
            response.body.source.abandon()
            response = try await behindAnother { try await authenticated(next) }
            response.redirectCount = trail.count
        }
        return response
    }

    /// One request, which says who the client is when it is asked.
    private func authenticated(_ request: HTTPClientRequest) async throws -> HTTPClientResponse {
        let credentials = request.credentials ?? settings.credentials
        if credentials == nil, request.url.authorization == nil { return try await sent(request) }
        guard request.fields[.authorization] == nil,
            !request.values.withholdsCredentials || request.url.authorization != nil
        else { return try await sent(request) }
        var request = request
        if let authorization = request.url.authorization {
            request[.authorization] = authorization
            return try await sent(request)
        }
        switch credentials?.kind {
        case nil: return try await sent(request)
        case .authorization(let authorization):
            request[.authorization] = authorization
            return try await sent(request)
        case .digest(let user, let password):
            return try await digestAuthenticated(request, user: user, password: password)
        }
    }

    private func digestAuthenticated(
        _ request: HTTPClientRequest, user: String, password: String
    ) async throws -> HTTPClientResponse {
        var attempt = request
        attempt[.authorization] = digest.authorization(for: request, user: user, password: password)
        let response = try await sent(attempt)
        guard response.code == 401, digest.learn(from: response, for: request, wasSent: attempt[.authorization] != nil),
            let authorization = digest.authorization(for: request, user: user, password: password)
        else { return response }
        guard request.body.isRepeatable else {
            throw HTTPClientError(
                .bodyNotRepeatable, url: request.url,
                "the server asks for digest authentication, and the body cannot be sent a second time", status: 401)
        }
        response.body.source.abandon()
        attempt[.authorization] = authorization
        let answer = attempt
        return try await behindAnother { try await sent(answer) }
    }

    /// A request that follows from the response to another one, which the server has acted on: whatever has become of this
    /// one, the whole is not unsent.
    private func behindAnother(
        _ request: () async throws -> HTTPClientResponse
    ) async throws -> HTTPClientResponse {
        do {
            return try await request()
        } catch var error as HTTPClientError {
            error.isUnsent = false
            throw error
        }
    }

    /// One request with the cookies that belong to it, and its response with its body as it was meant.
    private func sent(_ request: HTTPClientRequest) async throws -> HTTPClientResponse {
        let response: HTTPClientResponse
        if let cookies = settings.cookies {
            response = try await exchanged(request, cookies)
        } else {
            response = try await transport.exchange(request)
        }
        guard request.options?.values.decompresses ?? settings.decompresses, response.head.mayBeEncoded else {
            return response
        }
        return decoding(response)
    }

    private func exchanged(_ request: HTTPClientRequest, _ cookies: CookieJar) async throws -> HTTPClientResponse {
        var request = request
        if request.fields[.cookie] == nil { request.fields[.cookie] = cookies.value(for: request.url) }
        let response = try await transport.exchange(request)
        for value in response.fields[values: .setCookie] { cookies.set(value, from: request.url) }
        return response
    }

    private func decoding(_ response: HTTPClientResponse) -> HTTPClientResponse {
        guard let field = response[.contentEncoding], let codings = ContentDecoder.codings(in: field), !codings.isEmpty
        else { return response }
        var response = response
        let limits = ContentDecodingLimits(body: settings.limits.body, expansion: settings.limits.expansion)
        response.body.source.decode(with: ContentDecoder(codings, limits: limits))
        response.isDecoded = true
        return response
    }

    private func retrying(_ request: HTTPClientRequest, _ retries: HTTPRetries) async throws -> HTTPClientResponse {
        var waits = retries.backoff.waits()
        var attempt = 1
        while true {
            do {
                let response = try await followRedirects(request)
                guard attempt < retries.attempts, retries.statuses.contains(response.code),
                    retries.mayRepeat(request), response.retryAfter ?? .zero <= retries.longestWait
                else { return response }
                let wait = max(response.retryAfter ?? .zero, waits.next() ?? .zero)
                guard EventLoop.main.time() + wait < request.values.deadline ?? .distantFuture else { return response }
                response.body.source.abandon()
                try await Task.sleep(for: wait)
            } catch let error as HTTPClientError {
                guard attempt < retries.attempts, error.isWorthRetrying,
                    error.isUnsent ? request.body.isRepeatable : retries.mayRepeat(request)
                else { throw error }
                let wait = waits.next() ?? .zero
                guard EventLoop.main.time() + wait < request.values.deadline ?? .distantFuture else { throw error }
                try await Task.sleep(for: wait)
            }
            attempt += 1
        }
    }
}

nonisolated extension HTTPRetries {
    /// Whether a request may be sent again that the server may have got.
    fileprivate func mayRepeat(_ request: HTTPClientRequest) -> Bool {
        methods.contains(request.method) && request.body.isRepeatable
    }
}

nonisolated extension HTTPClientError {
    /// Whether the same request may fare better the next time.
    fileprivate var isWorthRetrying: Bool {
        switch code {
        case .resolution, .connection, .connectionLost, .endedEarly, .proxy: true
        case .timeout: phase != .total
        default: false
        }
    }
}
