import HTTPTypes
import MartletHTTP
import MartletLoop
import MartletServer
import MartletWebSocketCodec

/// What answers the requests of a route that speaks WebSocket (RFC 6455 §4.2).
final class WebSocketRoute {
    private let settings: WebSocketSettings
    /// The sockets' common part, made with the first one: a router does not know its server.
    private var context: WebSocketContext?

    init(_ settings: WebSocketSettings) {
        for name in settings.subprotocols where !WebSocketSubprotocol.isValid(name) {
            fatalError("\"\(name)\" cannot name a subprotocol: it is no token (RFC 9110 §5.6.2)")
        }
        self.settings = settings
    }

    deinit {}

    /// The answer to a request: 101, after which `begin` has a socket speak.
    ///
    /// - Throws: `HTTPError` for a request that is not let in.
    func response(
        to request: Request, begin: @escaping @MainActor (WebSocket, Request) -> Void
    ) throws -> Response {
        let accept: String
        let offered: [String]
        let extensions: [WebSocketExtension]
        do {
            accept = try WebSocketHandshake.checkRequest(
                method: request.method.rawValue, upgrade: request[.upgrade], connection: request[.connection],
                version: request[.secWebSocketVersion], key: request[.secWebSocketKey])
            offered = try WebSocketSubprotocol.offered(request[.secWebSocketProtocol])
            extensions = try WebSocketExtension.parse(request.values(.secWebSocketExtensions))
        } catch let error as WebSocketHandshakeError {
            throw Self.refusal(error)
        } catch let error as WebSocketExtensionError {
            throw HTTPError(.badRequest, "\(error)")
        }
        try checkOrigin(of: request)
        var fields: HTTPFields = [.secWebSocketAccept: accept]
        let subprotocol = WebSocketSubprotocol.select(from: offered, supported: settings.subprotocols)
        if let subprotocol { fields[.secWebSocketProtocol] = subprotocol }
        let compression = PerMessageDeflate.accept(extensions, settings: settings.compression)
        if let compression { fields[.secWebSocketExtensions] = compression.response }
        let agreed = compression?.agreed
        return Response(upgradeTo: "websocket", fields: fields) { [self] connection, lease in
            let socket = WebSocket(
                stream: connection.stream, context: context(for: connection.server), compression: agreed,
                subprotocol: subprotocol)
            socket.lease = lease
            begin(socket, connection.request)
            socket.begin(with: connection.firstBytes)
            return socket
        }
    }

    private func context(for server: HTTPServer) -> WebSocketContext {
        // Several servers may share a router.
        if let context, context.buffers === server.buffers { return context }
        let made = WebSocketContext(
            role: .server, settings: settings, counters: server.counters, buffers: server.buffers,
            logger: server.logger)
        context = made
        return made
    }

    /// Pages of others are not let in (RFC 6455 §10.2).
    private func checkOrigin(of request: Request) throws {
        guard let origin = request[.origin] else { return }
        let isFine =
            switch settings.origins {
            case .any: true
            case .among(let known): known.contains(origin)
            case .sameHost: Self.host(of: origin).map { $0 == request.authority?.lowercased() } ?? false
            }
        guard isFine else {
            throw HTTPError(.forbidden, "pages of another origin may not open a WebSocket here")
        }
    }

    /// `example.org:8080` of `http://example.org:8080`.
    private static func host(of origin: String) -> String? {
        let parts = origin.split(separator: "://", maxSplits: 1, omittingEmptySubsequences: false)
        return parts.count == 2 ? parts[1].lowercased() : nil
    }

    private static func refusal(_ error: WebSocketHandshakeError) -> HTTPError {
        var fields = HTTPFields()
        // Connection is the server's to write.
        for field in error.fields where field.name != "Connection" {
            if let name = HTTPField.Name(field.name) { fields[name] = field.value }
        }
        return HTTPError(HTTPResponse.Status(code: error.status), error.message, fields: fields)
    }
}
