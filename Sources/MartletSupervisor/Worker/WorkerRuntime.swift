import CMartlet
import Glibc
import Logging
import MartletLoop
import MartletServer

/// The worker's side of the supervisor: takes what it was given, tells that it is ready, and does what it is told until
/// it ends.
///
/// ```swift
/// exit(await WorkerRuntime.run { context in
///     let configuration = try decode(context.payload)
///     try LogSetup.bootstrap(target: configuration.log, level: context.logLevel, identity: context.identity)
///     return HTTPWorkerService(server: HTTPServer(router: router, counters: context.statistics.http))
/// })
/// ```
public final class WorkerRuntime {
    /// What the supervisor passes, from descriptor 3 on; listening sockets follow.
    private enum Passed {
        static let channel: Int32 = 3
        static let statistics: Int32 = 4
        static let configuration: Int32 = 5
        static let metrics: Int32 = 6
        static let rateLimits: Int32 = 7
        static let bus: Int32 = 8
        static let certificates: Int32 = 9
        static let ticketKeys: Int32 = 10
        static let firstListener: Int32 = 11
    }

    /// An idle loop turns that often, so that the supervisor sees that it can. It must be well below the shortest stall
    /// timeout, a second.
    private static let heartbeat: Duration = .milliseconds(250)
    /// How long the first message may take.
    private static let patience: Duration = .seconds(10)
    /// How long it drains when nobody says how long, because the supervisor is gone or the worker itself got a TERM.
    private static let ownDrainTimeout: Duration = .seconds(30)
    /// How long stop hooks may take once everything is cut off.
    private static let stopTimeout: Duration = .seconds(2)
    /// Between two looks whether a listener's queue is empty, and how many looks there are before it is given up.
    private static let sweepInterval: Duration = .milliseconds(1)
    private static let mostSweeps = 50

    private enum State {
        case starting
        case serving
        case draining
        case stopping
        case ended
    }

    private let channel: WorkerChannel
    private let makeService: (WorkerContext) async throws -> any WorkerService
    private var service: (any WorkerService)?
    /// Kept here whether the application has a use for it or not: somebody has to read what arrives.
    private var bus: RelayedBus?
    /// The keys for session tickets, and which of them are in use.
    private var ticketKeys: TicketKeyMemory?
    private var ticketSequence: UInt64 = 0
    /// The version of certificates that are ready, and not in use yet.
    private var preparedTLS: Int?
    private var state = State.starting
    /// Whether the first message has come.
    private var hasBegun = false
    private var own: [WorkerListener] = []
    private var adopted: [Int: [WorkerListener]] = [:]
    private var throttle = EventThrottle()
    private var signals: [SignalWatch] = []
    private var end: UnsafeContinuation<Int32, Never>?
    private lazy var pulse = LoopTimer { [unowned self] in self.beat() }

    /// Runs the worker until it is told to end, or its supervisor is gone; returns the process's exit code.
    ///
    /// - Parameter makeService: makes what serves the sockets; whatever it throws is shown to the operator as the
    ///   reason why the configuration cannot be used.
    public static func run(_ makeService: @escaping (WorkerContext) async throws -> any WorkerService) async -> Int32 {
        do throws(SystemError) {
            let runtime = WorkerRuntime(channel: try WorkerChannel(Passed.channel), makeService: makeService)
            return await runtime.run()
        } catch {
            let text = Array("this command is only for the supervisor to use (\(error))\n".utf8)
            _ = text.withUnsafeBytes { write(STDERR_FILENO, $0.baseAddress, $0.count) }
            return 2
        }
    }

    private init(channel: WorkerChannel, makeService: @escaping (WorkerContext) async throws -> any WorkerService) {
        self.channel = channel
        self.makeService = makeService
    }

    private func run() async -> Int32 {
        setCloseOnExec(Passed.channel..<Passed.firstListener)
        channel.onPacket = { [unowned self] in self.take($0, descriptors: $1) }
        channel.onEnd = { [unowned self] in self.supervisorIsGone() }
        EventLoop.main.callLater(Self.patience) { [self] in
            if state == .starting, !hasBegun { finish(1) }
        }
        return await withUnsafeContinuation { end = $0 }
    }

    // MARK: Start

    private func begin(_ start: WorkerStart) {
        do {
            signals = try watchSignals()
            martlet_install_backtrace_handler()
            setCloseOnExec(Passed.firstListener..<Passed.firstListener + Int32(start.listeners.count))
            own = start.listeners.enumerated().map { index, listener in
                WorkerListener(
                    name: listener.name, address: listener.address, descriptor: Passed.firstListener + Int32(index))
            }
            let statistics = try WorkerStatistics.map(
                descriptor: Passed.statistics, offset: start.statisticsOffset, blockSize: start.blockSize)
            close(Passed.statistics)
            EventLoop.main.report(into: statistics.loop)
            ticketKeys = try Self.openTicketKeys()
            let bus = try RelayedBus(Passed.bus)
            self.bus = bus
            let context = try context(
                start, statistics: statistics, metrics: try Self.openMetrics(), rateLimits: try Self.openRateLimits(),
                bus: bus)
            beat()
            Task { await serve(context) }
        } catch {
            fail(error)
        }
    }

    /// Has the service made, which may take its time: the supervisor watches how long.
    private func serve(_ context: WorkerContext) async {
        do {
            let service = try await makeService(context)
            guard state == .starting else { return await service.stop() }
            service.onDrained = { [unowned self] in self.drained() }
            takeTicketKeys(for: service)
            bus?.startReading()
            try service.accept(from: own)
            self.service = service
            state = .serving
            tell(.ready)
            service.onFailure = { [unowned self] in self.leave(because: $0) }
        } catch {
            fail(error)
        }
    }

    private func fail(_ error: any Error) {
        guard state == .starting else { return }
        tell(.failed("\(error)"))
        finish(1)
    }

    private func context(
        _ start: WorkerStart, statistics: WorkerStatistics, metrics: MetricsMemory, rateLimits: RateLimitTable,
        bus: RelayedBus
    ) throws(SystemError) -> WorkerContext {
        WorkerContext(
            slot: start.slot, generation: start.generation,
            payload: try Self.read(Passed.configuration, "the configuration"),
            tlsMaterial: try Self.read(Passed.certificates, "the certificates"),
            identity: LogIdentity(name: start.identity, slot: start.slot, generation: start.generation),
            logLevel: Logger.Level(rawValue: start.logLevel) ?? .info, statistics: statistics,
            metrics: SharedMetricsFactory(memory: metrics), rateLimits: rateLimits, bus: bus,
            report: { [weak self] level, text in self?.report(level, text) })
    }

    private static func openMetrics() throws(SystemError) -> MetricsMemory {
        let operation = "map the memory for metrics"
        let base = try SharedMemory.map(Passed.metrics, offset: 0, size: MetricsMemory.size, operation)
        close(Passed.metrics)
        guard let memory = MetricsMemory(opening: base) else { throw notThisBuild(operation) }
        return memory
    }

    private static func openRateLimits() throws(SystemError) -> RateLimitTable {
        let operation = "map the table of rate limits"
        let size = RateLimitTable.size()
        let base = try SharedMemory.map(Passed.rateLimits, offset: 0, size: size, operation)
        close(Passed.rateLimits)
        guard let table = RateLimitTable(opening: base, size: size) else { throw notThisBuild(operation) }
        return table
    }

    private static func openTicketKeys() throws(SystemError) -> TicketKeyMemory {
        let operation = "map the keys for session tickets"
        let base = try SharedMemory.map(
            Passed.ticketKeys, offset: 0, size: TicketKeyMemory.size, operation, isWritable: false)
        close(Passed.ticketKeys)
        guard let memory = TicketKeyMemory(opening: base) else { throw notThisBuild(operation) }
        return memory
    }

    private static func notThisBuild(_ operation: String) -> SystemError {
        SystemError(
            operation, code: EINVAL, advice: "supervisor and worker must be the same build; restart the service")
    }

    /// A sealed memory file's content: it is complete, and nobody can change it. The file is closed.
    private static func read(_ file: Int32, _ what: String) throws(SystemError) -> [UInt8] {
        defer { close(file) }
        var facts = stat()
        guard fstat(file, &facts) == 0 else { throw SystemError("find \(what)") }
        let size = Int(facts.st_size)
        var count = 0
        let bytes = [UInt8](unsafeUninitializedCapacity: size) { buffer, used in
            count = size == 0 ? 0 : pread(file, buffer.baseAddress, size, 0)
            used = max(0, count)
        }
        guard count == size else { throw SystemError("read \(what)") }
        return bytes
    }

    private func watchSignals() throws(SystemError) -> [SignalWatch] {
        let loop = EventLoop.main
        // What the supervisor gets, and decides about for all.
        let left = [SIGINT, SIGHUP, SIGTTIN, SIGTTOU, SIGUSR2]
        var watches: [SignalWatch] = []
        for number in left { watches.append(try loop.onSignal(number) {}) }
        for number in [SIGTERM, SIGQUIT] {
            watches.append(try loop.onSignal(number) { [unowned self] in leave(because: "it got signal \(number)") })
        }
        watches.append(try loop.onSignal(SIGUSR1) { [unowned self] in reopenLogs() })
        return watches
    }

    private func setCloseOnExec(_ descriptors: Range<Int32>) {
        for descriptor in descriptors { _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC) }
    }

    private func beat() {
        guard state != .ended else { return }
        pulse.arm(at: EventLoop.main.now + Self.heartbeat)
        if let service, ticketKeys?.sequence != ticketSequence { takeTicketKeys(for: service) }
    }

    /// Has the service use the keys as they are now; none of them are new to the other workers.
    private func takeTicketKeys(for service: any WorkerService) {
        guard let memory = ticketKeys else { return }
        let sequence = memory.sequence
        guard let keys = memory.read() else { return }
        ticketSequence = sequence
        service.use(keys)
    }

    // MARK: What the supervisor says

    private func take(_ packet: [UInt8], descriptors: [Int32]) {
        do throws(WorkerMessageError) {
            obey(try WorkerCommand(decoding: packet), descriptors: descriptors)
        } catch {
            for descriptor in descriptors { close(descriptor) }
            report(.error, "\(error)")
        }
    }

    private func obey(_ command: WorkerCommand, descriptors: [Int32]) {
        if case .adopt(let slot, let listeners) = command {
            adopt(slot: slot, listeners: listeners, descriptors: descriptors)
            return
        }
        if case .prepareTLS(let version) = command { return prepareTLS(version, descriptors) }
        for descriptor in descriptors { close(descriptor) }
        switch command {
        case .start(let start):
            guard !hasBegun else { return }
            hasBegun = true
            begin(start)
        case .adopt, .prepareTLS: break  // see above
        case .release(let slot): release(slot: slot)
        case .drain(let milliseconds): drain(within: .milliseconds(milliseconds))
        case .stop: stop()
        case .logLevel(let name): if let level = Logger.Level(rawValue: name) { LogSetup.level = level }
        case .reopenLogs: reopenLogs()
        case .useTLS(let version): useTLS(version)
        }
    }

    // MARK: Certificates

    private func prepareTLS(_ version: Int, _ descriptors: [Int32]) {
        preparedTLS = nil
        for descriptor in descriptors.dropFirst() { close(descriptor) }
        do {
            guard let file = descriptors.first else { throw WorkerError("the certificates have not arrived") }
            let material = try Self.read(file, "the certificates")
            guard let service else { throw WorkerError("it does not serve yet") }
            try service.prepareTLS(material)
            preparedTLS = version
            tell(.preparedTLS(version: version))
        } catch {
            tell(.refusedTLS(version: version, reason: "\(error)"))
        }
    }

    private func useTLS(_ version: Int) {
        guard preparedTLS == version, let service else { return }
        preparedTLS = nil
        do {
            try service.usePreparedTLS()
            takeTicketKeys(for: service)
        } catch {
            report(.error, "the certificates cannot be used: \(error)")
        }
    }

    private func adopt(slot: Int, listeners: [ListenerDescription], descriptors: [Int32]) {
        guard state == .serving, let service, listeners.count == descriptors.count else {
            for descriptor in descriptors { close(descriptor) }
            return
        }
        release(slot: slot)
        let taken = zip(listeners, descriptors).map {
            WorkerListener(name: $0.name, address: $0.address, descriptor: $1)
        }
        for listener in taken {
            do {
                try service.accept(from: [listener])
                adopted[slot, default: []].append(listener)
            } catch {
                close(listener.descriptor)
                report(.error, "slot \(slot)'s \(listener.address) cannot be adopted: \(error)")
            }
        }
    }

    private func release(slot: Int) {
        guard let listeners = adopted.removeValue(forKey: slot), state == .serving else { return }
        service?.leave(listeners)
    }

    private func reopenLogs() {
        do throws(SystemError) {
            try LogSetup.reopen()
        } catch {
            report(.error, "\(error)")
        }
    }

    private func supervisorIsGone() {
        Logger(label: "martlet.worker").critical("the supervisor is gone: finishing what is under way")
        if state == .starting { finish(1) } else { drain(within: Self.ownDrainTimeout) }
    }

    // MARK: End

    /// Ends unasked; the supervisor hears of it at once, and has the slot's sockets accepted from elsewhere.
    private func leave(because reason: String) {
        guard state == .serving else { return }
        tell(.failed(reason))
        drain(within: Self.ownDrainTimeout)
    }

    private func drain(within timeout: Duration) {
        if state == .starting { return finish(0) }
        guard state == .serving else { return }
        state = .draining
        EventLoop.main.callLater(timeout) { [self] in stop() }
        sweep(left: Self.mostSweeps)
    }

    /// Goes on accepting until the queues are empty: where nobody else accepts from these sockets, what waits there
    /// would be lost.
    private func sweep(left: Int) {
        let listeners = own + adopted.values.flatMap { $0 }
        var polled = listeners.map { pollfd(fd: $0.descriptor, events: Int16(POLLIN), revents: 0) }
        let waiting = poll(&polled, nfds_t(polled.count), 0)
        if waiting > 0, left > 0, state == .draining {
            EventLoop.main.callLater(Self.sweepInterval) { [self] in sweep(left: left - 1) }
        } else if state == .draining {
            own = []
            adopted = [:]
            service?.drain()
        }
    }

    private func drained() {
        guard state == .draining else { return }
        tell(.drained)
        finish(0)
    }

    private func stop() {
        guard state != .ended, state != .stopping else { return }
        guard let service else { return finish(0) }
        state = .stopping
        EventLoop.main.callLater(Self.stopTimeout) { [self] in finish(0) }
        Task {
            await service.stop()
            finish(0)
        }
    }

    private func finish(_ code: Int32) {
        guard let end else { return }
        state = .ended
        self.end = nil
        pulse.cancel()
        end.resume(returning: code)
    }

    // MARK: What the supervisor hears

    private func report(_ level: Logger.Level, _ text: String) {
        let (isAdmitted, held) = throttle.admit(at: .readClock())
        guard isAdmitted else { return }
        tell(.event(level: level.rawValue, text: held == 0 ? text : "\(text) (and \(held) more before it)"))
    }

    private func tell(_ report: WorkerReport) {
        do throws(WorkerMessageError) {
            channel.send(try report.encoded())
        } catch {
            // Every text of a report is shortened to what a message may hold.
            Logger(label: "martlet.worker").error("\(error)")
        }
    }
}
