import CMartlet
import FoundationEssentials
import Glibc
import MartletLoop

/// A bounded number of processes for work that must share no memory with the loop: see `offloadProcess`.
///
/// The processes are this program, started anew and taken over before its `main`. There is none before the first call,
/// one more only while all others are busy, and none again after some idle time. Each is killed when this process ends,
/// and is the first that the kernel kills when memory runs out. What they write to standard output and standard error
/// arrives on this process's own.
///
/// A pool that is not closed goes away with its last idle process.
///
/// A process that crashes fails the call whose work it had, and is replaced when there is more to do; when one after
/// the other crashes, the next start waits, for a tenth of a second at first and five seconds at most.
public final class ProcessPool {
    /// The pool that `offloadProcess` uses unless told otherwise: as many processes as there are CPUs.
    public static let shared = ProcessPool(processes: max(1, Int(martlet_affinity(nil, 0))), name: "shared")

    /// What its processes are called, and errors name.
    public nonisolated let name: String
    /// How many bytes the work and its output may have when encoded.
    public nonisolated let messageLimit: Int
    /// How many processes there are, busy, idle or ending.
    public private(set) var processes = 0
    /// How many processes have ended without being asked to.
    public private(set) var crashes = 0

    private let slots: SlotQueue
    private let coders: ThreadPool
    private let maximumJobsPerProcess: Int
    private let timeout: Duration?
    private let idleTime: Duration
    private let closing = WaitQueue<Void, Void>()
    private var idle: [PoolProcess] = []
    private var isReaping = false
    private var backOff = BackOff()

    /// How long a process may take until it is ready; it is loaded and linked meanwhile.
    private static let startTimeout = Duration.seconds(30)
    /// Errors and the like are let through even when hardly any output is.
    private static let leastFrameLimit = 1 << 20
    /// Up to here decoding on the loop takes less than handing it to a thread and back, or little more.
    private static let bytesDecodedOnLoop = 1024

    /// A pool of one's own. Starts nothing.
    ///
    /// - Parameters:
    ///   - processes: how many there may be, at least 1.
    ///   - queueLimit: how many calls may wait when all of them are busy.
    ///   - maximumJobsPerProcess: after how many a process is replaced, against leaks; `nil` for no limit.
    ///   - timeout: how long work may run unless the call says otherwise; `nil` for no limit.
    ///   - messageLimit: how many bytes the work and its output may have when encoded, less than 4 GiB.
    ///   - idleTime: after how long without work a process ends.
    ///   - name: what the processes are called; the system shows the first 15 bytes.
    public init(
        processes: Int, queueLimit: Int = 1024, maximumJobsPerProcess: Int? = nil, timeout: Duration? = nil,
        messageLimit: Int = 64 << 20, idleTime: Duration = .seconds(30), name: String = "pool"
    ) {
        require(
            maximumJobsPerProcess ?? 1 >= 1, "process pool \"\(name)\": a process cannot do less than one piece of work"
        )
        self.name = name
        self.messageLimit = min(max(0, messageLimit), Frame.largest - Self.leastFrameLimit)
        self.maximumJobsPerProcess = maximumJobsPerProcess ?? .max
        self.timeout = timeout
        self.idleTime = idleTime
        slots = SlotQueue(limit: processes, queueLimit: queueLimit, owner: name)
        // The slots bound how many calls there are.
        coders = ThreadPool(threads: 2, queueLimit: .max, name: "\(name) coder")
    }

    /// How many processes there may be.
    public nonisolated var processLimit: Int { slots.limit }

    /// How many calls may wait for a process.
    public nonisolated var queueLimit: Int { slots.queueLimit }

    /// How many processes have work, or are started for it.
    public var busy: Int { slots.busy }

    /// How many calls wait for a process.
    public var queued: Int { slots.queued }

    /// How many calls were refused because the queue was full.
    public var rejected: Int { slots.rejected }

    /// Takes no more work, and waits until what it has in hand and in its queue is done and its processes have ended.
    ///
    /// - Throws: `CancellationError` when the waiting task is cancelled; the pool goes on closing.
    public func close() async throws(CancellationError) {
        require(self !== ProcessPool.shared, "the shared process pool cannot be closed: others use it")
        slots.close()
        dismissIfFinished()
        EventLoop.main.externalWork += 1
        defer { EventLoop.main.externalWork -= 1 }
        while busy > 0 || processes > 0 { try await closing.wait(()) }
        try await coders.close()
    }

    // MARK: Work

    /// See `offloadProcess`.
    func run<Work: ProcessWork>(_ work: Work, timeout: Duration?) async throws -> Work.Output {
        try await slots.take()
        EventLoop.main.externalWork += 1
        defer {
            EventLoop.main.externalWork -= 1
            slots.giveBack()
            dismissIfFinished()
        }
        let limit = messageLimit
        let request = try await offload(on: coders) {
            let bytes = try WorkCoding.request(work, limit: limit)
            return Parcel(bytes, size: bytes.count)
        }
        let answer = try await answer(to: request, of: "\(Work.self)", within: timeout ?? self.timeout)
        guard max(request.size, answer.size) > Self.bytesDecodedOnLoop else {
            return try WorkCoding.output(of: Work.self, in: answer.take())
        }
        return try await offload(on: coders) {
            _ = request.take()
            return try WorkCoding.output(of: Work.self, in: answer.take())
        }
    }

    private func answer(
        to request: Parcel<Data>, of work: String, within timeout: Duration?
    ) async throws -> Parcel<Frame> {
        let process = try await readyProcess(for: work)
        let answer: PoolProcess.Answer
        do {
            answer = try await process.exchange(request, within: timeout)
        } catch {
            await end(process, killing: true)
            throw error
        }
        switch answer {
        case .frame(let frame):
            backOff.reset()
            keep(process)
            return frame
        case .timedOut:
            await end(process, killing: true)
            throw ProcessWorkError(
                .timedOut, work: work, "it was not done within \(timeout ?? .zero), and its process was killed")
        case .ended, .invalid:
            let (status, lastWords) = await lost(process)
            throw ProcessWorkError(
                .crashed, work: work, "the process \(status) before it was done", status: status,
                standardError: lastWords)
        }
    }

    // MARK: Processes

    /// The one that had work last, because its memory is warm; or a new one.
    private func readyProcess(for work: String) async throws -> PoolProcess {
        if let process = idle.popLast() {
            process.onLoss = nil
            return process
        }
        if let delay = backOff.delay { try await pause(for: delay) }
        let process = try PoolProcess(name: name, frameLimit: max(messageLimit, Self.leastFrameLimit))
        processes += 1
        let answer: PoolProcess.Answer
        do {
            answer = try await process.becomeReady(within: Self.startTimeout)
        } catch {
            await end(process, killing: true)
            throw error
        }
        if case .frame(let frame) = answer, frame.take()?.kind == .ready { return process }
        let (status, lastWords) = await lost(process)
        throw ProcessWorkError(
            .notReady, work: work, "the process \(status) before it was ready", status: status, standardError: lastWords
        )
    }

    /// Nothing is in hand meanwhile, and a virtual clock may go on.
    private func pause(for delay: Duration) async throws {
        EventLoop.main.externalWork -= 1
        defer { EventLoop.main.externalWork += 1 }
        try await Task.sleep(for: delay)
    }

    private func keep(_ process: PoolProcess) {
        guard !process.isLost, process.jobs < maximumJobsPerProcess, !slots.isClosed || slots.queued > 0 else {
            return dismiss(process)
        }
        process.onLoss = { [weak self, unowned process] in self?.lostWhileIdle(process) }
        idle.append(process)
        guard !isReaping else { return }
        isReaping = true
        // Detached, so that it is in real time wherever the work came from.
        Task.detached { await self.reapIdle() }
    }

    private func lostWhileIdle(_ process: PoolProcess) {
        guard let index = idle.firstIndex(where: { $0 === process }) else { return }
        crashes += 1
        dismiss(idle.remove(at: index))
    }

    private func lost(_ process: PoolProcess) async -> (TerminationStatus, String) {
        crashes += 1
        backOff.grow()
        return await end(process, killing: false)
    }

    @discardableResult
    private func end(_ process: PoolProcess, killing: Bool) async -> (TerminationStatus, String) {
        let end = await process.end(killing: killing)
        processes -= 1
        if processes == 0 { closing.answerAll(()) }
        return end
    }

    private func dismiss(_ process: PoolProcess) {
        Task.detached { await self.end(process, killing: false) }
    }

    private func dismissIfFinished() {
        guard slots.isFinished else { return }
        let leaving = idle
        idle = []
        for process in leaving { dismiss(process) }
        closing.answerAll(())
    }

    /// Ends those that have been idle for too long, the longest first.
    private func reapIdle() async {
        while let next = idle.first.map({ $0.idleSince + idleTime }) {
            // Nobody cancels this task.
            try? await Task.sleep(until: next, clock: .eventLoop)
            dismissIdle(upTo: .readClock())
        }
        isReaping = false
    }

    private func dismissIdle(upTo now: EventLoop.Instant) {
        while let process = idle.first, process.idleSince + idleTime <= now {
            dismiss(idle.removeFirst())
        }
    }
}

/// How long to wait before the next start, after so many crashes in a row.
private struct BackOff {
    private var crashes = 0

    mutating func grow() { crashes += 1 }
    mutating func reset() { crashes = 0 }

    /// The first crash is forgiven.
    var delay: Duration? {
        crashes < 2 ? nil : min(.seconds(5), .milliseconds(100) * (1 << min(crashes - 2, 6)))
    }
}
