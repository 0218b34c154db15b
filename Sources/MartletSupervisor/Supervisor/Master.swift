import Glibc
import Logging
import MartletLoop
import MartletNet
import MartletServer

/// The running supervisor: one loop that waits until something has happened, and then looks at everything in the same
/// order.
///
/// Signals, ended processes, workers' messages, control commands and timers only leave a note and ring the bell. What
/// follows from it is decided in `pass`, from the present state and not from the event, so that no order of events is
/// special.
final class Master {
    /// What the program says about itself.
    struct Program {
        let version: String
        let configurationPath: String?
        let load: () throws -> SupervisorPlan
    }

    enum Phase {
        /// The first generation is on its way.
        case starting
        case running
        case stopping
    }

    let program: Program
    let notifier: SystemdNotifier
    let statistics: StatisticsMemory
    let metrics = MetricsLedger()
    /// What the workers' rate limits count in; it outlives all of them.
    let rateLimits: SharedMemory
    /// The keys that the workers encrypt session tickets with; they outlive all of them too.
    let ticketKeys: SharedMemory
    let ticketKeyMemory: TicketKeyMemory
    private(set) lazy var bus = BusRelay { [unowned self] in note($0, $1) }
    let spawner: WorkerSpawner
    let logger = Logger(label: "martlet.supervisor")
    let bell = Bell()
    let startedAt = EventLoop.Instant.readClock()

    var plan: SupervisorPlan
    var phase = Phase.starting
    /// How many workers there are to be: what the configuration says, until `scale` says otherwise.
    var wanted: Int
    var generation = 1
    var slots: [Slot] = []
    var sockets: SocketTable
    /// Sockets of removed addresses, until the workers that accept from them have ended.
    var leavingSockets: [(sockets: [ListenerSockets], workers: Set<WorkerID>)] = []
    /// What workers of the present generation read.
    var files: WorkerFiles
    /// The last version of certificates that there was.
    private var lastCertificatesVersion = 1
    var certificateReload: RunningCertificateReload?
    var waitingForCertificates: [UnsafeContinuation<Void, Never>] = []
    var certificateWatch: FileWatch?
    /// Why the last reload of the certificates came to nothing.
    var lastCertificateFailure: [String] = []
    var certificateWarnings = CertificateWarnings()
    /// When the keys for session tickets change next.
    var nextTicketRotation: EventLoop.Instant
    var lastWorkerNumber: UInt64 = 0
    /// Who accepts from the sockets of which other slot.
    var coverage: [Int: WorkerID] = [:]
    var errorLog = ErrorLog()

    /// The time of this pass.
    var now = EventLoop.Instant.readClock()
    var firstFailures: [Int: String] = [:]
    var reload: RunningReload?
    var lastReload: LastReload?
    var scaling: RunningScale?
    var departures: [Departure] = []
    /// What signals have asked for and could not be begun yet.
    var wishes = Wishes()
    var stop: RunningStop?
    var status = StatusReporter()
    var control: ControlServer?
    private var signals: [SignalWatch] = []
    private lazy var alarm = LoopTimer { [unowned self] in self.bell.ring() }
    private var lastPass = EventLoop.Instant.readClock()

    /// Opens everything that is needed: sockets, memory, the control socket.
    ///
    /// - Throws: `SystemError`, what could not be opened.
    init(plan: SupervisorPlan, program: Program, notifier: SystemdNotifier) throws {
        self.plan = plan
        self.program = program
        self.notifier = notifier
        wanted = plan.workers
        statistics = try StatisticsMemory()
        rateLimits = try SharedMemory("martlet-rate-limits", size: RateLimitTable.size())
        _ = RateLimitTable.create(in: rateLimits.base)
        ticketKeys = try SharedMemory("martlet-ticket-keys", size: TicketKeyMemory.size)
        ticketKeyMemory = TicketKeyMemory.create(in: ticketKeys.base)
        nextTicketRotation = now + (plan.tls?.ticketRotation ?? .seconds(3600))
        spawner = try WorkerSpawner()
        files = try WorkerFiles(plan, certificatesVersion: 1)
        sockets = SocketTable(passed: try SocketTable.passedBySystemd())
        let change = try sockets.prepare(plan.listeners, slots: plan.workers)
        sockets.apply(change)
        do {
            extendSlots()
            signals = try watchSignals()
            if let controlPlan = plan.control {
                control = try ControlServer(
                    plan: controlPlan, commands: ControlCommands.all.map { $0.bound(to: self) })
            }
        } catch {
            sockets.close()
            throw error
        }
    }

    /// Runs until everything has ended.
    ///
    /// - Throws: `WorkersCannotStart`.
    func run() async throws -> SupervisorExit {
        LogSetup.level = plan.logLevel
        tellStart()
        certificatesChanged()
        bell.ring()
        do {
            repeat {
                await bell.wait()
                try pass()
            } while !hasEnded
        } catch {
            endAtOnce()
            throw error
        }
        await control?.finish()
        notifier.close()
        tellEnd()
        return .ok
    }

    /// Looks at everything once.
    private func pass() throws(WorkersCannotStart) {
        now = .readClock()
        reap()
        watchWorkers(isLate: now - lastPass > lookInterval * 3)
        try concludeStart()
        terminate()
        reconfigure()
        settleCertificates()
        startWorkers()
        cover()
        retireWorkers()
        settle()
        report()
        lastPass = now
        alarm.arm(at: nextDeadline)
    }

    /// How often to look at the workers when nothing happens.
    var lookInterval: Duration { max(.milliseconds(100), min(.seconds(1), stallTimeout / 4)) }
    var stallTimeout: Duration { max(.seconds(1), plan.stallTimeout) }

    /// All figures and the application's metrics, now.
    func snapshot() -> StatisticsSnapshot {
        // Without memory for them the figures stay as they were.
        if let counters = try? statistics.service() {
            counters.set(.metricsDropped, metrics.droppedCount)
            counters.set(.busMessages, bus.figures.messages)
            counters.set(.busBytes, bus.figures.bytes)
            counters.set(.busDropped, bus.figures.dropped)
        }
        var snapshot = statistics.snapshot()
        let unixTime = Int64(time(nil))
        snapshot.certificates = (plan.tls?.certificates ?? []).map { CertificateFacts($0, at: unixTime) }
        snapshot.metrics = metrics.totals()
        return snapshot
    }

    /// All living processes.
    var workers: [WorkerProcess] { slots.flatMap(\.workers) }

    private var hasEnded: Bool { phase == .stopping && slots.allSatisfy { $0.workers.isEmpty } }

    private var nextDeadline: EventLoop.Instant {
        var next = now + lookInterval
        if let interval = notifier.watchdogInterval { next = min(next, status.lastWatchdog + interval / 2) }
        for slot in slots {
            for worker in slot.workers {
                if let deadline = worker.state.deadline { next = min(next, deadline) }
                // Its loop turns within the millisecond, and there is nothing that could tell.
                if case .proving = worker.state { next = min(next, now + .milliseconds(1)) }
            }
            if slot.index < wanted, slot.current == nil, slot.restsUntil > now { next = min(next, slot.restsUntil) }
        }
        return next
    }

    /// A number for certificates that there was none of before.
    func nextCertificatesVersion() -> Int {
        lastCertificatesVersion += 1
        return lastCertificatesVersion
    }

    /// Makes slots for all sockets and all wanted workers.
    func extendSlots() {
        for index in slots.count..<max(slots.count, wanted, sockets.slotCount) { slots.append(Slot(index: index)) }
    }

    /// The processes are gone, or are to be.
    private func endAtOnce() {
        if phase != .stopping { notifier.stopping() }
        for worker in workers { worker.kill(.unwanted) }
        certificateWatch?.cancel()
        sockets.close()
        control?.close()
    }
}
