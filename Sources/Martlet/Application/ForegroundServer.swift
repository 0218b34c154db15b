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

/// `run --foreground`: one process that serves, for a debugger. No supervisor and no reload; the control socket tells what is
/// counted, and ends it.
@MainActor
final class ForegroundServer {
    private let server: HTTPServer
    private let process: LoneProcess
    private let configuration: Configuration
    private let logger = Logger(label: "martlet")
    private var signals: [SignalWatch] = []
    private let isOver = Event()
    private var exitCode = SupervisorExit.ok.rawValue

    init(_ process: LoneProcess, router: Router, worker: Worker, configuration: Configuration) {
        self.process = process
        self.configuration = configuration
        server = HTTPServer(
            router: router, settings: configuration.serverSettings, counters: process.statistics.http,
            latency: process.statistics.latency, worker: worker)
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
            try serveControl()
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
        await process.finish()
        return exitCode
    }

    /// A daemon may run beside it: then the default control socket is the daemon's.
    private func serveControl() throws(SystemError) {
        guard let path = configuration.control else { return }
        let plan = ControlPlan(
            path: path, mode: configuration.controlMode, readOnlyPath: configuration.controlReadOnly)
        do throws(SystemError) {
            try process.serveControl(plan) { [unowned self] fast in fast ? cut() : end() }
        } catch {
            guard path == ControlSocketPath.default(environment: ControlSocketPath.processEnvironment) else {
                throw error
            }
            logger.notice("there is no control socket", metadata: ["reason": "\(error)"])
        }
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
