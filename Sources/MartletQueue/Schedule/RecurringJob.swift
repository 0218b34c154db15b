import MartletLoop

/// A job that is added again and again.
struct RecurringJob {
    let name: String
    let times: JobSchedule
    let job: NewJob

    /// Wakes up that often to see whether somebody has set the clock.
    private static let patience = 15_000

    /// Adds the job at its times, until it is cancelled.
    func run(for queue: WorkQueue) async throws {
        guard var next = times.next(after: queue.clock.wall()) else { return sayEnded(of: queue) }
        while true {
            let now = queue.clock.wall()
            guard now < next else {
                try await add(to: queue, at: next)
                // However far the clock has jumped: what lies between is not made up for.
                guard let following = times.next(after: max(next, queue.clock.wall())) else {
                    return sayEnded(of: queue)
                }
                next = following
                continue
            }
            // When it was set back, the times come again that have not been served.
            next = min(next, times.next(after: now) ?? next)
            let wait = min(next - now, Self.patience)
            try await Task.sleep(for: .milliseconds(wait), clock: .eventLoop)
        }
    }

    private func sayEnded(of queue: WorkQueue) {
        queue.settings.logger.warning(
            "a recurring job has no more times in the next years, and is not added again",
            metadata: ["queue": "\(queue.name)", "schedule": "\(name)"])
    }

    private func add(to queue: WorkQueue, at tick: Int) async throws {
        do {
            if let fault = job.fault(queue.settings) {
                throw WorkQueueError(.invalidJob, queue: queue.name, fault)
            }
            let enqueued = try await retry(attempts: 6, when: { ($0 as? WorkQueueError)?.code == .unavailable }) { _ in
                try await queue.backEnd.enqueue(job, for: name, at: tick)
            }
            if enqueued?.isDuplicate == false { queue.metrics.enqueued.increment() }
        } catch let error where !(error is CancellationError) {
            queue.settings.logger.error(
                "cannot enqueue a recurring job",
                metadata: ["queue": "\(queue.name)", "schedule": "\(name)", "error": "\(error)"])
        }
    }
}
