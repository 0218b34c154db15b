import MartletLoop

/// One attempt at a job: runs its handler, and decides what becomes of the job.
struct JobExecution {
    let running: RunningJob
    let queue: WorkQueue

    /// Runs the handler.
    ///
    /// - Returns: `nil` when the job is somebody else's by now.
    func run(onReport: @escaping (Double, String?) -> Void) async -> JobOutcome? {
        let job = running.job
        let context = JobContext(job, queue: queue, onReport: onReport)
        do {
            // Before it is known whether there is a handler: a job that is given back has not failed.
            if running.end != nil { throw CancellationError() }
            guard let handler = queue.handlers[job.kind] else {
                throw JobFailure("this worker has no handler for jobs of the kind \"\(job.kind)\"")
            }
            try await running.run {
                guard let timeout = job.timeout else { return try await handler(context) }
                try await withTimeout(timeout, for: "the job") { try await handler(context) }
            }
            // Also when it was cancelled meanwhile: it is done.
            return .succeeded
        } catch {
            return outcome(of: error)
        }
    }

    private func outcome(of error: any Error) -> JobOutcome? {
        let job = running.job
        if error.saysCancelled {
            switch running.end {
            case .lost: return nil
            case .stopped: return .returned
            case nil where Task.isCancelled: return .returned
            case nil: break
            }
        }
        let text = JobLimits.text("\(error)", JobLimits.error)
        if error is PermanentJobFailure || job.attempt >= job.maximumAttempts { return .dead(error: text) }
        var generator = SystemRandomNumberGenerator()
        let wait = job.backoff.wait(after: job.attempt, using: &generator)
        let hint = (error as? any RetryHint)?.retryAfter ?? .zero
        return .retry(error: text, after: min(max(wait, hint), JobBackoff.limit))
    }
}

/// What a job failed with, if nothing of its own.
struct JobFailure: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) {
        self.description = description
    }
}
