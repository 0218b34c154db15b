import MartletLoop

extension WorkQueue {
    /// How many jobs there are in each state, in all processes.
    public func counts() async throws -> QueueCounts {
        try await backEnd.counts()
    }

    /// What is known of a job; `nil` when there is none of that number, or not any more.
    public func status(of id: Int) async throws -> JobStatus? {
        try await backEnd.status(of: id)
    }

    /// Jobs of a state, in the order of their numbers.
    ///
    /// - Parameters:
    ///   - state: which.
    ///   - id: the last number that is known already.
    ///   - limit: how many at most, 1 to 1000.
    public func statuses(_ state: JobState, after id: Int = 0, limit: Int = 100) async throws -> [JobStatus] {
        try await backEnd.statuses(state, after: id, limit: min(max(limit, 1), 1000))
    }

    /// What a job's handler gets; `nil` when there is no such job.
    public func payload(of id: Int) async throws -> [UInt8]? {
        try await backEnd.payload(of: id)
    }

    /// Tells of a job whenever something about it has changed, until it is done, dead or gone.
    ///
    /// ```swift
    /// for try await status in queue.changes(of: id) { print(status.state, status.progress) }
    /// ```
    ///
    /// - Parameters:
    ///   - id: the job's number.
    ///   - interval: how often to look; at least 10 ms.
    public func changes(of id: Int, every interval: Duration = .milliseconds(250)) -> JobStatusSequence {
        JobStatusSequence(queue: self, id: id, interval: max(interval, .milliseconds(10)))
    }

    /// Lets a job run now: a dead letter, with all its attempts anew, or one that waits for its time.
    ///
    /// - Throws: ``WorkQueueError`` when there is no such job, or it is in another state.
    public func retry(_ id: Int) async throws {
        guard let state = try await backEnd.retry(id) else { throw noJob(id) }
        guard state == .dead || state == .scheduled else {
            throw WorkQueueError(
                .wrongState, queue: name, "job \(id) is \(state.rawValue): only dead and scheduled ones can be retried")
        }
    }

    /// Lets all dead letters run again.
    ///
    /// - Returns: how many there were.
    @discardableResult
    public func retryDead() async throws -> Int {
        try await repeatedly { try await backEnd.retryDead(limit: $0) }
    }

    /// Forgets a job, whatever its state. One that runs is cancelled: at once in this process, in others as soon as the
    /// worker next says that it lives, a third of the visibility timeout later at most. Others of its key wait until its
    /// handler has stopped.
    ///
    /// - Throws: ``WorkQueueError`` when there is no such job.
    public func delete(_ id: Int) async throws {
        guard try await backEnd.delete(id) else { throw noJob(id) }
        runner?.forget(id)
    }

    /// Forgets all jobs of a state.
    ///
    /// - Returns: how many there were.
    @discardableResult
    public func purge(_ state: JobState) async throws -> Int {
        try await repeatedly { try await backEnd.delete(all: state, limit: $0) }
    }

    private func noJob(_ id: Int) -> WorkQueueError {
        WorkQueueError(.notFound, queue: name, "there is no job \(id)")
    }

    /// In pieces, so that nobody else waits for long.
    private func repeatedly(_ body: (_ limit: Int) async throws -> Int) async throws -> Int {
        let limit = 500
        var sum = 0
        while true {
            let count = try await body(limit)
            sum += count
            if count < limit { return sum }
        }
    }
}

/// What becomes of a job, as it happens: see ``WorkQueue/changes(of:every:)``.
public struct JobStatusSequence: AsyncSequence {
    let queue: WorkQueue
    let id: Int
    let interval: Duration

    /// Looks, and waits until something has changed.
    public struct AsyncIterator: AsyncIteratorProtocol {
        let sequence: JobStatusSequence
        private var last: JobStatus?

        init(_ sequence: JobStatusSequence) {
            self.sequence = sequence
        }

        /// The next change; `nil` when there is none any more.
        public mutating func next() async throws -> JobStatus? {
            if last?.state.isFinished == true { return nil }
            while true {
                guard let status = try await sequence.queue.status(of: sequence.id) else { return nil }
                if status != last {
                    last = status
                    return status
                }
                try await Task.sleep(for: sequence.interval, clock: .eventLoop)
            }
        }
    }

    /// From the job as it is now.
    public func makeAsyncIterator() -> AsyncIterator { AsyncIterator(self) }
}
