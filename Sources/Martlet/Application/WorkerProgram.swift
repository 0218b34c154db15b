import CoreMetrics
import Logging
import MartletServer
import MartletSupervisor

/// The program as the supervisor starts it: one worker that serves an application's routes.
@MainActor
enum WorkerProgram<App: Application> {
    /// Serves until the supervisor ends it; returns the process's exit code.
    static func run() async -> Int32 {
        await WorkerRuntime.run { context in
            let configuration = try Configuration(json: context.payload)
            try LogSetup.bootstrap(
                configuration.log, name: context.identity.name, slot: context.slot, generation: context.generation)
            LogSetup.level = context.logLevel
            MetricsSystem.bootstrap(context.metrics)
            let router = try ApplicationRouter.make(for: App.self, configuration)
            let worker = Worker(
                slot: context.slot, generation: context.generation, rateLimits: context.rateLimits, bus: context.bus,
                logger: Logger(label: "martlet.worker"))
            // Read before the application has a say: it may give up privileges or change its root.
            let tls = try ConfiguredTLS(configuration, TLSMaterial(json: context.tlsMaterial))
            try configuration.channels.share(worker)
            try await App.start(worker)
            try await router.start(worker)
            let server = HTTPServer(
                router: router, settings: configuration.serverSettings, counters: context.statistics.http,
                latency: context.statistics.latency, worker: worker, logger: Logger(label: "martlet.http"))
            server.onRefusal = { context.report(.notice, "malformed request from \($0)") }
            return HTTPWorkerService(
                server: server,
                proxied: Set(configuration.listen.filter(\.proxyProtocol).map(\.label)), tls: tls)
        }
    }
}
