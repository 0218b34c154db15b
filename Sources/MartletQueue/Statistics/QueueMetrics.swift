import CoreMetrics
import MartletLoop

/// What a process counts of a queue, by swift-metrics; each has the dimension `queue`.
///
/// | label | kind | what |
/// |---|---|---|
/// | `queue_jobs_enqueued` | counter | jobs added by this process |
/// | `queue_jobs_succeeded`, `…_failed`, `…_dead`, `…_lost`, `…_returned` | counters | how attempts ended in it |
/// | `queue_jobs_running` | gauge | jobs that run in it |
/// | `queue_job_wait` | timer | from when a job could run until it began |
/// | `queue_job_duration` | timer | how long attempts took; also by `kind` |
struct QueueMetrics {
    let enqueued: Counter
    let succeeded: Counter
    let failed: Counter
    let dead: Counter
    let lost: Counter
    let returned: Counter
    let running: Gauge
    private let wait: Timer
    private let durations: Durations

    /// By kind; a program has a handful of them.
    private final class Durations {
        var byKind: [String: Timer] = [:]
        deinit {}
    }

    private static let mostKinds = 200

    private let queue: String

    init(queue: String) {
        self.queue = queue
        let dimensions = [("queue", queue)]
        enqueued = Counter(label: "queue_jobs_enqueued", dimensions: dimensions)
        succeeded = Counter(label: "queue_jobs_succeeded", dimensions: dimensions)
        failed = Counter(label: "queue_jobs_failed", dimensions: dimensions)
        dead = Counter(label: "queue_jobs_dead", dimensions: dimensions)
        lost = Counter(label: "queue_jobs_lost", dimensions: dimensions)
        returned = Counter(label: "queue_jobs_returned", dimensions: dimensions)
        running = Gauge(label: "queue_jobs_running", dimensions: dimensions)
        wait = Timer(label: "queue_job_wait", dimensions: dimensions)
        durations = Durations()
    }

    func began(_ job: ClaimedJob, running count: Int, now: Int) {
        running.record(count)
        let (waited, overflow) = now.subtractingReportingOverflow(job.due)
        if !overflow, waited >= 0 { wait.recordMilliseconds(waited) }
    }

    func ended(_ job: ClaimedJob, _ outcome: JobOutcome?, after duration: Duration) {
        timer(job.kind).recordNanoseconds(duration.nanosecondsClamped)
        switch outcome {
        case nil: lost.increment()
        case .succeeded: succeeded.increment()
        case .retry: failed.increment()
        case .returned: returned.increment()
        case .dead:
            failed.increment()
            dead.increment()
        }
    }

    private func timer(_ kind: String) -> Timer {
        if let timer = durations.byKind[kind] { return timer }
        // Kinds come from the database: without a bound, so would the number of timers.
        let kind = durations.byKind.count < Self.mostKinds ? kind : "other"
        if let timer = durations.byKind[kind] { return timer }
        let timer = Timer(label: "queue_job_duration", dimensions: [("queue", queue), ("kind", kind)])
        durations.byKind[kind] = timer
        return timer
    }
}
