import MartletSQLite

/// What is done with a queue's jobs in the tables of SQLite. Everything that writes is to be called in a transaction.
nonisolated struct JobTable: Sendable {
    let queue: String
    let settings: QueueSettings
    let clock: QueueClock

    var name: SQLiteValue { .text(queue) }

    // MARK: Jobs come

    func enqueue(_ jobs: [NewJob], in connection: SQLiteConnection) throws -> [EnqueuedJob] {
        var length = try length(in: connection)
        let now = clock.wall()
        return try jobs.map { job in
            if job.options.isUnique, let key = job.options.key, let id = try waiting(key, in: connection) {
                return EnqueuedJob(id: id, isDuplicate: true)
            }
            guard length < settings.lengthLimit else {
                throw WorkQueueError(
                    .full, queue: queue, "there are \(length) jobs, and at most \(settings.lengthLimit) may wait or run"
                )
            }
            length += 1
            return EnqueuedJob(id: try insert(job, now: now, in: connection), isDuplicate: false)
        }
    }

    func enqueue(
        _ job: NewJob, for schedule: String, at tick: Int, in connection: SQLiteConnection
    ) throws -> EnqueuedJob? {
        // A tick that is far ahead was served before somebody corrected the clock: it does not count.
        let changed = try connection.execute(
            """
            INSERT INTO schedules VALUES (?1, ?2, ?3) ON CONFLICT DO UPDATE SET last = ?3
                WHERE last < ?3 OR last > ?4
            """, name, .text(schedule), .number(tick), .number(QueueClock.sum(clock.wall(), .seconds(60))))
        return changed == 0 ? nil : try enqueue([job], in: connection)[0]
    }

    private func insert(_ job: NewJob, now: Int, in connection: SQLiteConnection) throws -> Int {
        let due = job.due(at: now)
        try connection.execute(
            """
            INSERT INTO jobs (queue, kind, payload, key, state, priority, due, maximum, backoff_first, backoff_longest,
                backoff_factor, timeout, created) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
            """, name, .text(job.kind), .blob(job.payload), SQLiteValue(job.options.key),
            .text(due == nil ? "waiting" : "scheduled"), .number(job.options.priority.rawValue), .number(due ?? now),
            .number(job.options.attempts), .number(job.options.backoff.first.milliseconds),
            .number(job.options.backoff.longest.milliseconds), .real(job.options.backoff.factor),
            SQLiteValue(job.options.timeout?.milliseconds), .number(now))
        return connection.lastInsertedRow
    }

    private func waiting(_ key: String, in connection: SQLiteConnection) throws -> Int? {
        try connection.first(
            """
            SELECT id FROM jobs WHERE queue = ? AND key = ? AND state IN ('scheduled', 'waiting', 'held')
                ORDER BY id LIMIT 1
            """, name, .text(key))?.int("id")
    }

    private func length(in connection: SQLiteConnection) throws -> Int {
        let counts = try counts(in: connection)
        return counts.pending + counts.running
    }

    // MARK: Leases

    /// Whether the lease is still one.
    func holds(_ lease: JobLease, in connection: SQLiteConnection) throws -> Bool {
        try connection.first(
            "SELECT id FROM jobs WHERE id = ? AND queue = ? AND claims = ? AND state = 'running'", .number(lease.job),
            name, .number(lease.claim)) != nil
    }

    func renew(_ reports: [JobReport], in connection: SQLiteConnection) throws -> Set<JobLease> {
        let steady = clock.steady()
        let end = QueueClock.sum(steady, settings.visibilityTimeout)
        var lost = Set<JobLease>()
        for report in reports {
            let changed = try connection.execute(
                """
                UPDATE jobs SET lease = ?1, leased = ?7, progress = coalesce(?2, progress), note = coalesce(?3, note)
                    WHERE id = ?4 AND queue = ?5 AND claims = ?6 AND state = 'running' AND deleted = 0
                """, .number(end), report.progress.map(SQLiteValue.real) ?? .null, SQLiteValue(report.note),
                .number(report.lease.job), name, .number(report.lease.claim), .number(steady))
            if changed == 0 { lost.insert(report.lease) }
        }
        return lost
    }

    /// What became of a job whose attempt has ended.
    enum Finish {
        /// It was somebody else's.
        case lost
        /// It had been deleted, and another one of its key may run.
        case deleted
        /// It ended, and nobody has waited for that.
        case quiet
        /// It is to run again, or another one of its key may run.
        case freeing
    }

    func finish(
        _ lease: JobLease, _ outcome: JobOutcome, note: String?, in connection: SQLiteConnection
    ) throws -> Finish {
        guard try holds(lease, in: connection) else { return .lost }
        if try leave(lease, in: connection) { return .deleted }
        let id = SQLiteValue.number(lease.job)
        let key = try connection.first("SELECT key FROM jobs WHERE id = ?", id)?.textIfPresent("key")
        let now = clock.wall()
        var finish = key == nil ? Finish.quiet : .freeing
        if let note { try connection.execute("UPDATE jobs SET note = ? WHERE id = ?", .text(note), id) }
        switch outcome {
        case .succeeded where settings.keepsDone == .zero || settings.doneLimit == 0:
            try connection.execute("DELETE FROM jobs WHERE id = ?", id)
        case .succeeded:
            try connection.execute(
                "UPDATE jobs SET state = 'done', progress = 1, error = NULL, finished = ? WHERE id = ?", .number(now),
                id
            )
            try trimDone(now: now, in: connection)
        case .retry(let error, let wait):
            finish = .freeing
            let due = QueueClock.sum(now, wait)
            try connection.execute(
                "UPDATE jobs SET state = ?, due = ?, error = ? WHERE id = ?",
                .text(due > now ? "scheduled" : "waiting"), .number(due), .text(error), id)
        case .dead(let error): try bury(lease.job, error, in: connection)
        case .returned:
            finish = .freeing
            try putBack(lease.job, in: connection, countingAttempt: false)
        }
        try letGo(of: key, in: connection)
        return finish
    }

    /// Forgets a job that was deleted while it ran, now that it does not run any more.
    ///
    /// - Returns: whether it was one.
    func leave(_ lease: JobLease, in connection: SQLiteConnection) throws -> Bool {
        let row = try connection.first(
            "DELETE FROM jobs WHERE id = ? AND queue = ? AND claims = ? AND deleted = 1 RETURNING key",
            .number(lease.job), name, .number(lease.claim))
        guard let row else { return false }
        try letGo(of: try row.textIfPresent("key"), in: connection)
        return true
    }

    func putBack(_ id: Int, in connection: SQLiteConnection, countingAttempt: Bool = true) throws {
        try connection.execute(
            "UPDATE jobs SET state = 'waiting', lease = 0, attempts = max(0, attempts - ?) WHERE id = ?",
            .number(countingAttempt ? 0 : 1), .number(id))
    }

    /// Makes a dead letter of a job.
    func bury(_ id: Int, _ error: String, in connection: SQLiteConnection) throws {
        try connection.execute(
            "UPDATE jobs SET state = 'dead', error = ?, finished = ? WHERE id = ?",
            .text(JobLimits.text(error, JobLimits.error)), .number(clock.wall()), .number(id))
        try trim(.dead, to: settings.deadLimit, in: connection)
    }

    /// Lets the next job of a key go on, unless one runs: to be called whenever a job with a key has left those that wait
    /// or run otherwise than by being claimed, because it may have been the one to let go of the others.
    func letGo(of key: String?, in connection: SQLiteConnection) throws {
        guard let key else { return }
        try connection.execute(
            """
            UPDATE jobs SET state = 'waiting' WHERE id = (
                SELECT id FROM jobs WHERE queue = ?1 AND key = ?2 AND state = 'held' ORDER BY priority DESC, due, id LIMIT 1)
                AND NOT EXISTS (SELECT 1 FROM jobs WHERE queue = ?1 AND key = ?2 AND state = 'running')
            """, name, .text(key))
    }

    // MARK: Bounds

    /// More than one for each that comes, so that a backlog melts away, but not all at once.
    private static let trimmed = 16

    // Both say in so many words what the index `jobs_finished` is for: otherwise all rows of the state were sorted.
    static let trimOld = """
        DELETE FROM jobs WHERE id IN (
            SELECT id FROM jobs WHERE queue = ? AND state = 'done' AND finished IS NOT NULL AND finished < ?
                ORDER BY finished LIMIT ?)
        """
    static let trimSurplus = """
        DELETE FROM jobs WHERE id IN (
            SELECT id FROM jobs WHERE queue = ? AND state = ? AND finished IS NOT NULL ORDER BY finished LIMIT ?)
        """

    private func trimDone(now: Int, in connection: SQLiteConnection) throws {
        let (oldest, overflow) = now.subtractingReportingOverflow(settings.keepsDone.milliseconds)
        try connection.execute(
            Self.trimOld, name, .number(overflow ? .min : oldest), .number(Self.trimmed))
        try trim(.done, to: settings.doneLimit, in: connection)
    }

    private func trim(_ state: JobState, to limit: Int, in connection: SQLiteConnection) throws {
        let surplus = try counts(in: connection)[state] - limit
        guard surplus > 0 else { return }
        try connection.execute(
            Self.trimSurplus, name, .text(state.rawValue), .number(min(surplus, Self.trimmed)))
    }

    func counts(in connection: SQLiteConnection) throws -> QueueCounts {
        var counts = QueueCounts()
        for row in try connection.query("SELECT state, number FROM counts WHERE queue = ?", name) {
            guard let state = JobState(rawValue: try row.text("state")) else { continue }
            counts[state] = max(0, try row.int("number"))
        }
        let deleted =
            try connection.first(
                "SELECT count(*) AS number FROM jobs WHERE queue = ? AND deleted = 1", name)?.int("number") ?? 0
        counts.running = max(0, counts.running - deleted)
        return counts
    }
}
