import HTTPTypes
import MartletLoop
import MartletNet
import MartletWebSocketCodec

extension WebSocketClient {
    /// When and how often a client connects again: see ``WebSocketClient/run(_:reconnect:subprotocols:headers:options:settings:_:)``.
    public nonisolated struct Reconnect: Sendable {
        /// How long to wait. Spread by chance, because the clients of a server that restarts are all lost at once.
        public var backoff = Backoff.exponential(from: .seconds(1), to: .seconds(60))
        /// Waiting begins anew after a connection that has lasted that long.
        public var resetsAfter: Duration = .seconds(10)
        /// Attempts in a row, the first one included, without a connection that has lasted.
        public var attempts = Int.max
        /// Whether to connect again after an error, be it of `connect` or the end of a connection.
        public var isWorthwhile: @Sendable (any Error) -> Bool = Self.isTransient

        /// The defaults.
        public init() {}

        /// Whether another attempt may go better: when the server or the proxy cannot be reached, is silent, or answers with
        /// 408, 429 or 5xx, and when a connection was lost or closed because the server goes down, restarts, is overloaded
        /// or failed (1001, 1006, 1011 to 1014).
        public static func isTransient(_ error: any Error) -> Bool {
            switch error {
            case let end as WebSocketClosed:
                [1001, 1006, 1011, 1012, 1013, 1014].contains(end.code.rawValue)
            case let error as WebSocketClientError:
                switch error.code {
                case .proxyUnreachable, .endedEarly: true
                case .proxyRefused, .refused: error.status.map { $0 == 408 || $0 == 429 || $0 / 100 == 5 } ?? false
                default: false
                }
            case let error as ResolutionError: error.code != .invalidName
            default: error is ConnectError || error is SystemError || error is TimeoutError
            }
        }
    }

    /// Keeps a WebSocket open: opens it, calls `body` with it, and opens another one when it is lost.
    ///
    /// ```swift
    /// try await WebSocketClient.run("ws://example.org/prices") { socket in
    ///     try await socket.send(subscription)
    ///     for try await message in socket { update(message) }
    /// }
    /// ```
    ///
    /// It ends when `body` returns while the WebSocket is open, which is closed then, or after it was closed by either side
    /// with 1000 or without a code. After any other end another one is opened if that is worthwhile, whether `body` has
    /// returned or thrown the ``WebSocketClosed``.
    ///
    /// - Parameters:
    ///   - url: `ws://[user:password@]host[:port][/path][?query]`.
    ///   - reconnect: when to open another one.
    ///   - subprotocols: those that are offered, the best first; in place of those of the settings.
    ///   - headers: further fields of the request, such as Origin, Authorization and Cookie.
    ///   - options: time, proxy, redirects.
    ///   - settings: how it behaves once it is open.
    ///   - body: speaks, for as long as one connection lasts.
    /// - Throws: what `body` throws, other than that its own WebSocket has ended; the error of `connect`, or the
    ///   ``WebSocketClosed``, after which another attempt is not worthwhile or was one too many; `CancellationError`.
    public static func run(
        _ url: String, reconnect: Reconnect = Reconnect(), subprotocols: [String]? = nil, headers: HTTPFields = [:],
        options: WebSocketClientOptions = WebSocketClientOptions(), settings: WebSocketSettings = WebSocketSettings(),
        _ body: @MainActor (WebSocket) async throws -> Void
    ) async throws {
        let connector = try WebSocketConnector(
            url, subprotocols: subprotocols, headers: headers, options: options, settings: settings)
        var pace = Pace(reconnect)
        while true {
            try Task.checkCancellation()
            let failure: any Error
            do {
                let socket = try await connector.connect()
                pace.connected(at: EventLoop.main.time())
                guard let end = try await speak(socket, body) else { return }
                failure = end
            } catch let error as BodyError {
                throw error.error
            } catch {
                failure = error
            }
            let wait = try pace.wait(after: failure, at: EventLoop.main.time())
            options.logger.notice(
                "a WebSocket is lost, and opened again after a while",
                metadata: ["url": "\(connector.name)", "error": "\(failure)", "wait": "\(wait)"])
            try await Task.sleep(for: wait)
        }
    }

    /// Calls `body`: with which end another connection is needed, or `nil` when all is done.
    private static func speak(
        _ socket: WebSocket, _ body: @MainActor (WebSocket) async throws -> Void
    ) async throws(BodyError) -> WebSocketClosed? {
        // The end before this side closes: what becomes of that does not matter any more.
        var end: WebSocketClosed?
        do {
            try await closing(socket) {
                do {
                    try await body(socket)
                } catch is WebSocketClosed where !socket.isOpen {
                    // Sending to, or reading from, one that has ended.
                }
                // What the caller has closed is not opened again, whatever the peer says to it.
                end = socket.isClosedHere ? nil : socket.closeStatus
            }
        } catch {
            throw BodyError(error: error)
        }
        guard let end, end.code != .normalClosure, end.code != .noStatusReceived else { return nil }
        return end
    }

    /// An error that is the caller's own.
    private struct BodyError: Error {
        let error: any Error
    }

    /// Counts attempts and waits.
    nonisolated struct Pace {
        private let rules: Reconnect
        private var waits: Backoff.Waits
        private var attempts = 0
        private var opened: EventLoop.Instant?

        init(_ rules: Reconnect) {
            self.rules = rules
            waits = rules.backoff.waits()
        }

        mutating func connected(at now: EventLoop.Instant) {
            opened = now
        }

        /// How long to wait before the next attempt.
        ///
        /// - Throws: `failure` when there is to be none.
        mutating func wait(after failure: any Error, at now: EventLoop.Instant) throws -> Duration {
            attempts += 1
            if let opened, now - opened >= rules.resetsAfter {
                attempts = 0
                waits = rules.backoff.waits()
            }
            opened = nil
            guard !(failure is CancellationError), attempts < rules.attempts, rules.isWorthwhile(failure) else {
                throw failure
            }
            let wait = waits.next() ?? .zero
            return max(wait, (failure as? any RetryHint)?.retryAfter ?? .zero)
        }
    }
}
