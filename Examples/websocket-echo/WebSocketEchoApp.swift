import Martlet

/// Sends back what it is sent over a WebSocket.
///
///     websocket-echo run --listen 127.0.0.1:8080
///     python3 -m websockets ws://127.0.0.1:8080/echo
///
/// Compression, pings, fragments, closing and draining are seen to. A handler that never waits for anything can be an
/// object in place of a closure, which takes less memory: the example `ticker` has one.
@main
struct WebSocketEchoApp: Application {
    static func routes(_ router: Router) {
        var settings = WebSocketSettings()
        settings.subprotocols = ["echo"]
        settings.limits = WebSocketLimits(messageSize: 4 << 20)
        router.webSocket("/echo", settings: settings) { socket in
            for try await message in socket { try await socket.send(message) }
        }
    }
}
