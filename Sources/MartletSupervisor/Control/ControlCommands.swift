import Logging
import MartletLoop

/// What the supervisor can be asked.
enum ControlCommands {
    static let all: [ControlCommand<Master>] = [
        ControlCommand(words: ["help"], route: .get("/v1/help"), help: "this list") { _, _ in HelpAnswer(all) },
        ControlCommand(
            words: ["show", "info"], route: .get("/v1/info"),
            help: "version, uptime, listeners, workers, the last reload"
        ) { master, _ in InfoAnswer(master) },
        ControlCommand(
            words: ["show", "workers"], route: .get("/v1/workers"), help: "each worker's state and load"
        ) { master, _ in WorkersAnswer(master) },
        ControlCommand(
            words: ["show", "stat"], route: .get("/v1/stats"), help: "all counters, of the service and of each slot"
        ) { master, _ in StatisticsAnswer(snapshot: master.snapshot()) },
        ControlCommand(
            words: ["show", "metrics"], route: .get("/v1/metrics"), help: "all of that as Prometheus reads it"
        ) { master, _ in MetricsAnswer(master.snapshot()) },
        ControlCommand(
            words: ["show", "errors"], route: .get("/v1/errors"), help: "the last notable events"
        ) { master, _ in ErrorsAnswer(master.errorLog) },
        ControlCommand(
            words: ["reload"], route: .post("/v1/reload"), waits: [.started, .end], usualPatience: .verdict,
            help: "read the configuration anew and replace all workers, or change nothing", run: reload),
        ControlCommand(
            words: ["tls", "reload"], route: .post("/v1/tls/reload"), waits: [.started], usualPatience: .verdict,
            help: "read certificates and keys anew for new handshakes, or change nothing", run: reloadCertificates),
        ControlCommand(
            words: ["scale"], parameter: "workers", route: .post("/v1/scale"), waits: [.started, .end],
            usualPatience: .verdict, help: "run that many workers until the next reload", run: scale),
        ControlCommand(
            words: ["drain"], route: .post("/v1/drain"), waits: [.end],
            help: "finish what is under way, then end the daemon (TERM)"
        ) { master, request in await stop(master, request, fast: false) },
        ControlCommand(
            words: ["stop"], route: .post("/v1/stop"), waits: [.end],
            help: "end the daemon at once, cutting requests off (INT)"
        ) { master, request in await stop(master, request, fast: true) },
        ControlCommand(
            words: ["set", "log-level"], parameter: "level", route: .post("/v1/log-level"),
            help: "log from this level on, until the next reload", run: setLogLevel),
    ]

    private static func reload(_ master: Master, _ request: ControlRequest) async throws(ControlRefusal)
        -> any ControlAnswer
    {
        // It takes milliseconds, and may have begun by itself.
        await master.certificateReloadEnds()
        if request.patience == .started {
            if let obstacle = master.obstacle { throw ControlRefusal(.conflict, obstacle) }
            master.wishes.reload = true
            master.bell.ring()
            return StartedAnswer(what: "reloading")
        }
        if let obstacle = master.obstacle { throw ControlRefusal(.conflict, obstacle) }
        let verdict = await master.reload()
        guard verdict.ok else { throw ControlRefusal(.failed, verdict.messages.joined(separator: "\n")) }
        if request.patience == .end { await master.retiredWorkersGone() }
        return ReloadAnswer(verdict)
    }

    private static func reloadCertificates(
        _ master: Master, _ request: ControlRequest
    ) async throws(ControlRefusal) -> any ControlAnswer {
        await master.certificateReloadEnds()
        if let obstacle = master.obstacle { throw ControlRefusal(.conflict, obstacle) }
        if request.patience == .started {
            master.beginCertificateReload(.command) { _ in }
            return StartedAnswer(what: "reloading certificates")
        }
        let verdict = await master.reloadCertificates()
        guard verdict.ok else { throw ControlRefusal(.failed, verdict.messages.joined(separator: "\n")) }
        return CertificateReloadAnswer(verdict)
    }

    private static func scale(_ master: Master, _ request: ControlRequest) async throws(ControlRefusal)
        -> any ControlAnswer
    {
        let most = SupervisorPlan.mostWorkers
        guard let argument = request.argument, let workers = Int(argument), (1...most).contains(workers) else {
            throw ControlRefusal(
                .misuse, "the number of workers is \"\(request.argument ?? "")\": write a number from 1 to \(most)")
        }
        await master.certificateReloadEnds()
        if let obstacle = master.obstacle { throw ControlRefusal(.conflict, obstacle) }
        if request.patience == .started {
            master.beginScale(to: workers) { _ in }
            return StartedAnswer(what: "scaling to \(workers)")
        }
        let verdict = await master.scale(to: workers)
        guard verdict.ok else { throw ControlRefusal(.failed, verdict.message ?? "nothing has changed") }
        if request.patience == .end { await master.retiredWorkersGone() }
        return ScaleAnswer(verdict)
    }

    private static func stop(_ master: Master, _ request: ControlRequest, fast: Bool) async -> any ControlAnswer {
        master.requestStop(fast: fast)
        if request.patience == .started { return StartedAnswer(what: fast ? "stopping" : "draining") }
        await master.control?.waitForEnd()
        return EndedAnswer()
    }

    private static func setLogLevel(_ master: Master, _ request: ControlRequest) async throws(ControlRefusal)
        -> any ControlAnswer
    {
        let level = try request.logLevel()
        master.setLogLevel(level)
        return LogLevelAnswer(level: level.rawValue)
    }
}

extension ControlRequest {
    /// The level of the log that is asked for.
    func logLevel() throws(ControlRefusal) -> Logger.Level {
        guard let name = argument, let level = Logger.Level(rawValue: name) else {
            let levels = Logger.Level.allCases.map(\.rawValue).joined(separator: ", ")
            throw ControlRefusal(.misuse, "unknown log level \"\(argument ?? "")\": write one of \(levels)")
        }
        return level
    }
}
