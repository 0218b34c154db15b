import HTTPTypes
import MartletHTTP
import MartletServer
import MartletWebSocketCodec

/// Routes that speak WebSocket.
///
/// A request passes the filters and middlewares of its group first, so that whoever has to be authenticated is before the
/// WebSocket is opened. What is no request for a WebSocket is answered with 426 (RFC 9110 §15.5.22), one whose page comes
/// from another host with 403.
extension RouteGroup {
    /// Speaks WebSocket, with a closure for each one, which may wait.
    ///
    /// - Parameters:
    ///   - pattern: the route's pattern.
    ///   - settings: limits, times, and who is let in.
    ///   - handler: speaks until it returns; then the WebSocket is closed.
    @discardableResult
    public func webSocket(
        _ pattern: String, settings: WebSocketSettings = WebSocketSettings(),
        handler: @escaping @MainActor (WebSocket) async throws -> Void
    ) -> Route {
        let route = WebSocketRoute(settings)
        return get(pattern) { request in
            try route.response(to: request) { socket, _ in socket.speak(handler) }
        }
    }

    /// Speaks WebSocket, with a closure for each one, which may wait and gets the request, too.
    ///
    /// A request takes some 1 KiB for as long as it is kept.
    ///
    /// - Parameters:
    ///   - pattern: the route's pattern.
    ///   - settings: limits, times, and who is let in.
    ///   - handler: speaks until it returns; then the WebSocket is closed.
    @discardableResult
    public func webSocket(
        _ pattern: String, settings: WebSocketSettings = WebSocketSettings(),
        handler: @escaping @MainActor (WebSocket, Request) async throws -> Void
    ) -> Route {
        let route = WebSocketRoute(settings)
        return get(pattern) { request in
            try route.response(to: request) { socket, request in socket.speak { try await handler($0, request) } }
        }
    }

    /// Speaks WebSocket, with an object that serves all of them and waits for nothing: see ``WebSocketHandler``.
    ///
    /// It gets whole messages, whatever ``WebSocketSettings/streamsMessages`` says.
    ///
    /// - Parameters:
    ///   - pattern: the route's pattern.
    ///   - settings: limits, times, and who is let in.
    ///   - handler: is called with what comes.
    @discardableResult
    public func webSocket(
        _ pattern: String, settings: WebSocketSettings = WebSocketSettings(), handler: any WebSocketHandler
    ) -> Route {
        do throws(RouteError) {
            return try addWebSocket(pattern, settings: settings, handler: handler)
        } catch {
            fatalError("cannot add the WebSocket route \(pattern): \(error)")
        }
    }

    /// Speaks WebSocket, as ``webSocket(_:settings:handler:)-(_,_,WebSocketHandler)``, for patterns that come from
    /// elsewhere.
    ///
    /// - Throws: `RouteError` when the pattern is malformed or answers the same requests as one that was added before.
    @discardableResult
    package func addWebSocket(
        _ pattern: String, settings: WebSocketSettings, handler: any WebSocketHandler
    ) throws(RouteError) -> Route {
        var settings = settings
        settings.streamsMessages = false
        let route = WebSocketRoute(settings)
        return try add(.get, pattern) { request in
            try route.response(to: request) { socket, request in
                socket.handler = handler
                handler.opened(socket, for: request)
            }
        }
    }
}
