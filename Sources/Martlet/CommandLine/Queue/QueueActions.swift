import ArgumentParser
import MartletJSON
import MartletQueue

/// `queue show [JOB]`
struct QueueShowCommand: QueueAction {
    static let configuration = CommandConfiguration(
        commandName: "show", abstract: "Show how many jobs there are, or all about one.")

    @OptionGroup var place: QueuePlace

    @Argument(help: "The job's number.")
    var job: Int?

    @MainActor func perform(on queue: WorkQueue) async throws -> QueueReport {
        guard let job else {
            let counts = try await queue.counts()
            return QueueReport(text: place.json ? try QueueDisplay.json(counts) : QueueDisplay.text(counts))
        }
        guard let status = try await queue.status(of: job) else {
            throw ValidationError("queue \"\(queue.name)\": there is no job \(job)")
        }
        let payload = try await queue.payload(of: job) ?? []
        return QueueReport(
            text: place.json
                ? try QueueDisplay.json(QueueDisplay.Details(status: status, payload: payload))
                : QueueDisplay.text(status, payload: payload))
    }
}

/// `queue list [STATE]`
struct QueueListCommand: QueueAction {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "List jobs: those of a state, or all that are not done.")

    @OptionGroup var place: QueuePlace

    @Argument(help: "scheduled, waiting, held, running, done or dead.")
    var state: JobState?

    @Option(help: "How many of each state at most, 1 to 1000.")
    var limit = 100

    @Option(help: "Begin behind the job of this number.")
    var after = 0

    func validate() throws {
        guard (1...1000).contains(limit) else { throw ValidationError("--limit: \(limit) is not between 1 and 1000") }
    }

    @MainActor func perform(on queue: WorkQueue) async throws -> QueueReport {
        var jobs: [JobStatus] = []
        for state in state.map({ [$0] }) ?? JobState.allCases.filter({ $0 != .done }) {
            jobs += try await queue.statuses(state, after: after, limit: limit)
        }
        return QueueReport(text: place.json ? try QueueDisplay.json(jobs) : QueueDisplay.text(jobs))
    }
}

/// `queue retry JOB` and `queue retry --all-dead`
struct QueueRetryCommand: QueueAction {
    static let configuration = CommandConfiguration(
        commandName: "retry", abstract: "Let dead letters, or a job that waits for its time, run now.")

    @OptionGroup var place: QueuePlace

    @Argument(help: "The jobs' numbers.")
    var jobs: [Int] = []

    @Flag(help: "All dead letters.")
    var allDead = false

    func validate() throws {
        guard allDead == jobs.isEmpty else { throw ValidationError("name jobs, or say --all-dead") }
    }

    @MainActor func perform(on queue: WorkQueue) async throws -> QueueReport {
        if allDead {
            return try QueueDisplay.done("retried", try await queue.retryDead(), json: place.json)
        }
        return try await QueueDisplay.each(jobs, "retried", json: place.json) { try await queue.retry($0) }
    }
}

/// `queue delete JOB`
struct QueueDeleteCommand: QueueAction {
    static let configuration = CommandConfiguration(
        commandName: "delete", abstract: "Forget jobs; those that run are cancelled.")

    @OptionGroup var place: QueuePlace

    @Argument(help: "The jobs' numbers.")
    var jobs: [Int]

    @MainActor func perform(on queue: WorkQueue) async throws -> QueueReport {
        try await QueueDisplay.each(jobs, "deleted", json: place.json) { try await queue.delete($0) }
    }
}

/// `queue purge STATE`
struct QueuePurgeCommand: QueueAction {
    static let configuration = CommandConfiguration(commandName: "purge", abstract: "Forget all jobs of a state.")

    @OptionGroup var place: QueuePlace

    @Argument(help: "scheduled, waiting, held, running, done or dead.")
    var state: JobState

    @MainActor func perform(on queue: WorkQueue) async throws -> QueueReport {
        try QueueDisplay.done("deleted", try await queue.purge(state), json: place.json)
    }
}

extension JobState: ExpressibleByArgument {}
