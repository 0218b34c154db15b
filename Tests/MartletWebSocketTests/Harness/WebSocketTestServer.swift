import Glibc
import Logging
import MartletLoop
import MartletServer
import MartletTesting
import Testing

@testable import MartletNet
@testable import MartletWebSocket

/// A server on a port of the kernel's choice.
final class WebSocketTestServer {
    let server: HTTPServer
    let address: SocketAddress
    let log = CapturedLog()
    private var peers: [RawPeer] = []

    init(_ routes: (Router) -> Void) throws {
        let router = Router()
        routes(router)
        let log = log
        server = HTTPServer(
            router: router, settings: .patient, logger: Logger(label: "test") { _ in CapturingLogHandler(log: log) })
        let socket = try ListeningSocket.bind("127.0.0.1:0", options: ListenOptions())
        address = socket.address
        try server.listen(on: socket)
    }

    deinit {}

    /// A connection.
    ///
    /// - Parameter receiveBuffer: the size of the kernel's receive buffer, for those that are to be slow.
    func connect(receiveBuffer: Int32? = nil) throws -> RawPeer {
        let descriptor = socket(address.family, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        if var size = receiveBuffer {
            setsockopt(descriptor, SOL_SOCKET, SO_RCVBUF, &size, socklen_t(MemoryLayout<Int32>.size))
        }
        guard address.withSystemAddress({ Glibc.connect(descriptor, $0, $1) }) == 0 else {
            let code = errno
            Glibc.close(descriptor)
            throw SystemError("connect to", target: "\(address)", code: code)
        }
        _ = fcntl(descriptor, F_SETFL, O_NONBLOCK)
        let peer = RawPeer(try ByteStream(descriptor: descriptor))
        peers.append(peer)
        return peer
    }

    /// A peer whose WebSocket is open.
    func open(
        _ target: String = "/", _ fields: KeyValuePairs<String, String?> = [:], receiveBuffer: Int32? = nil
    ) async throws -> RawPeer {
        let peer = try connect(receiveBuffer: receiveBuffer)
        try await peer.open(target, fields)
        return peer
    }

    func count(_ counter: HTTPCounter) -> UInt64 { server.counters.load(counter) }

    /// Waits until a figure is as large as it is to be, and sees that it is no larger: a client may have its answer before
    /// the server has counted it.
    func expect(
        _ counter: HTTPCounter, _ value: UInt64, sourceLocation: SourceLocation = #_sourceLocation
    ) async throws {
        try await waitUntil("\(counter) is \(value)") { count(counter) >= value }
        #expect(count(counter) == value, "\(counter)", sourceLocation: sourceLocation)
    }

    /// Closes everything, and waits until the server has noticed.
    func end() async throws {
        for peer in peers { peer.stream.close() }
        server.abort()
        try await waitUntil("no connection is left") { server.connectionCount == 0 }
    }
}

/// Runs `body` with a server, which then is taken down; whatever has happened, nothing may be left over.
func withSockets(
    _ routes: (Router) -> Void, sourceLocation: SourceLocation = #_sourceLocation,
    _ body: (WebSocketTestServer) async throws -> Void
) async throws {
    let running = try WebSocketTestServer(routes)
    do {
        try await body(running)
    } catch {
        Issue.record(error, sourceLocation: sourceLocation)
    }
    try await running.end()
    let ends: [HTTPCounter] = [
        .webSocketsClosedNormally, .webSocketsClosedForErrors, .webSocketsClosedForSlowness, .webSocketsLost,
        .webSocketsClosedOtherwise,
    ]
    #expect(running.count(.webSocketsActive) == 0, sourceLocation: sourceLocation)
    #expect(running.count(.connectionsActive) == 0, sourceLocation: sourceLocation)
    #expect(running.count(.connectionsAccepted) == running.count(.connectionsClosed), sourceLocation: sourceLocation)
    #expect(
        running.count(.webSocketsOpened) == ends.reduce(0) { $0 + running.count($1) },
        "each one ends once", sourceLocation: sourceLocation)
}

extension WebSocketSettings {
    /// The defaults, with times that no test waits for, however busy the machine is.
    static var patient: WebSocketSettings {
        var settings = WebSocketSettings()
        settings.pingInterval = nil
        (settings.writeTimeout, settings.closeTimeout) = (.seconds(600), .seconds(600))
        settings.handlerGrace = .seconds(600)
        settings.drainSpread = .zero
        return settings
    }

    static func patient(_ change: (inout WebSocketSettings) -> Void) -> WebSocketSettings {
        var settings = patient
        change(&settings)
        return settings
    }
}

/// Returns once `condition` holds; it is looked at in every millisecond.
func waitUntil(_ what: String, _ condition: () -> Bool) async throws {
    let deadline = EventLoop.Instant.readClock() + .seconds(60)
    while !condition() {
        guard EventLoop.Instant.readClock() < deadline else { throw PeerError("waited in vain until \(what)") }
        await EventLoop.sleep(.milliseconds(1))
    }
}

extension EventLoop {
    /// Lets the loop have a few turns, also when the task is cancelled.
    static func sleep(_ duration: Duration) async {
        await withUnsafeContinuation { (turn: UnsafeContinuation<Void, Never>) in
            EventLoop.main.callLater(duration) { turn.resume() }
        }
    }
}

/// How a handler has ended, and what it has seen before.
final class Observed {
    var messages: [WebSocketMessage] = []
    var end: WebSocketClosed?
    var socket: WebSocket?
    /// Whether the handler has returned or thrown.
    var isOver = false
    var wasCancelled = false

    deinit {}
}

/// Echoes through a handler object, and keeps what it sees.
final class ObservingEcho: WebSocketHandler {
    private(set) var opened: [WebSocket] = []
    private(set) var messages: [WebSocketMessage] = []
    private(set) var ends: [WebSocketClosed] = []
    private let onMessage: (WebSocketMessageView, WebSocket) -> Void

    init(_ onMessage: @escaping (WebSocketMessageView, WebSocket) -> Void = { $1.post($0) }) {
        self.onMessage = onMessage
    }

    deinit {}

    func opened(_ socket: WebSocket, for request: Request) { opened.append(socket) }

    func received(_ message: WebSocketMessageView, on socket: WebSocket) {
        messages.append(message.message)
        onMessage(message, socket)
    }

    func closed(_ socket: WebSocket, _ end: WebSocketClosed) { ends.append(end) }
}
