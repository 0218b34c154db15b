import MartletLoop
import MartletServer

extension WorkQueue {
    /// Runs jobs in a worker of the application, beside its requests, until it drains.
    ///
    /// Each job is a piece of the worker's background work: when the worker drains, no more jobs are begun, and those
    /// under way are waited for; what is still going on when `timeouts.drain` has passed is cancelled, and goes back to
    /// the queue with the attempt not counted. The queue is closed when the worker ends. When another worker of the same
    /// daemon crashes, its jobs are taken over at once.
    ///
    /// Say what the handlers and schedules are before.
    ///
    /// - Parameters:
    ///   - worker: where it runs.
    ///   - concurrency: how many jobs run at once in it: 1 to 10,000.
    public func process(on worker: Worker, concurrency: Int = 8) {
        precondition(runner == nil, "the queue \"\(name)\" is being processed already")
        let runner = QueueRunner(self, concurrency: concurrency) { name, body in
            worker.background(name, until: .done, body)
        }
        self.runner = runner
        worker.onStop { [self] in await close() }
        QueueNeighbours.on(worker).add(self)
        worker.background("queue \(name)", until: .drain) { await runner.run() }
    }

    /// Runs jobs in a program without a server, until it is cancelled.
    ///
    /// ```swift
    /// try await withSignals(…) { await queue.process(concurrency: 4) }
    /// ```
    ///
    /// - Parameters:
    ///   - concurrency: how many jobs run at once: 1 to 10,000.
    ///   - grace: how long jobs that are under way when it is cancelled may still take; then they are cancelled, and go
    ///     back to the queue.
    public func process(concurrency: Int = 8, grace: Duration = .seconds(30)) async {
        precondition(runner == nil, "the queue \"\(name)\" is being processed already")
        let runner = QueueRunner(self, concurrency: concurrency) { _, body in Task { try await body() } }
        self.runner = runner
        defer { self.runner = nil }
        let work = Task { await runner.run() }
        await withTaskCancellationHandler {
            await work.value
        } onCancel: {
            work.cancel()
            Task { @MainActor in runner.stopJobs(after: grace) }
        }
    }
}
