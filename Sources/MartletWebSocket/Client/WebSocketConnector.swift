import HTTPTypes
import MartletClient
import MartletHTTP
import MartletLoop
import MartletNet
import MartletServer
import MartletWebSocketCodec

/// Opens WebSockets to one URL, over its proxy and its redirects.
///
/// ```
///   connect ─▶ [CONNECT to the proxy] ─▶ request ─▶ 101 ─▶ WebSocket
///      ▲                                    └─▶ 30x ─┐
///      └─────────────────────────────────────────────┘
/// ```
final class WebSocketConnector {
    private let url: HTTPURL
    private let fields: HTTPFields
    private let subprotocols: [String]
    private let options: WebSocketClientOptions
    private let context: WebSocketContext
    private let connector: Connector
    /// To other origins, which the address of the options is not one of.
    private let redirectConnector: Connector

    /// - Throws: ``WebSocketClientError`` for a URL, a field or a subprotocol that cannot be.
    init(
        _ text: String, subprotocols: [String]?, headers: HTTPFields, options: WebSocketClientOptions,
        settings: WebSocketSettings
    ) throws(WebSocketClientError) {
        let url = try Self.url(text)
        self.url = url
        self.subprotocols = subprotocols ?? settings.subprotocols
        self.options = options
        var fields = headers
        if fields[.authorization] == nil { fields[.authorization] = url.authorization }
        self.fields = fields
        if let defect = ClientHandshake.defect(fields: headers, subprotocols: self.subprotocols) {
            throw WebSocketClientError(.invalidRequest, url: "\(url)", defect)
        }
        connector = Self.connector(options, address: options.address)
        redirectConnector = Self.connector(options, address: nil)
        context = WebSocketContext(
            role: .client, settings: settings, counters: WebSocketClient.counters, buffers: WebSocketClient.buffers,
            logger: options.logger, deflate: WebSocketClient.deflateContexts(for: settings.compression))
    }

    deinit {}

    /// Everything has the time of the options together.
    private static func connector(_ options: WebSocketClientOptions, address: SocketAddress?) -> Connector {
        var timeouts = HTTPClientTimeouts()
        (timeouts.resolve, timeouts.connect, timeouts.tls) = (nil, nil, nil)
        return Connector(
            proxy: options.proxy, tunnels: true, address: address, options: options.connect, timeouts: timeouts,
            resolver: options.resolver, tls: options.tls)
    }

    private static func url(_ text: String) throws(WebSocketClientError) -> HTTPURL {
        do throws(HTTPURLError) {
            let url = try HTTPURL(parsing: text)
            try checkScheme(of: url)
            return url
        } catch {
            throw WebSocketClientError(.invalidURL, url: HTTPURL.redacted(text), error.reason)
        }
    }

    private static func checkScheme(of url: HTTPURL) throws(HTTPURLError) {
        guard url.scheme == "ws" || url.scheme == "wss" else { throw HTTPURLError("its scheme is not ws or wss") }
    }

    /// The URL without user and password, for messages.
    var name: String { "\(url)" }

    /// Opens one, within the time that the options give it.
    func connect() async throws -> WebSocket {
        try await withTimeout(options.timeout, for: "opening \(url)") { try await self.open() }
    }

    private func open() async throws -> WebSocket {
        var url = url
        var fields = fields
        for _ in 0...max(0, options.redirectLimit) {
            switch try await ask(url, fields) {
            case .opened(let socket): return socket
            case .redirected(let next):
                if !next.hasSameOrigin(as: url) {
                    for name in [HTTPField.Name.authorization, .cookie, .proxyAuthorization] { fields[name] = nil }
                }
                if let authorization = next.authorization { fields[.authorization] = authorization }
                url = next
            }
        }
        throw WebSocketClientError(
            .redirected, url: "\(url)", "there are more redirects than the limit of \(max(0, options.redirectLimit))")
    }

    private enum Answer {
        case opened(WebSocket)
        case redirected(HTTPURL)
    }

    /// One request for a WebSocket.
    private func ask(_ url: HTTPURL, _ fields: HTTPFields) async throws -> Answer {
        let connection = try await connection(to: url)
        do {
            let handshake = ClientHandshake(
                url, fields: fields, subprotocols: subprotocols, compression: context.settings.compression)
            try await connection.stream.write(handshake.request)
            let response = try await connection.readResponse(to: .get)
            switch response.status {
            case 101:
                let agreed = try handshake.confirm(response)
                let socket = WebSocket(
                    stream: connection.stream, context: context, compression: agreed.compression,
                    subprotocol: agreed.subprotocol)
                socket.begin(with: connection.unread)
                return .opened(socket)
            case 301, 302, 303, 307, 308:
                let next = try Self.target(of: response, from: url)
                connection.stream.close()
                return .redirected(next)
            default:
                let body = await connection.readExcerpt(response.body)
                try Task.checkCancellation()
                throw Self.refusal(response, body, url)
            }
        } catch {
            connection.stream.close()
            guard let error = error as? HandshakeError else { throw error }
            throw WebSocketClientError(
                WebSocketClientError.Code(error.code), url: "\(url)", "the server \(error.reason)")
        }
    }

    private static func refusal(_ response: HandshakeResponse, _ body: String, _ url: HTTPURL) -> WebSocketClientError {
        let reason =
            response.status == 401
            ? "the server wants other credentials than it got, and answers with \(response.statusText)"
            : "the server answers with \(response.statusText)"
        return WebSocketClientError(
            response.status == 401 ? .unauthorized : .refused, url: "\(url)", reason, status: response.status,
            body: body, retryAfter: response.retryAfter)
    }

    private static func target(
        of response: HandshakeResponse, from url: HTTPURL
    ) throws(WebSocketClientError) -> HTTPURL {
        func failure(_ reason: String) -> WebSocketClientError {
            WebSocketClientError(.redirected, url: "\(url)", reason, status: response.status)
        }
        guard let location = response.fields[.location] else {
            throw failure("the server answers with \(response.statusText) and does not say where to")
        }
        do throws(HTTPURLError) {
            let target = try url.resolving(location)
            try checkScheme(of: target)
            guard target.isSecure || !url.isSecure else {
                throw HTTPURLError("it leads from wss to ws, where everybody could read along")
            }
            return target
        } catch {
            let place = HandshakeResponse.harmless(HTTPURL.redacted(location))
            throw failure("the server redirects to \"\(place)\", which cannot be followed: \(error.reason)")
        }
    }
}

extension WebSocketConnector {
    /// A connection on which the server of `url` listens to HTTP.
    private func connection(to url: HTTPURL) async throws -> HandshakeConnection {
        let connector = url.hasSameOrigin(as: self.url) ? connector : redirectConnector
        do {
            return HandshakeConnection(try await connector.stream(to: url))
        } catch let error as HTTPClientError {
            throw WebSocketClientError.translated(error, url)
        }
    }
}

extension WebSocketClientError {
    /// What keeps a connection from being made, in this client's terms; errors of MartletNet and of TLS come out as they are.
    fileprivate nonisolated static func translated(_ error: HTTPClientError, _ url: HTTPURL) -> any Error {
        let code: Code
        switch error.code {
        case .resolution, .connection, .tls:
            if let cause = error.cause { return cause }
            code = .refused
        case .invalidURL: code = .invalidURL
        case .proxyUnauthorized: code = .proxyUnauthorized
        case .proxy: code = error.isProxyUnreachable ? .proxyUnreachable : .proxyRefused
        default: code = Code(error.code)
        }
        return WebSocketClientError(
            code, url: "\(url)", error.reason, status: error.status, body: error.excerpt, retryAfter: error.retryAfter)
    }
}
