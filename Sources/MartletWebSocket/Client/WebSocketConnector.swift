import HTTPTypes
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
    private let url: ClientURL
    private let fields: HTTPFields
    private let subprotocols: [String]
    private let options: WebSocketClientOptions
    private let context: WebSocketContext

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
        context = WebSocketContext(
            role: .client, settings: settings, counters: WebSocketClient.counters, buffers: WebSocketClient.buffers,
            logger: options.logger, deflate: WebSocketClient.deflateContexts(for: settings.compression))
    }

    deinit {}

    private static func url(_ text: String) throws(WebSocketClientError) -> ClientURL {
        do throws(ClientURLError) {
            let url = try ClientURL(parsing: text)
            try checkScheme(of: url)
            return url
        } catch {
            throw WebSocketClientError(error.code, url: ClientURL.redacted(text), error.reason)
        }
    }

    private static func checkScheme(of url: ClientURL) throws(ClientURLError) {
        switch url.scheme {
        case "ws": break
        case "wss": throw .withoutTLS("wss://", "ws://")
        default: throw ClientURLError("its scheme is not ws")
        }
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
        case redirected(ClientURL)
    }

    /// One request for a WebSocket.
    private func ask(_ url: ClientURL, _ fields: HTTPFields) async throws -> Answer {
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
            guard let error = error as? ClientResponseError else { throw error }
            throw WebSocketClientError(error.code, url: "\(url)", "the server \(error.reason)")
        }
    }

    private static func refusal(_ response: ClientResponse, _ body: String, _ url: ClientURL) -> WebSocketClientError {
        let reason =
            response.status == 401
            ? "the server wants other credentials than it got, and answers with \(response.statusText)"
            : "the server answers with \(response.statusText)"
        return WebSocketClientError(
            response.status == 401 ? .unauthorized : .refused, url: "\(url)", reason, status: response.status,
            body: body, retryAfter: response.retryAfter)
    }

    private static func target(
        of response: ClientResponse, from url: ClientURL
    ) throws(WebSocketClientError) -> ClientURL {
        func failure(_ reason: String) -> WebSocketClientError {
            WebSocketClientError(.redirected, url: "\(url)", reason, status: response.status)
        }
        guard let location = response.fields[.location] else {
            throw failure("the server answers with \(response.statusText) and does not say where to")
        }
        do throws(ClientURLError) {
            let target = try url.resolving(location)
            try checkScheme(of: target)
            return target
        } catch {
            let place = ClientResponse.harmless(ClientURL.redacted(location))
            throw failure("the server redirects to \"\(place)\", which cannot be followed: \(error.reason)")
        }
    }
}

extension WebSocketConnector {
    /// A connection on which the server of `url` listens to HTTP.
    private func connection(to url: ClientURL) async throws -> ClientConnection {
        if let address = options.address, url.hasSameOrigin(as: self.url) {
            return ClientConnection(try await MartletNet.connect(to: address, options: options.connect))
        }
        guard let location = options.proxy.location(for: url) else {
            return ClientConnection(
                try await MartletNet.connect(host: url.host, port: url.port, options: options.connect))
        }
        return try await tunnel(to: url, through: Self.proxy(location, for: url))
    }

    private static func proxy(_ text: String, for url: ClientURL) throws(WebSocketClientError) -> ClientURL {
        do throws(ClientURLError) {
            let proxy = try ClientURL(parsing: text)
            if proxy.scheme == "https" { throw .withoutTLS("https://", "http://") }
            guard proxy.scheme == "http", proxy.target == "/" else {
                throw ClientURLError("it is not of the form http://[user:password@]host:port")
            }
            return proxy
        } catch {
            throw WebSocketClientError(
                error.code, url: "\(url)", "the proxy \"\(ClientURL.redacted(text))\" cannot be used: \(error.reason)")
        }
    }

    private func tunnel(to url: ClientURL, through proxy: ClientURL) async throws -> ClientConnection {
        func failure(
            _ code: WebSocketClientError.Code, _ reason: String, _ response: ClientResponse? = nil, _ body: String = ""
        ) -> WebSocketClientError {
            WebSocketClientError(
                code, url: "\(url)", "the proxy \(proxy.authority) \(reason)", status: response?.status, body: body,
                retryAfter: response?.retryAfter)
        }
        let stream: ByteStream
        do {
            stream = try await MartletNet.connect(host: proxy.host, port: proxy.port, options: options.connect)
        } catch  where !(error is CancellationError) {
            throw failure(.proxyUnreachable, "cannot be reached: \(error)")
        }
        let connection = ClientConnection(stream)
        do {
            var request = "CONNECT \(url.authority) HTTP/1.1\r\nHost: \(url.authority)\r\n"
            if let authorization = proxy.authorization { request += "Proxy-Authorization: \(authorization)\r\n" }
            try await stream.write(request + "\r\n")
            let response = try await connection.readResponse(to: .connect)
            if response.status / 100 == 2 { return connection }
            let body = await connection.readExcerpt(response.body)
            try Task.checkCancellation()
            if response.status == 407 {
                throw failure(
                    .proxyUnauthorized, "wants other credentials than it got: \(response.statusText)", response, body)
            }
            throw failure(
                .proxyRefused, "does not connect to \(url.authority): \(response.statusText)", response, body)
        } catch {
            stream.close()
            guard let error = error as? ClientResponseError else { throw error }
            throw failure(error.code, error.reason)
        }
    }
}

extension ClientURLError {
    fileprivate static func withoutTLS(_ scheme: String, _ plain: String) -> ClientURLError {
        ClientURLError(
            "\(scheme) needs TLS, which this version does not have; use \(plain) behind something that has",
            code: .tlsUnsupported)
    }
}
