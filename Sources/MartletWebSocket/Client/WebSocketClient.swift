import HTTPTypes
import MartletLoop
import MartletServer
import MartletWebSocketCodec

/// Opens WebSockets as a client.
///
/// ```swift
/// try await WebSocketClient.withConnection("ws://example.org/chat", subprotocols: ["chat.v2"]) { socket in
///     try await socket.send("hello")
///     for try await message in socket { print(message) }
/// }
/// ```
///
/// URLs are `ws://` and, over TLS, `wss://`. A user and password in a URL are sent as basic authentication (RFC 7617), a
/// fragment is refused (RFC 6455 §3).
///
/// Redirects are followed to other such URLs, though never from `wss://` to `ws://`; to another host, the fields Authorization and Cookie are not sent.
/// Subprotocols and compression are what the server agreed to; one that answers otherwise than it was asked is an error.
public enum WebSocketClient {
    static let counters = Counters<HTTPCounter>.allocate()
    static let buffers = BufferPool(inputCapacity: 64 << 10)

    private static var deflateContexts: [DeflateKey: DeflateContexts] = [:]

    private struct DeflateKey: Hashable {
        let level: Int
        let memoryLevel: Int
    }

    /// What compresses for all WebSockets of the same settings, between whose messages nothing is kept.
    static func deflateContexts(for settings: PerMessageDeflateSettings) -> DeflateContexts {
        let key = DeflateKey(level: settings.level, memoryLevel: settings.memoryLevel)
        if let contexts = deflateContexts[key] { return contexts }
        let made = DeflateContexts(level: settings.level, memoryLevel: settings.memoryLevel)
        deflateContexts[key] = made
        return made
    }

    /// Opens a WebSocket.
    ///
    /// It is to be closed: one whose last reference is dropped goes on living, answering pings, until the server closes it
    /// or is dead. ``withConnection(_:subprotocols:headers:options:settings:_:)`` closes it.
    ///
    /// - Parameters:
    ///   - url: `ws[s]://[user:password@]host[:port][/path][?query]`.
    ///   - subprotocols: those that are offered, the best first; in place of those of the settings.
    ///   - headers: further fields of the request, such as Origin, Authorization and Cookie.
    ///   - options: time, proxy, redirects.
    ///   - settings: how it behaves once it is open.
    /// - Returns: the WebSocket, open.
    /// - Throws: ``WebSocketClientError`` when the server, or the proxy, does not open it; `ResolutionError` and
    ///   `ConnectError` when the server cannot be connected to, `SystemError` when the connection fails then;
    ///   `TimeoutError` when it takes longer than ``WebSocketClientOptions/timeout``; `CancellationError`. Nothing is left
    ///   open in any of these cases.
    public static func connect(
        _ url: String, subprotocols: [String]? = nil, headers: HTTPFields = [:],
        options: WebSocketClientOptions = WebSocketClientOptions(), settings: WebSocketSettings = WebSocketSettings()
    ) async throws -> WebSocket {
        try Task.checkCancellation()
        return try await WebSocketConnector(
            url, subprotocols: subprotocols, headers: headers, options: options, settings: settings
        ).connect()
    }

    /// Opens a WebSocket, calls `body` with it, and closes it: with 1000 when `body` returns, with 1001 when it is cancelled,
    /// with 1011 when it throws.
    ///
    /// - Parameters:
    ///   - url: `ws[s]://[user:password@]host[:port][/path][?query]`.
    ///   - subprotocols: those that are offered, the best first; in place of those of the settings.
    ///   - headers: further fields of the request, such as Origin, Authorization and Cookie.
    ///   - options: time, proxy, redirects.
    ///   - settings: how it behaves once it is open.
    ///   - body: speaks.
    /// - Returns: what `body` returns, once the server has closed its side too, or has been given the time for it.
    /// - Throws: what `body` throws; and as ``connect(_:subprotocols:headers:options:settings:)``.
    public static func withConnection<Result: Sendable>(
        _ url: String, subprotocols: [String]? = nil, headers: HTTPFields = [:],
        options: WebSocketClientOptions = WebSocketClientOptions(), settings: WebSocketSettings = WebSocketSettings(),
        _ body: @MainActor (WebSocket) async throws -> Result
    ) async throws -> Result {
        let socket = try await connect(
            url, subprotocols: subprotocols, headers: headers, options: options, settings: settings)
        return try await closing(socket) { try await body(socket) }
    }

    /// Calls `body`, and closes the WebSocket as its outcome says.
    static func closing<Result>(_ socket: WebSocket, _ body: () async throws -> Result) async throws -> Result {
        do {
            let result = try await body()
            await socket.close()
            return result
        } catch {
            // Waiting ends at once where the task is cancelled; closing goes on by itself then.
            await socket.close(error is CancellationError ? .goingAway : .internalError)
            throw error
        }
    }
}
