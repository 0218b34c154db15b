import Glibc
import Logging
import MartletLoop
import MartletNet
import MartletServer

/// Serves the control socket, and the one that changes nothing if there is one: text and HTTP on the same socket.
final class ControlServer {
    private let commands: [ControlCommand<Void>]
    private let logger = Logger(label: "martlet.control")
    private var sockets: [ControlSocket] = []
    private var listeners: [Listener] = []
    private var servers: [HTTPServer] = []
    private var textClients: Set<ObjectIdentifier> = []
    private var endWaiters: [UnsafeContinuation<Void, Never>] = []
    private var hasEnded = false

    /// Clients at a time, of both kinds and on both sockets together.
    private static let mostClients = 64
    /// How long the last answers may take to be sent.
    private static let farewell: Duration = .milliseconds(500)

    /// - Throws: `SystemError`, what keeps a socket from being served; none is then.
    init(plan: ControlPlan, commands: [ControlCommand<Void>]) throws(SystemError) {
        self.commands = commands
        do throws(SystemError) {
            try open(plan.path, mode: plan.mode, mayChange: true)
            if let path = plan.readOnlyPath { try open(path, mode: plan.mode, mayChange: false) }
        } catch {
            close()
            throw error
        }
    }

    private func open(_ path: String, mode: UInt32, mayChange: Bool) throws(SystemError) {
        let socket = try ControlSocket(path: path, mode: mode)
        sockets.append(socket)
        if socket.replacedStaleFile { logger.notice("replaced the control socket \(path), which nobody served") }
        let server = ControlRoutes.server(for: commands, mayChange: mayChange, logger: logger)
        servers.append(server)
        listeners.append(
            try Listener(
                descriptor: socket.descriptor,
                onAccept: { [unowned self] in welcome($0, server: server, mayChange: mayChange) },
                onExhaustion: { [unowned self] in logger.warning("the control socket rests: \($0)") }))
    }

    private func welcome(_ descriptor: Int32, server: HTTPServer, mayChange: Bool) {
        let clients = textClients.count + servers.reduce(0) { $0 + $1.connectionCount }
        guard clients < Self.mostClients else {
            let text = Array("error: there are \(Self.mostClients) control clients already; try again later\n\n".utf8)
            _ = text.withUnsafeBytes { send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
            Glibc.close(descriptor)
            return
        }
        do throws(SystemError) {
            let client = try ControlClientConnection(descriptor, commands: commands, mayChange: mayChange)
            client.isEnding = { [unowned self] in hasEnded }
            client.onHTTP = { server.take(connection: $0, initialBytes: $1) }
            client.onEnd = { [unowned self, unowned client] in textClients.remove(ObjectIdentifier(client)) }
            textClients.insert(ObjectIdentifier(client))
        } catch {
            logger.warning("a control client is dropped: \(error)")
            Glibc.close(descriptor)
        }
    }

    // MARK: End

    /// Returns when the daemon is about to end.
    func waitForEnd() async {
        guard !hasEnded else { return }
        await withUnsafeContinuation { endWaiters.append($0) }
    }

    /// Answers those who wait for the end, and closes.
    func finish() async {
        close()
        for waiter in endWaiters { waiter.resume() }
        endWaiters = []
        for server in servers { server.drain() }
        let deadline = EventLoop.Instant.readClock() + Self.farewell
        while !textClients.isEmpty || servers.contains(where: { $0.connectionCount > 0 }),
            EventLoop.Instant.readClock() < deadline
        {
            await withUnsafeContinuation { (continuation: UnsafeContinuation<Void, Never>) in
                EventLoop.main.callLater(.milliseconds(2)) { continuation.resume() }
            }
        }
    }

    /// Accepts no more, and removes the sockets' files.
    func close() {
        hasEnded = true
        for socket in sockets { socket.remove() }
        for listener in listeners { listener.close() }
        sockets = []
        listeners = []
    }
}
