import MartletSQLite

extension JobTable {
    /// What there is to do without writing anything: asked by whoever is idle.
    nonisolated func outlook(in connection: SQLiteConnection) throws -> Outlook {
        let (now, steady) = (clock.wall(), clock.steady())
        guard
            let row = try connection.first(
                """
                SELECT EXISTS (SELECT 1 FROM jobs WHERE queue = ?1 AND state = 'waiting') AS waiting,
                    (SELECT min(due) FROM jobs WHERE queue = ?1 AND state = 'scheduled') AS due,
                    (SELECT min(lease) FROM jobs WHERE queue = ?1 AND state = 'running') AS first_lease,
                    (SELECT max(lease) FROM jobs WHERE queue = ?1 AND state = 'running') AS last_lease,
                    (SELECT max(leased) FROM jobs WHERE queue = ?1 AND state = 'running') AS last_leased
                """, name)
        else { return .nothing(next: nil) }
        if try row.int("waiting") != 0 { return .something }
        var next: Int?
        if let due = try row.intIfPresent("due") {
            if due <= now { return .something }
            next = Self.distance(now, due)
        }
        if let lease = try row.intIfPresent("first_lease"), let last = try row.intIfPresent("last_lease"),
            let leased = try row.intIfPresent("last_leased")
        {
            if isOver(lease, steady) || isOver(last, steady) || leased > steady { return .something }
            next = min(next ?? .max, Self.distance(steady, lease))
        }
        // Due and lease have passed at the next millisecond.
        return .nothing(next: next.map { .milliseconds(min($0, 1 << 40) + 1) })
    }

    /// Whether there may be something to claim.
    nonisolated enum Outlook {
        case something
        case nothing(next: Duration?)
    }

    private nonisolated func isOver(_ lease: Int, _ steady: Int) -> Bool {
        lease < steady || lease > steady + JobLimits.lease
    }

    private nonisolated static func distance(_ from: Int, _ to: Int) -> Int {
        let (distance, overflow) = to.subtractingReportingOverflow(from)
        return overflow ? .max : max(0, distance)
    }

    nonisolated func claim(
        _ limit: Int, by worker: String, in connection: SQLiteConnection
    ) throws -> ClaimedJobs {
        var claimed = ClaimedJobs()
        try wakeScheduled(in: connection)
        try takeBackLost(into: &claimed, in: connection)
        // Each turn makes one job less that waits. How many of a key are put aside at once is bounded, so that others may
        // write, too.
        for _ in 0..<limit + Self.mostHeld where claimed.jobs.count < limit {
            guard let row = try next(in: connection) else { return claimed }
            let id = try row.int("id")
            if let key = try row.textIfPresent("key"), try isRunning(key, in: connection) {
                try connection.execute("UPDATE jobs SET state = 'held' WHERE id = ?", .number(id))
                continue
            }
            // A row that SQLite itself refuses to change would stop everything behind it.
            do {
                if let job = try take(id, by: worker, in: connection) { claimed.jobs.append(job) }
            } catch let error where Self.isOfRow(error) {
                let reason = "the row cannot be understood: \(error)"
                try bury(id, reason, in: connection)
                try letGo(of: try row.textIfPresent("key"), in: connection)
                claimed.setAside.append(SetAsideJob(id: id, reason: reason))
            }
        }
        claimed.hasMore = true
        return claimed
    }

    private nonisolated static var mostHeld: Int { 1000 }

    /// Whether the row is to blame, and not the database.
    private nonisolated static func isOfRow(_ error: any Error) -> Bool {
        guard let error = error as? SQLiteError else { return error is PermanentJobFailure }
        return error.code == .mismatch || error.code == .constraint
    }

    private nonisolated func wakeScheduled(in connection: SQLiteConnection) throws {
        try connection.execute(
            """
            UPDATE jobs SET state = 'waiting' WHERE id IN (
                SELECT id FROM jobs WHERE queue = ? AND state = 'scheduled' AND due <= ? ORDER BY due LIMIT 1000)
            """, name, .number(clock.wall()))
    }

    private nonisolated func next(in connection: SQLiteConnection) throws -> SQLiteRow? {
        try connection.first(
            """
            SELECT id, key FROM jobs WHERE queue = ? AND state = 'waiting' ORDER BY priority DESC, due, id LIMIT 1
            """, name)
    }

    private nonisolated func isRunning(_ key: String, in connection: SQLiteConnection) throws -> Bool {
        try connection.first(
            "SELECT id FROM jobs WHERE queue = ? AND key = ? AND state = 'running'", name, .text(key)) != nil
    }

    private nonisolated func take(
        _ id: Int, by worker: String, in connection: SQLiteConnection
    ) throws -> ClaimedJob? {
        try connection.transaction {
            // Numbers of any size may stand there; one more must not be too many.
            let steady = clock.steady()
            let row = try connection.first(
                """
                UPDATE jobs SET state = 'running', worker = ?, lease = ?, leased = ?, started = ?, progress = 0, note = NULL,
                    attempts = max(0, min(attempts, 1000000)) + 1, claims = max(0, min(claims, 1 << 52)) + 1 WHERE id = ?
                    RETURNING \(ClaimedJob.columns)
                """, .text(worker), .number(QueueClock.sum(steady, settings.visibilityTimeout)), .number(steady),
                .number(clock.wall()), .number(id))
            return try row.map { try ClaimedJob($0) }
        }
    }

    // MARK: Lost jobs

    /// A lease is over when its time has passed. One that has not even begun is of another boot of the machine, since when
    /// the clock that it is counted on began anew: it says nothing.
    private nonisolated func takeBackLost(into claimed: inout ClaimedJobs, in connection: SQLiteConnection) throws {
        let steady = clock.steady()
        let rows = try connection.query(
            """
            SELECT \(Self.lostColumns) FROM jobs
                WHERE queue = ?1 AND state = 'running' AND (lease < ?2 OR lease > ?3 OR leased > ?2) LIMIT 100
            """, name, .number(steady), .number(steady + JobLimits.lease))
        for row in rows { try takeBack(row, into: &claimed, in: connection) }
        claimed.hasMore = rows.count == 100
    }

    /// Gives back the jobs of a worker that is known to be gone.
    ///
    /// - Returns: how many.
    nonisolated func release(all worker: String, in connection: SQLiteConnection) throws -> Int {
        var claimed = ClaimedJobs()
        let rows = try connection.query(
            """
            SELECT \(Self.lostColumns) FROM jobs WHERE queue = ? AND state = 'running' AND worker = ?
                LIMIT 10000
            """, name, .text(worker))
        for row in rows { try takeBack(row, into: &claimed, in: connection) }
        return rows.count
    }

    private nonisolated static var lostColumns: String { "id, claims, key, attempts, maximum, worker, deleted" }

    private nonisolated func takeBack(
        _ row: SQLiteRow, into claimed: inout ClaimedJobs, in connection: SQLiteConnection
    ) throws {
        let (id, attempts, maximum) = (try row.int("id"), try row.int("attempts"), try row.int("maximum"))
        if try row.int("deleted") != 0 {
            _ = try leave(JobLease(job: id, claim: try row.int("claims")), in: connection)
            return
        }
        if attempts >= maximum {
            let reason = Self.lostReason(try row.textIfPresent("worker"), attempts, maximum)
            try bury(id, reason, in: connection)
            claimed.setAside.append(SetAsideJob(id: id, reason: reason))
        } else {
            try putBack(id, in: connection)
        }
        try letGo(of: try row.textIfPresent("key"), in: connection)
    }

    /// What the dead letter says of a job whose worker was lost too often.
    nonisolated static func lostReason(_ worker: String?, _ attempts: Int, _ maximum: Int) -> String {
        "its worker \(worker ?? "?") was lost while it ran, in attempt \(attempts) of \(maximum)"
    }
}
