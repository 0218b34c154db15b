import MartletSQLite

extension SQLiteValue {
    /// A number.
    nonisolated static func number(_ value: Int) -> SQLiteValue { .integer(Int64(value)) }
}

extension JobStatus {
    /// All that `init(_:)` reads.
    nonisolated static let columns = """
        id, kind, state, priority, key, attempts, maximum, progress, note, error, worker, length(payload) AS bytes,
        created, due, started, finished
        """

    /// What a row says; what is out of range is brought into it.
    nonisolated init(_ row: SQLiteRow) throws {
        id = try row.int("id")
        kind = try row.text("kind")
        state = JobState(rawValue: try row.text("state")) ?? .dead
        priority = JobPriority(clamping: try row.int("priority"))
        key = try row.textIfPresent("key")
        attempts = try row.int("attempts")
        maximumAttempts = try row.int("maximum")
        progress = JobProgress.clamped(try row.double("progress"))
        note = try row.textIfPresent("note")
        error = try row.textIfPresent("error")
        worker = try row.textIfPresent("worker")
        payloadBytes = try row.int("bytes")
        created = try row.int("created")
        due = try row.int("due")
        started = try row.intIfPresent("started")
        finished = try row.intIfPresent("finished")
    }
}

extension ClaimedJob {
    /// All that `init(_:)` reads. A payload that no program of ours has written is not even fetched.
    nonisolated static let columns = """
        id, claims, kind, CASE WHEN length(payload) <= \(JobLimits.payload) THEN payload END AS payload, key, priority,
        attempts, maximum, backoff_first, backoff_longest, backoff_factor, timeout, created, due
        """

    /// What a row says.
    ///
    /// - Throws: when it is none that can be run.
    nonisolated init(_ row: SQLiteRow) throws {
        guard let bytes = try row.blobIfPresent("payload") else {
            throw PermanentJobFailure("the payload is missing, or larger than \(JobLimits.payload) bytes")
        }
        lease = JobLease(job: try row.int("id"), claim: try row.int("claims"))
        kind = try row.text("kind")
        payload = bytes
        key = try row.textIfPresent("key")
        priority = JobPriority(clamping: try row.int("priority"))
        attempt = try row.int("attempts")
        maximumAttempts = try row.int("maximum")
        backoff = JobBackoff(
            firstMilliseconds: try row.int("backoff_first"), longestMilliseconds: try row.int("backoff_longest"),
            factor: try row.double("backoff_factor"))
        timeout = try row.intIfPresent("timeout").map { .milliseconds(max(1, $0)) }
        created = try row.int("created")
        due = try row.int("due")
    }
}
