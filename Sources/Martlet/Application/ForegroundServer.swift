import Glibc
import Logging
import MartletLoop
import MartletNet
import MartletServer
import MartletSupervisor

/// What keeps a program without supervisor from serving.
nonisolated struct CannotServe: Error, CustomStringConvertible {
    let description: String
}

/// `run --foreground`: one process that serves, for a debugger. No supervisor, no control socket, no reload.
@MainActor
final class ForegroundServer {
    private let server: HTTPServer
    private let configuration: Configuration
    private let logger = Logger(label: "martlet")
    private var signals: [SignalWatch] = []

    init(router: Router, configuration: Configuration) {
        self.configuration = configuration
        server = HTTPServer(router: router, settings: configuration.serverSettings)
    }

    /// Serves until TERM, QUIT or INT; returns the process's exit code. A second signal ends it at once.
    func run() async throws -> Int32 {
        do {
            for listen in configuration.listeners(hasPassedSockets: false) {
                let socket = try ListeningSocket.bind(SocketAddress(parsing: listen.address), options: listen.options)
                try server.listen(on: socket)
                logger.notice("serving", metadata: ["address": "\(socket.address)"])
            }
        } catch {
            throw CannotServe(description: "\(error)")
        }
        let end = Future()
        for number in [SIGTERM, SIGINT, SIGQUIT] {
            signals.append(try EventLoop.main.onSignal(number) { self.end(by: end) })
        }
        server.onDrained = { end.resolve() }
        await end.wait()
        return SupervisorExit.ok.rawValue
    }

    private func end(by end: Future) {
        if server.isDraining { return end.resolve() }
        server.drain()
        EventLoop.main.callLater(configuration.timeouts.drain.duration) { end.resolve() }
    }

    /// Something that happens once and that one task waits for.
    private final class Future {
        private var waiter: UnsafeContinuation<Void, Never>?
        private var isResolved = false

        func resolve() {
            isResolved = true
            waiter?.resume()
            waiter = nil
        }

        func wait() async {
            guard !isResolved else { return }
            await withUnsafeContinuation { waiter = $0 }
        }
    }
}
