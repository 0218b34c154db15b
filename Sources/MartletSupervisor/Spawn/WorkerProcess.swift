import CMartlet
import Glibc
import Logging
import MartletLoop

/// A worker as its supervisor knows it: a process, a channel to it, and its block of the statistics.
final class WorkerProcess {
    let id: WorkerID
    let slot: Int
    let generation: Int
    let child: ChildProcess
    let statistics: WorkerStatistics
    let metrics: MetricsLedger.Page
    let startedAt = EventLoop.Instant.readClock()

    /// Only `Supervisor` changes it, and reads the clock for it.
    var state: WorkerState
    /// Set once the process has been reaped.
    private(set) var exit: TerminationStatus?
    /// What the worker said itself about why it cannot serve, or why it leaves although nobody has told it to.
    private(set) var failure: String?
    /// The certificates that it uses, or has been told to use.
    var certificatesVersion: Int
    /// The certificates that it was last asked to make ready.
    var askedForCertificates = 0
    /// What it has said about certificates that it was to make ready.
    private(set) var prepared: (version: Int, problem: String?)?
    /// Whether it belongs to a reload that is not committed.
    var isCandidate: Bool
    /// Whether it was told to end at once.
    var isStopping = false
    /// Whether it is not wanted any more; it drains as soon as others have taken over.
    var isRetiring = false
    var stallWatch: StallWatch
    var rate = RequestRate()
    var processorLoad = ProcessorLoad()

    private let channel: WorkerChannel
    private let onChange: () -> Void
    private let onEvent: (Logger.Level, String) -> Void

    init(
        id: WorkerID, slot: Int, generation: Int, isCandidate: Bool, child: ChildProcess, channel: WorkerChannel,
        statistics: WorkerStatistics, metrics: MetricsLedger.Page, certificatesVersion: Int,
        startDeadline: EventLoop.Instant, onChange: @escaping () -> Void,
        onEvent: @escaping (Logger.Level, String) -> Void
    ) {
        self.id = id
        self.slot = slot
        self.generation = generation
        self.isCandidate = isCandidate
        self.child = child
        self.channel = channel
        self.statistics = statistics
        self.metrics = metrics
        self.certificatesVersion = certificatesVersion
        self.onChange = onChange
        self.onEvent = onEvent
        state = .starting(deadline: startDeadline)
        stallWatch = StallWatch(ticks: 0, at: startedAt)
        channel.onPacket = { [unowned self] in self.take($0, descriptors: $1) }
        child.onExit = { [weak self] in self?.ended($0) }
    }

    var pid: Int32 { child.pid }
    /// Turns of its loop.
    var ticks: UInt64 { statistics.loop.load(.ticks) }
    /// Whether it accepts connections from its slot's sockets, and is to.
    var isAccepting: Bool { state.isReady && !isRetiring }

    /// Tells it something.
    func send(_ command: WorkerCommand, descriptors: [Int32] = []) {
        do throws(WorkerMessageError) {
            channel.send(try command.encoded(), descriptors: descriptors)
        } catch {
            // Only a list of listeners can be too long, and that was encoded once already for the start.
            onEvent(.error, "worker \(pid) of slot \(slot) cannot be told something: \(error)")
        }
    }

    /// Has it make certificates ready, whose memory file gets a copy for it.
    func prepare(certificates: Int32, version: Int) {
        do {
            try channel.send(try WorkerCommand.prepareTLS(version: version).encoded(), copying: certificates)
        } catch {
            onEvent(.error, "worker \(pid) of slot \(slot) cannot be sent certificates: \(error)")
        }
    }

    /// Sends a signal. It cannot fail while the process has not been reaped, and does nothing afterwards.
    func signal(_ number: Int32) {
        do throws(SystemError) {
            try child.signal(number)
        } catch {
            onEvent(.error, "\(error)")
        }
    }

    /// Ends it without asking; `reason` is remembered for what its end means.
    func kill(_ reason: WorkerState.Killing) {
        state = .killed(reason)
        signal(SIGKILL)
    }

    /// Closes the supervisor's end of the channel, after the process has been reaped.
    func close() {
        channel.close()
    }

    private func ended(_ status: TerminationStatus) {
        // Its last words may say why.
        channel.receiveAll()
        exit = status
        onChange()
    }

    private func take(_ packet: [UInt8], descriptors: [Int32]) {
        // No report has any.
        for descriptor in descriptors { Glibc.close(descriptor) }
        do throws(WorkerMessageError) {
            hear(try WorkerReport(decoding: packet))
        } catch {
            onEvent(.error, "worker \(pid) of slot \(slot) is ended: \(error)")
            if !state.isLeaving { kill(.failedStart("\(error)")) }
        }
    }

    private func hear(_ report: WorkerReport) {
        switch report {
        case .ready:
            guard case .starting(let deadline) = state else { return }
            state = .proving(ticks: ticks, deadline: deadline)
            // Whatever it is told makes its loop turn once more, which is the proof that is waited for.
            send(.logLevel(LogSetup.level.rawValue))
        case .failed(let reason): failure = reason
        case .event(let level, let text): onEvent(Logger.Level(rawValue: level) ?? .warning, text)
        case .drained: break  // its end follows, and says as much
        case .preparedTLS(let version): prepared = (version, nil)
        case .refusedTLS(let version, let reason): prepared = (version, reason)
        }
        onChange()
    }
}

/// The share of a CPU that a process used of late.
struct ProcessorLoad {
    private var last: (microseconds: UInt64, at: EventLoop.Instant)?
    /// 100 is one whole CPU.
    private(set) var percent = 0.0

    mutating func record(microseconds: UInt64, at instant: EventLoop.Instant) {
        if let last, instant > last.at {
            let used = microseconds > last.microseconds ? microseconds - last.microseconds : 0
            percent = Double(used) * 1e5 / Double(instant.nanoseconds - last.at.nanoseconds)
        }
        last = (microseconds, instant)
    }
}
