import CoreMetrics
import Glibc
import Logging
import MartletLoop

/// A process that serves without supervisor: what it counts, and the control socket that tells it, in the same words as a
/// supervisor's.
@MainActor  // Spelled out: see HTTPServer.
public final class LoneProcess {
    /// Where the event loop and the server count.
    public let statistics: WorkerStatistics
    /// The backend of swift-metrics, to be bootstrapped.
    public let metrics: any MetricsFactory

    private let memory: StatisticsMemory
    private let ledger = MetricsLedger()
    private var control: ControlServer?
    /// Ends the process: at once, or when what is under way is done.
    private var stop: ((_ fast: Bool) -> Void)?

    /// Its place among a service's slots.
    private static let slot = 0

    /// - Throws: when there is no memory for what is counted.
    public init() throws(SystemError) {
        memory = try StatisticsMemory()
        statistics = try memory.allocate(slot: Self.slot)
        metrics = SharedMetricsFactory(memory: try ledger.allocate().memory)
        try memory.count(.workersStarted, slot: Self.slot)
        statistics.process.set(.startedAtUnix, UInt64(max(0, time(nil))))
        EventLoop.main.report(into: statistics.loop)
    }

    isolated deinit {
        control?.close()
    }

    /// Serves a control socket, until ``finish()``.
    ///
    /// - Parameters:
    ///   - plan: where.
    ///   - stop: ends the process: at once, or when what is under way is done.
    /// - Throws: what keeps the socket from being served, such as a daemon that serves it.
    public func serveControl(_ plan: ControlPlan, stop: @escaping (_ fast: Bool) -> Void) throws(SystemError) {
        self.stop = stop
        control = try ControlServer(plan: plan, commands: Self.commands.map { $0.bound(to: self) })
    }

    /// Gives the last answers, and closes the control socket.
    public func finish() async {
        await control?.finish()
        control = nil
    }

    // MARK: What it answers

    static let commands: [ControlCommand<LoneProcess>] = [
        ControlCommand(words: ["help"], route: .get("/v1/help"), help: "this list") { _, _ in HelpAnswer(commands) },
        ControlCommand(words: ["show", "stat"], route: .get("/v1/stats"), help: "all counters") { process, _ in
            StatisticsAnswer(snapshot: process.snapshot())
        },
        ControlCommand(
            words: ["show", "metrics"], route: .get("/v1/metrics"), help: "all of that as Prometheus reads it"
        ) { process, _ in MetricsAnswer(process.snapshot()) },
        ControlCommand(
            words: ["drain"], route: .post("/v1/drain"), waits: [.end],
            help: "finish what is under way, then end the process (TERM)"
        ) { process, request in await process.end(request, fast: false) },
        ControlCommand(
            words: ["stop"], route: .post("/v1/stop"), waits: [.end],
            help: "end the process at once, cutting requests off"
        ) { process, request in await process.end(request, fast: true) },
        ControlCommand(
            words: ["set", "log-level"], parameter: "level", route: .post("/v1/log-level"),
            help: "log from this level on"
        ) { (_, request) async throws(ControlRefusal) in
            let level = try request.logLevel()
            LogSetup.level = level
            return LogLevelAnswer(level: level.rawValue)
        },
    ]

    private func snapshot() -> StatisticsSnapshot {
        if let facts = ProcessFacts.read(pid: getpid(), thoroughly: true) { statistics.record(facts) }
        // Without memory for it the figure stays as it was.
        if let counters = try? memory.service() { counters.set(.metricsDropped, ledger.droppedCount) }
        var snapshot = memory.snapshot()
        snapshot.metrics = ledger.totals()
        return snapshot
    }

    private func end(_ request: ControlRequest, fast: Bool) async -> any ControlAnswer {
        stop?(fast)
        if request.patience == .started { return StartedAnswer(what: fast ? "stopping" : "draining") }
        await control?.waitForEnd()
        return EndedAnswer()
    }
}
