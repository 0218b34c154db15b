import MartletHTTP
import MartletLoop
import MartletNet
import MartletTLS

/// Makes the connections of a client: looks names up, connects, goes through proxies, and begins TLS.
///
/// ```
///   look up ─▶ connect ─▶ [TLS to the proxy ─▶ CONNECT or SOCKS] ─▶ [TLS to the server] ─▶ a stream for HTTP
/// ```
package final class Connector {
    /// A connection that HTTP can be spoken on.
    package struct Made {
        /// The connection.
        package let stream: ByteStream
        /// What a proxy that passes requests on is to be told with each.
        package let proxyAuthorization: String?
    }

    private let proxy: HTTPProxy
    private let alwaysTunnels: Bool
    private let address: SocketAddress?
    private let options: ConnectOptions
    private let timeouts: HTTPClientTimeouts
    private let allowsAddress: (@MainActor (SocketAddress) -> Bool)?
    private let resolver: Resolver
    private let tlsSettings: TLSClientSettings
    private var tlsContext: TLSClientContext?

    /// - Parameter tunnels: whether proxies make tunnels for `http` and `ws`, too.
    package init(
        proxy: HTTPProxy, tunnels: Bool = false, address: SocketAddress?, options: ConnectOptions,
        timeouts: HTTPClientTimeouts,
        resolver: Resolver, tls: TLSClientSettings, allowsAddress: (@MainActor (SocketAddress) -> Bool)? = nil
    ) {
        self.proxy = proxy
        alwaysTunnels = tunnels
        self.address = address
        self.options = options
        self.timeouts = timeouts
        self.allowsAddress = allowsAddress
        self.resolver = Self.bounded(resolver, timeouts.resolve, allowsAddress)
        var tls = tls
        if tls.applicationProtocols.isEmpty { tls.applicationProtocols = ["http/1.1"] }
        tlsSettings = tls
    }

    deinit {}

    // MARK: Where

    /// Where a request goes.
    func destination(of request: HTTPClientRequest) throws -> Destination {
        let url = request.url
        guard url.scheme == "http" || url.scheme == "https" else {
            throw HTTPClientError(.invalidURL, url: url, "its scheme is not http or https")
        }
        guard request.method != .connect else {
            throw HTTPClientError(
                .invalidRequest, url: url, "CONNECT makes tunnels, which the settings of the proxy are there for")
        }
        return try destination(of: url, address: request.options?.values.address)
    }

    /// A connection on which the server of a URL can be spoken to.
    ///
    /// - Throws: ``HTTPClientError``; `CancellationError`.
    package func stream(to url: HTTPURL, until deadline: EventLoop.Instant = .distantFuture) async throws -> ByteStream
    {
        try await connect(to: destination(of: url, address: nil), for: url, until: deadline).stream
    }

    private func destination(of url: HTTPURL, address given: SocketAddress?) throws -> Destination {
        if let address = given ?? address { return Destination(origin: url.origin, way: .address(address)) }
        guard let location = proxy.location(for: url) else { return Destination(origin: url.origin, way: .direct) }
        let proxy = try proxyURL(location, for: url)
        if url.scheme == "http", !alwaysTunnels, proxy.scheme == "http" || proxy.scheme == "https" {
            return Destination(origin: proxy.origin, way: .forwarding(proxy))
        }
        return Destination(origin: url.origin, way: .tunnel(proxy))
    }

    private func proxyURL(_ text: String, for url: HTTPURL) throws(HTTPClientError) -> HTTPURL {
        do throws(HTTPURLError) {
            let proxy = try HTTPURL(parsing: text)
            guard HTTPProxy.schemes.contains(proxy.scheme), proxy.target == "/" else {
                throw HTTPURLError(
                    "it is not of the form http://[user:password@]host:port, with http, https, socks5 or socks5h")
            }
            return proxy
        } catch {
            throw HTTPClientError(
                .invalidURL, url: url, "the proxy \"\(HTTPURL.redacted(text))\" cannot be used: \(error.reason)")
        }
    }

    // MARK: Connecting

    /// Makes a connection.
    ///
    /// - Parameter deadline: when it has to be there, whatever the single steps are given.
    func connect(to destination: Destination, for url: HTTPURL, until deadline: EventLoop.Instant) async throws -> Made
    {
        switch destination.way {
        case .direct:
            let stream = try await dial(url.host, url.port, for: url, until: deadline)
            return Made(stream: try await secured(stream, url, until: deadline), proxyAuthorization: nil)
        case .address(let address):
            let stream = try await dial(address, for: url, until: deadline)
            return Made(stream: try await secured(stream, url, until: deadline), proxyAuthorization: nil)
        case .forwarding(let proxy):
            let stream = try await reach(proxy, for: url, until: deadline)
            return Made(stream: stream, proxyAuthorization: proxy.authorization)
        case .tunnel(let proxy):
            let stream = try await reach(proxy, for: url, until: deadline)
            let handshake = TunnelHandshake(stream, to: url, through: proxy)
            do {
                try await step(.proxy, timeouts.tls, until: deadline, url) { try await handshake.perform() }
            } catch {
                stream.close()
                throw error
            }
            let inner = url.isSecure && stream.tls != nil ? try TunnelRelay.stream(over: stream) : stream
            return Made(stream: try await secured(inner, url, until: deadline), proxyAuthorization: nil)
        }
    }

    /// Connects to a proxy.
    private func reach(_ proxy: HTTPURL, for url: HTTPURL, until deadline: EventLoop.Instant) async throws -> ByteStream
    {
        do {
            let stream = try await dial(proxy.host, proxy.port, for: url, until: deadline)
            return try await secured(stream, proxy, until: deadline)
        } catch let error as HTTPClientError where error.code != .timeout && error.code != .addressRefused {
            var failure = HTTPClientError(
                .proxy, url: url, "the proxy \(proxy.authority) cannot be reached: \(error.reason)", cause: error.cause
            ).unsent
            failure.isProxyUnreachable = true
            throw failure
        }
    }

    private func dial(
        _ host: String, _ port: UInt16, for url: HTTPURL, until deadline: EventLoop.Instant
    ) async throws -> ByteStream {
        if let allowsAddress, let address = SocketAddress(literal: host, port: port), !allowsAddress(address) {
            throw refused(host, [address], url)
        }
        let (options, resolver) = (options, resolver)
        return try await step(.connect, timeouts.connect, until: deadline, url) {
            try await MartletNet.connect(host: host, port: port, options: options, resolver: resolver)
        }
    }

    private func dial(
        _ address: SocketAddress, for url: HTTPURL, until deadline: EventLoop.Instant
    ) async throws -> ByteStream {
        if let allowsAddress, !allowsAddress(address) { throw refused(address.description, [address], url) }
        let options = options
        return try await step(.connect, timeouts.connect, until: deadline, url) {
            try await MartletNet.connect(to: address, options: options)
        }
    }

    /// Begins TLS, if the URL asks for it.
    private func secured(_ stream: ByteStream, _ url: HTTPURL, until deadline: EventLoop.Instant) async throws
        -> ByteStream
    {
        guard url.isSecure else { return stream }
        do {
            let context = try tls()
            try await step(.tls, timeouts.tls, until: deadline, url) {
                try await stream.startTLS(context, serverName: url.host)
            }
            if let name = stream.tls?.applicationProtocol, name != "http/1.1" {
                throw HTTPClientError(.tls, url: url, "the server speaks \(name) where http/1.1 was offered")
            }
            return stream
        } catch {
            stream.close()
            throw (error as? TLSError).map { translated($0, url) } ?? error
        }
    }

    private func tls() throws -> TLSClientContext {
        if let tlsContext { return tlsContext }
        let made = try TLSClientContext(tlsSettings)
        tlsContext = made
        return made
    }

    // MARK: Limits and errors

    /// Runs one step within its time, and tells what is thrown in the client's terms.
    private func step<Value: Sendable>(
        _ phase: HTTPClientError.Phase, _ limit: Duration?, until deadline: EventLoop.Instant, _ url: HTTPURL,
        _ body: @escaping @MainActor () async throws -> Value
    ) async throws -> Value {
        let own = limit.map { EventLoop.main.time() + $0 } ?? .distantFuture
        do {
            let instant = min(own, deadline)
            guard instant < .distantFuture else { return try await body() }
            return try await withDeadline(instant, for: phase.rawValue, body)
        } catch is TimeoutError {
            let phase = deadline < own ? .total : phase
            throw HTTPClientError(
                .timeout, url: url, "\(phase.rawValue) did not come in time from \(url.authority)", phase: phase
            ).unsent
        } catch {
            throw translated(error, url)
        }
    }

    private func translated(_ error: any Error, _ url: HTTPURL) -> any Error {
        switch error {
        case let error as ResolutionError:
            HTTPClientError(.resolution, url: url, "\(error)", cause: error).unsent
        case is ConnectError, is SystemError, is StreamError:
            HTTPClientError(.connection, url: url, "\(error)", cause: error).unsent
        case let error as TLSError: HTTPClientError(.tls, url: url, "\(error)", cause: error).unsent
        case let error as AddressesRefused: refused(error.host, error.addresses, url)
        case is LookupTimeout:
            HTTPClientError(
                .timeout, url: url, "\(HTTPClientError.Phase.resolve.rawValue) did not come in time", phase: .resolve
            ).unsent
        default: error
        }
    }

    private func refused(_ host: String, _ addresses: [SocketAddress], _ url: HTTPURL) -> HTTPClientError {
        let list = Set(addresses.map { $0.host }).sorted().joined(separator: ", ")
        return HTTPClientError(
            .addressRefused, url: url, "\(host) may not be connected to: its address \(list) is not allowed"
        ).unsent
    }

    private struct AddressesRefused: Error {
        let host: String
        let addresses: [SocketAddress]
    }

    private struct LookupTimeout: Error {}

    /// A resolver that asks another one, in so much time, and lets only allowed addresses through. It keeps nothing, so that
    /// each address is looked at each time.
    private static func bounded(
        _ resolver: Resolver, _ limit: Duration?, _ allowsAddress: (@MainActor (SocketAddress) -> Bool)?
    ) -> Resolver {
        if limit == nil, allowsAddress == nil { return resolver }
        var limits = Resolver.Limits()
        limits.capacity = 0
        return Resolver(
            limits: limits,
            lookUp: { query in
                let addresses: [SocketAddress]
                do {
                    addresses = try await withTimeout(limit ?? .seconds(1 << 30)) {
                        try await resolver.addresses(of: query.host, family: query.family)
                    }
                } catch is TimeoutError {
                    throw LookupTimeout()
                }
                guard let allowsAddress else { return addresses }
                let allowed = addresses.filter(allowsAddress)
                if allowed.isEmpty, !addresses.isEmpty {
                    throw AddressesRefused(host: query.host, addresses: addresses)
                }
                return allowed
            })
    }
}

extension HTTPClientError {
    /// The same error, of a request that nobody has got anything of.
    nonisolated var unsent: HTTPClientError {
        var error = self
        error.isUnsent = true
        return error
    }
}

extension SocketAddress {
    /// The address that a URL's host is, if it is none that has to be looked up.
    nonisolated init?(literal host: String, port: UInt16) {
        let text = host.utf8.contains(UInt8(ascii: ":")) ? "[\(host)]:\(port)" : "\(host):\(port)"
        guard let address = try? SocketAddress(parsing: text) else { return nil }
        self = address
    }
}
