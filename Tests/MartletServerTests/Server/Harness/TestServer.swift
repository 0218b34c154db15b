import Glibc
import Logging
import MartletHTTP
import MartletLoop
import MartletNet
import Testing

@testable import MartletServer

/// A server on a port of the kernel's choice, or on a Unix socket.
final class TestServer {
    let server: HTTPServer
    let address: SocketAddress
    let log: CapturedLog
    /// What `onRefusal` heard.
    private(set) var refusals: [String] = []
    private var clients: [Client] = []
    private static var count = 0

    init(_ settings: HTTPServerSettings, on address: String, _ routes: (Router) -> Void) throws {
        let log = CapturedLog()
        let router = Router()
        routes(router)
        server = HTTPServer(
            router: router, settings: settings, logger: Logger(label: "test") { _ in CapturingLogHandler(log: log) })
        Self.count += 1
        // A Unix socket's name is the whole machine's, where several of these may run.
        let name = address == "unix" ? "unix:@martlet-test-\(getpid())-\(Self.count)" : address
        let socket = try ListeningSocket.bind(SocketAddress(parsing: name), options: ListenOptions())
        self.address = socket.address
        self.log = log
        try server.listen(on: socket)
        server.onRefusal = { [unowned self] in refusals.append($0) }
    }

    func connect(receiveBuffer: Int32? = nil) throws -> Client {
        let client = try Client(address, receiveBuffer: receiveBuffer)
        clients.append(client)
        return client
    }

    func count(_ counter: HTTPCounter) -> UInt64 {
        server.counters.load(counter)
    }

    /// Waits until a figure is as large as it is to be, and sees that it is no larger: a client may have its answer before
    /// the server has counted it.
    func expect(
        _ counter: HTTPCounter, _ value: UInt64, sourceLocation: SourceLocation = #_sourceLocation
    ) async throws {
        try await eventually("\(counter) is \(value)") { count(counter) >= value }
        #expect(count(counter) == value, "\(counter)", sourceLocation: sourceLocation)
    }

    /// Closes everything, and waits until the server has noticed.
    func end() async throws {
        for client in clients { client.close() }
        server.abort()
        try await eventually("no connection is left") { server.connectionCount == 0 }
        server.onRefusal = nil
    }
}

/// Runs `body` with a server, which then is taken down; whatever has happened, no connection may be left over.
func withServer(
    _ settings: HTTPServerSettings = .patient, on address: String = "127.0.0.1:0",
    routes: (Router) -> Void = { $0.get("/") { _ in "root" } },
    sourceLocation: SourceLocation = #_sourceLocation,
    _ body: (TestServer) async throws -> Void
) async throws {
    let running = try TestServer(settings, on: address, routes)
    do {
        try await body(running)
    } catch {
        Issue.record(error, sourceLocation: sourceLocation)
    }
    try await running.end()
    #expect(running.count(.connectionsActive) == 0, sourceLocation: sourceLocation)
    #expect(running.count(.connectionsAccepted) == running.count(.connectionsClosed), sourceLocation: sourceLocation)
}

extension HTTPServerSettings {
    /// The defaults, with timeouts that no test waits for, however busy the machine is.
    static var patient: HTTPServerSettings {
        var settings = HTTPServerSettings()
        (settings.headTimeout, settings.bodyTimeout) = (.seconds(600), .seconds(600))
        (settings.idleTimeout, settings.writeTimeout) = (.seconds(600), .seconds(600))
        settings.presenceDelay = .seconds(600)
        return settings
    }
}

/// Returns once `condition` holds; it is looked at in every millisecond.
func eventually(_ what: String, _ condition: () -> Bool) async throws {
    let deadline = EventLoop.Instant.readClock() + .seconds(60)
    while !condition() {
        guard EventLoop.Instant.readClock() < deadline else { throw ClientError("waited in vain until \(what)") }
        await pause()
    }
}

/// Lets the loop have a few turns.
func pause(_ duration: Duration = .milliseconds(1)) async {
    await withUnsafeContinuation { (turn: UnsafeContinuation<Void, Never>) in
        EventLoop.main.callLater(duration) { turn.resume() }
    }
}

/// Opened once; who waits before goes on then.
final class Gate {
    private var waiting: [UnsafeContinuation<Void, Never>] = []
    private(set) var isOpen = false
    private(set) var arrivals = 0

    func pass() async {
        arrivals += 1
        guard !isOpen else { return }
        await withUnsafeContinuation { waiting.append($0) }
    }

    func open() {
        isOpen = true
        for continuation in waiting { continuation.resume() }
        waiting = []
    }
}
