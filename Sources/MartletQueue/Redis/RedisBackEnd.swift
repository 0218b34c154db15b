import MartletLoop
import MartletRESP
import MartletRedis

/// A queue in Redis, which several machines share: streams with consumer groups, and scripts that move jobs between them
/// at once.
final class RedisBackEnd: QueueBackEnd {
    let location: String
    private let queue: String
    private let settings: QueueSettings
    private let client: RedisClient
    private let key: String
    /// Whoever claims is a consumer of the groups, and to be forgotten at the end.
    private var worker: String?

    private init(_ settings: RedisSettings, queue: String, _ queueSettings: QueueSettings) {
        location = "redis://\(settings.endpoint)/\(settings.database)"
        self.queue = queue
        self.settings = queueSettings
        client = RedisClient(settings)
        key = "{martlet:queue:\(queue)}"
    }

    deinit {}

    static func open(_ url: String, queue: String, settings: QueueSettings) async throws -> RedisBackEnd {
        let redis: RedisSettings
        do {
            redis = try RedisSettings(url: url)
        } catch {
            throw WorkQueueError(.invalid, queue: queue, "its URL cannot be used", cause: error)
        }
        let backEnd = RedisBackEnd(redis, queue: queue, settings)
        do {
            _ = try await backEnd.run(.tidy, [Self.forgottenAfter])
        } catch {
            backEnd.client.close()
            throw error
        }
        return backEnd
    }

    private static let forgottenAfter = 86_400_000

    // MARK: Scripts

    private func run(_ script: RedisQueueScript, _ arguments: [any RedisArgument]) async throws -> RESPValue {
        let script = script.script
        do {
            return try await client.send(command(script, byHash: true, arguments))
        } catch  where error.serverCode == "NOSCRIPT" {
            // The server has never seen it, or has been restarted.
            do {
                return try await client.send(command(script, byHash: false, arguments))
            } catch {
                throw translated(error)
            }
        } catch {
            throw translated(error)
        }
    }

    private func command(
        _ script: RedisScript, byHash: Bool, _ arguments: [any RedisArgument]
    ) -> RedisCommand {
        let name = (byHash ? "EVALSHA" : "EVAL") + (script.isReadOnly ? "_RO" : "")
        var command = RedisCommand(name, traits: script.isReadOnly ? .readOnly : [], capacity: 512)
        command.append(byHash ? script.hash : script.source)
        command.append(1)
        command.append(key: key)
        command.append(settings.visibilityTimeout.milliseconds)
        command.append(min(settings.keepsDone.milliseconds, 1 << 52))
        command.append(settings.doneLimit)
        command.append(settings.deadLimit)
        for argument in arguments { command.append(argument) }
        return command
    }

    private func translated(_ error: RedisError) -> any Error {
        if error.code == .cancelled { return CancellationError() }
        if error.code == .server, let text = error.reply?.text, text.hasPrefix("FULL ") {
            return WorkQueueError(
                .full, queue: queue,
                "there are \(text.dropFirst(5)) jobs, and at most \(settings.lengthLimit) may wait or run")
        }
        return WorkQueueError(
            error.code == .closed ? .closed : .unavailable, queue: queue, "\(location) does not do it", cause: error)
    }

    private func unexpected(_ reply: RESPValue) -> WorkQueueError {
        WorkQueueError(
            .corrupt, queue: queue, "\(location) answers with \(reply.kind), which is not what was asked for")
    }

    private func list(_ reply: RESPValue) throws -> [RESPValue] {
        guard let elements = reply.elements else { throw unexpected(reply) }
        return elements
    }

    private func number(_ reply: RESPValue) throws -> Int {
        guard let number = reply.number else { throw unexpected(reply) }
        return number
    }

    // MARK: Jobs come

    private func fields(of job: NewJob) -> [any RedisArgument] {
        let options = job.options
        let now = QueueClock.system.wall()
        var (delay, time) = (0, 0)
        switch options.start {
        case .now: break
        case .after: delay = (job.due(at: now) ?? now) - now
        case .at: time = job.due(at: now) ?? 0
        }
        let backoff = options.backoff
        return [
            job.kind, job.payload, options.key ?? "", options.isUnique ? 1 : 0, options.priority.rawValue, delay, time,
            options.attempts,
            "\(backoff.first.milliseconds) \(backoff.longest.milliseconds) \(backoff.factor)",
            options.timeout?.milliseconds ?? 0,
        ]
    }

    func enqueue(_ jobs: [NewJob]) async throws -> [EnqueuedJob] {
        let arguments: [any RedisArgument] = [settings.lengthLimit, jobs.count] + jobs.flatMap(fields)
        let reply = try list(try await run(.enqueue, arguments))
        guard reply.count == jobs.count else { throw unexpected(.array(reply)) }
        return try reply.map(enqueued)
    }

    private func enqueued(_ reply: RESPValue) throws -> EnqueuedJob {
        let parts = try list(reply)
        guard parts.count == 2 else { throw unexpected(reply) }
        return EnqueuedJob(id: try number(parts[0]), isDuplicate: try number(parts[1]) == 1)
    }

    func enqueue(_ job: NewJob, for schedule: String, at tick: Int) async throws -> EnqueuedJob? {
        let arguments: [any RedisArgument] = [settings.lengthLimit, schedule, tick] + fields(of: job)
        return try list(try await run(.enqueueForTick, arguments)).first.map(enqueued)
    }

    // MARK: Jobs run

    func claim(_ limit: Int, by worker: String) async throws -> ClaimedJobs {
        self.worker = worker
        let reply = try list(try await run(.claim, [limit, worker, settings.patrol.milliseconds]))
        guard reply.count == 4 else { throw unexpected(.array(reply)) }
        var claimed = ClaimedJobs()
        claimed.jobs = try list(reply[0]).map { job in
            guard let job = ClaimedJob(job) else { throw unexpected(job) }
            return job
        }
        claimed.setAside = try list(reply[1]).map { job in
            let parts = try list(job)
            guard parts.count == 2, let id = parts[0].number, let reason = parts[1].text else { throw unexpected(job) }
            return SetAsideJob(id: id, reason: reason)
        }
        claimed.hasMore = try number(reply[2]) != 0
        let wait = try number(reply[3])
        claimed.next = wait < 0 ? nil : .milliseconds(wait + 1)
        return claimed
    }

    func change(within limit: Duration) async throws {
        // Zero would be for ever.
        let milliseconds = min(max(limit.milliseconds, 1), 3_600_000)
        var command = RedisCommand("BLPOP", key: "\(key):wake", Double(milliseconds) / 1000, traits: .blocking)
        command.blockingTime = .milliseconds(milliseconds)
        do {
            _ = try await client.send(command)
        } catch {
            throw translated(error)
        }
    }

    func renew(_ reports: [JobReport]) async throws -> Set<JobLease> {
        var arguments: [any RedisArgument] = [worker ?? ""]
        for report in reports {
            arguments += [
                report.lease.job, report.lease.claim, report.progress.map { "\($0)" } ?? "", report.note ?? "",
            ]
        }
        let reply = try list(try await run(.renew, arguments))
        guard reply.count == reports.count else { throw unexpected(.array(reply)) }
        return Set(try zip(reports, reply).filter { try number($0.1) == 1 }.map(\.0.lease))
    }

    func finish(_ lease: JobLease, _ outcome: JobOutcome, note: String?) async throws -> Bool {
        let (word, error, wait): (String, String, Int) =
            switch outcome {
            case .succeeded: ("done", "", 0)
            case .retry(let error, let wait): ("retry", error, wait.milliseconds)
            case .dead(let error): ("dead", error, 0)
            case .returned: ("returned", "", 0)
            }
        let arguments: [any RedisArgument] = [lease.job, lease.claim, word, error, wait, note ?? ""]
        return try number(try await run(.finish, arguments)) == 1
    }

    func leave(_ lease: JobLease) async throws {
        _ = try await run(.leave, [lease.job, lease.claim])
    }

    func release(all worker: String) async throws -> Int {
        try number(try await run(.release, [worker]))
    }

    // MARK: Looking and mending

    func counts() async throws -> QueueCounts {
        let reply = try list(try await run(.counts, []))
        guard reply.count == JobState.allCases.count else { throw unexpected(.array(reply)) }
        var counts = QueueCounts()
        for (state, count) in zip(JobState.allCases, reply) { counts[state] = try number(count) }
        return counts
    }

    func status(of id: Int) async throws -> JobStatus? {
        try await statuses(["job", id, 0]).first
    }

    func statuses(_ state: JobState, after id: Int, limit: Int) async throws -> [JobStatus] {
        try await statuses([state.rawValue, id, limit])
    }

    private func statuses(_ arguments: [any RedisArgument]) async throws -> [JobStatus] {
        try list(try await run(.statuses, arguments)).map { status in
            guard let status = JobStatus(status) else { throw unexpected(status) }
            return status
        }
    }

    func payload(of id: Int) async throws -> [UInt8]? {
        let command = RedisCommand("HMGET", key: "\(key):job:\(id)", "payload", "deleted", traits: .readOnly)
        do {
            let fields = try await client.send(command).elements ?? []
            return fields.count == 2 && fields[1].isNull ? fields[0].bytes : nil
        } catch {
            throw translated(error)
        }
    }

    func retry(_ id: Int) async throws -> JobState? {
        try await run(.retry, [id]).text.flatMap(JobState.init(rawValue:))
    }

    func retryDead(limit: Int) async throws -> Int {
        try number(try await run(.retryDead, [limit]))
    }

    func delete(_ id: Int) async throws -> Bool {
        try number(try await run(.delete, [id])) == 1
    }

    func delete(all state: JobState, limit: Int) async throws -> Int {
        try number(try await run(.purge, [state.rawValue, limit]))
    }

    func close() async {
        if let worker { _ = try? await release(all: worker) }
        client.close()
    }
}
