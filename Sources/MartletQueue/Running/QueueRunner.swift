import Logging
import MartletLoop

/// Takes jobs from a queue and runs them, in one process.
///
/// Three things go on side by side: the loop that claims what there is room for; a task for each job; and the pulse, which
/// says that the worker lives, and how far its jobs are.
final class QueueRunner {
    /// What the process is called in the queue: never used again by another one.
    nonisolated static let worker = WorkerName.make()

    let queue: WorkQueue
    let concurrency: Int
    /// Starts the task of a job.
    private let start: (_ name: String, _ body: @escaping @MainActor () async throws -> Void) -> Void
    private var running: [JobLease: RunningJob] = [:]
    /// A job has ended, and with it what may have kept another one waiting.
    private let ended = Event()
    private let isIdle = Event()
    private let news = Event()
    private var hasEnded = false
    private var isCutShort = false
    private lazy var patience = LoopTimer { [unowned self] in stopJobs() }
    private let logger: Logger

    init(
        _ queue: WorkQueue, concurrency: Int,
        start: @escaping (_ name: String, _ body: @escaping @MainActor () async throws -> Void) -> Void
    ) {
        self.queue = queue
        self.concurrency = min(max(concurrency, 1), 10_000)
        self.start = start
        var logger = queue.settings.logger
        logger[metadataKey: "queue"] = "\(queue.name)"
        self.logger = logger
        isIdle.set()
    }

    deinit {}

    /// How many jobs run.
    var count: Int { running.count }

    // MARK: The loop

    /// Claims jobs until it is cancelled; those that run then go on.
    func run() async {
        let pulse = Task { await beat() }
        let schedules = queue.schedules.values.map { recurring in Task { try await recurring.run(for: queue) } }
        var waits = Self.trouble.waits()
        while !Task.isCancelled {
            do {
                try await step()
                waits = Self.trouble.waits()
            } catch is CancellationError {
            } catch {
                logger.error("cannot take jobs from the queue", metadata: ["error": "\(error)"])
                try? await Task.sleep(for: waits.next() ?? .seconds(1), clock: .eventLoop)
            }
        }
        for schedule in schedules { schedule.cancel() }
        _ = try? await uncancelled { [isIdle] in try await isIdle.wait() }
        pulse.cancel()
        await pulse.value
        hasEnded = true
        patience.cancel()
    }

    private static let trouble = Backoff.exponential(from: .milliseconds(50), to: .seconds(5), jitter: .equal)

    private func step() async throws {
        ended.clear()
        let room = concurrency - running.count
        guard room > 0 else { return try await ended.wait() }
        let leaseEnd = self.leaseEnd()
        // What is claimed has to be run: a claim under way is not cut short.
        let claimed = try await uncancelled { [queue] in
            try await queue.backEnd.claim(min(room, Self.batch), by: Self.worker)
        }
        for job in claimed.setAside { setAside(job) }
        for job in claimed.jobs { begin(job, leaseEnd) }
        if claimed.hasMore { return }
        guard running.count < concurrency else { return }
        try await queue.backEnd.change(within: min(claimed.next ?? queue.settings.patrol, queue.settings.patrol))
    }

    /// Until when a lease that is taken now can be trusted: a tenth less than it lasts, so that a handler has stopped by the
    /// time that another worker may begin the job.
    private func leaseEnd() -> EventLoop.Instant { .readClock() + queue.settings.visibilityTimeout * 9 / 10 }

    /// More at once would keep other workers from them while these wait for their turn on the loop.
    private static let batch = 32

    private func setAside(_ job: SetAsideJob) {
        queue.metrics.dead.increment()
        logger.error(
            "a job was given up without being run", metadata: ["job": "\(job.id)", "reason": "\(job.reason)"])
    }

    // MARK: Jobs

    private func begin(_ job: ClaimedJob, _ leaseEnd: EventLoop.Instant) {
        // A lease of this very worker that ran out while it was held up: what still runs for it is in vain.
        if job.attempt > 1 { forget(job.lease.job) }
        let entry = RunningJob(job, leaseEnd: leaseEnd)
        // Claimed while the worker began to end: it goes back at once.
        if Task.isCancelled || isCutShort { entry.cancel(because: .stopped) }
        running[job.lease] = entry
        isIdle.clear()
        queue.metrics.began(job, running: running.count, now: queue.clock.wall())
        start("job \(job.lease.job) of \(queue.name)") { [self] in
            await execute(entry)
            running[job.lease] = nil
            queue.metrics.running.record(running.count)
            ended.set()
            if running.isEmpty { isIdle.set() }
        }
    }

    private func execute(_ entry: RunningJob) async {
        let began = EventLoop.Instant.readClock()
        let execution = JobExecution(running: entry, queue: queue)
        let outcome = await execution.run { [news] progress, note in
            let before = entry.news?.note
            entry.news = JobReport(lease: entry.job.lease, progress: progress, note: note ?? before)
            news.set()
        }
        queue.metrics.ended(entry.job, outcome, after: EventLoop.Instant.readClock() - began)
        guard let outcome else {
            logger.warning("a job is somebody else's by now", metadata: metadata(entry))
            await leave(entry)
            return
        }
        log(outcome, of: entry)
        await finish(entry, outcome)
    }

    /// Tells the queue how it went, for as long as the job is ours to tell of.
    private func finish(_ entry: RunningJob, _ outcome: JobOutcome) async {
        let lease = entry.job.lease
        let note = entry.news?.note
        do {
            // Whoever stops the worker wants to know as well what has become of its jobs.
            let isOurs = try await uncancelled { [queue, logger] in
                while true {
                    let end = entry.leaseEnd
                    do {
                        return try await retry(
                            attempts: 20, until: end, backoff: Self.trouble,
                            when: { error in
                                logger.warning(
                                    "cannot note how a job ended",
                                    metadata: ["job": "\(lease.job)", "error": "\(error)"])
                                return (error as? WorkQueueError)?.code == .unavailable
                            }
                        ) { _ in try await queue.backEnd.finish(lease, outcome, note: note) }
                    } catch let error as WorkQueueError where error.code == .unavailable && entry.leaseEnd > end {
                        // The pulse has got through meanwhile.
                    }
                }
            }
            if !isOurs { logger.warning("a job was somebody else's when it ended", metadata: metadata(entry)) }
        } catch {
            var metadata = metadata(entry)
            metadata["error"] = "\(error)"
            logger.error("how a job ended is not known to the queue: it will run again", metadata: metadata)
        }
    }

    /// Tells the queue that a job that is not ours any more has stopped here: others of its key may wait for that.
    private func leave(_ entry: RunningJob) async {
        do {
            try await uncancelled { [queue] in try await queue.backEnd.leave(entry.job.lease) }
        } catch {
            // When the lease is over, they need not be told.
            logger.warning("cannot note that a job has stopped", metadata: ["error": "\(error)"])
        }
    }

    private func metadata(_ entry: RunningJob) -> Logger.Metadata {
        ["job": "\(entry.job.lease.job)", "kind": "\(entry.job.kind)", "attempt": "\(entry.job.attempt)"]
    }

    private func log(_ outcome: JobOutcome, of entry: RunningJob) {
        var metadata = metadata(entry)
        switch outcome {
        case .succeeded: logger.debug("a job is done", metadata: metadata)
        case .returned: logger.info("a job was given back", metadata: metadata)
        case .retry(let error, let wait):
            metadata["error"] = "\(error)"
            metadata["retry"] = "\(wait)"
            logger.warning("a job has failed, and is tried again", metadata: metadata)
        case .dead(let error):
            metadata["error"] = "\(error)"
            logger.error("a job was given up", metadata: metadata)
        }
    }

    // MARK: Ending early

    /// Cancels a job that is known not to be this worker's any more, if it runs here.
    func forget(_ id: Int) {
        running.values.first { $0.job.lease.job == id }?.cancel(because: .lost)
    }

    /// Cancels the jobs that are still under way after a while: they go back to the queue.
    func stopJobs(after grace: Duration) {
        if !hasEnded { patience.arm(at: EventLoop.main.time() + grace) }
    }

    private func stopJobs() {
        isCutShort = true
        for entry in running.values { entry.cancel(because: .stopped) }
    }

    // MARK: The pulse

    private static let reportInterval: Duration = .milliseconds(200)

    private func beat() async {
        let interval = queue.settings.visibilityTimeout / 3
        var nextRenewal = EventLoop.Instant.readClock() + interval
        while !Task.isCancelled {
            do {
                try await waitForNews(until: nextRenewal)
                let isRenewal = EventLoop.Instant.readClock() >= nextRenewal
                news.clear()
                if isRenewal { nextRenewal = .readClock() + interval }
                let isRenewed = await renew(
                    Array(isRenewal ? running.values.map { $0 } : running.values.filter { $0.news != nil }))
                // Until the leases end there is time for more than one attempt.
                if !isRenewed { nextRenewal = min(nextRenewal, .readClock() + interval / 4) }
                try await Task.sleep(for: min(Self.reportInterval, interval / 2), clock: .eventLoop)
            } catch {
                return
            }
        }
    }

    private func waitForNews(until renewal: EventLoop.Instant) async throws {
        let wait = renewal - .readClock()
        guard wait > .zero else { return }
        do {
            try await withTimeout(wait) { [news] in try await news.wait() }
        } catch is TimeoutError {}
    }

    /// - Returns: whether the queue has answered.
    private func renew(_ entries: [RunningJob]) async -> Bool {
        guard !entries.isEmpty else { return true }
        let reports = entries.map { entry in
            defer { entry.news = nil }
            return entry.news ?? JobReport(lease: entry.job.lease)
        }
        let end = leaseEnd()
        do {
            let lost = try await queue.backEnd.renew(reports)
            for entry in entries {
                if lost.contains(entry.job.lease) { entry.cancel(because: .lost) } else { entry.leaseEnd = end }
            }
            return true
        } catch is CancellationError {
            return false
        } catch {
            logger.warning("cannot say that jobs are under way", metadata: ["error": "\(error)"])
            // What was to be said is said with the next pulse.
            for (entry, report) in zip(entries, reports) where entry.news == nil && report.progress != nil {
                entry.news = report
            }
            return false
        }
    }
}
