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
    private let isOver = Event()
    private var exitCode = SupervisorExit.ok.rawValue

    init(router: Router, worker: Worker, configuration: Configuration) {
        self.configuration = configuration
        server = HTTPServer(router: router, settings: configuration.serverSettings, worker: worker)
    }

    /// Serves until TERM, QUIT or INT; returns the process's exit code. A second signal ends it at once.
    func run() async throws -> Int32 {
        do {
            let tls = try ConfiguredTLS(configuration, TLSFiles(configuration).material)
            for listen in configuration.listeners(hasPassedSockets: false) {
                let socket = try ListeningSocket.bind(SocketAddress(parsing: listen.address), options: listen.options)
                try server.listen(
                    on: socket, proxyProtocol: listen.proxyProtocol, tls: tls.context(forListener: listen.label))
                logger.notice("serving", metadata: ["address": "\(socket.address)"])
            }
        } catch {
            throw CannotServe(description: "\(error)")
        }
        for number in [SIGTERM, SIGINT, SIGQUIT] {
            signals.append(try EventLoop.main.onSignal(number) { [self] in end() })
        }
        server.onDrained = { [self] in
            Task {
                await server.worker.finish()
                isOver.set()
            }
        }
        server.worker.onFailure = { [unowned self] _ in
            exitCode = SupervisorExit.failed.rawValue
            if !server.isDraining { end() }
        }
        try await isOver.wait()
        return exitCode
    }

    private func end() {
        guard !server.isDraining else { return cut() }
        server.drain()
        EventLoop.main.callLater(configuration.timeouts.drain.duration) { [self] in cut() }
    }

    /// Ends whatever goes on.
    private func cut() {
        server.onDrained = nil
        server.abort()
        server.worker.cancelWork()
        Task {
            await server.worker.finish()
            isOver.set()
        }
        EventLoop.main.callLater(.seconds(2)) { [self] in isOver.set() }
    }
}
