import MartletSQLite

extension JobTable {
    nonisolated func status(of id: Int, in connection: SQLiteConnection) throws -> JobStatus? {
        try connection.first(
            "SELECT \(JobStatus.columns) FROM jobs WHERE id = ? AND queue = ? AND deleted = 0", .number(id), name
        ).map { try JobStatus($0) }
    }

    nonisolated func statuses(
        _ state: JobState, after id: Int, limit: Int, in connection: SQLiteConnection
    ) throws -> [JobStatus] {
        try connection.query(
            """
            SELECT \(JobStatus.columns) FROM jobs WHERE queue = ? AND state = ? AND id > ? AND deleted = 0
                ORDER BY id LIMIT ?
            """, name, .text(state.rawValue), .number(id), .number(limit)
        ).map { try JobStatus($0) }
    }

    nonisolated func payload(of id: Int, in connection: SQLiteConnection) throws -> [UInt8]? {
        try connection.first(
            """
            SELECT payload FROM jobs WHERE id = ? AND queue = ? AND deleted = 0 AND length(payload) <= \(JobLimits.payload)
            """, .number(id), name)?.blobIfPresent("payload")
    }

    nonisolated func retry(_ id: Int, in connection: SQLiteConnection) throws -> JobState? {
        guard let state = try status(of: id, in: connection)?.state else { return nil }
        switch state {
        case .dead: try revive(id, in: connection)
        case .scheduled:
            try connection.execute(
                "UPDATE jobs SET state = 'waiting', due = ? WHERE id = ?", .number(clock.wall()), .number(id))
        case .waiting, .held, .running, .done: break
        }
        return state
    }

    nonisolated func retryDead(limit: Int, in connection: SQLiteConnection) throws -> Int {
        let rows = try connection.query(
            "SELECT id FROM jobs WHERE queue = ? AND state = 'dead' ORDER BY id LIMIT ?", name, .number(limit))
        for row in rows { try revive(try row.int("id"), in: connection) }
        return rows.count
    }

    private nonisolated func revive(_ id: Int, in connection: SQLiteConnection) throws {
        try connection.execute(
            """
            UPDATE jobs SET state = 'waiting', attempts = 0, due = ?, finished = NULL, progress = 0 WHERE id = ?
            """, .number(clock.wall()), .number(id))
    }

    nonisolated func delete(_ id: Int, in connection: SQLiteConnection) throws -> Bool {
        // One that runs keeps its key from others until its worker says that it has stopped, or can say nothing any more.
        let marked = try connection.execute(
            """
            UPDATE jobs SET deleted = 1, payload = x'' WHERE id = ? AND queue = ? AND state = 'running' AND key IS NOT NULL
                AND deleted = 0
            """, .number(id), name)
        if marked > 0 { return true }
        let row = try connection.first(
            "DELETE FROM jobs WHERE id = ? AND queue = ? AND deleted = 0 RETURNING state, key", .number(id), name)
        guard let row else { return false }
        if try row.text("state") == "waiting" { try letGo(of: try row.textIfPresent("key"), in: connection) }
        return true
    }

    nonisolated func delete(all state: JobState, limit: Int, in connection: SQLiteConnection) throws -> Int {
        let rows = try connection.query(
            "SELECT id FROM jobs WHERE queue = ? AND state = ? AND deleted = 0 ORDER BY id LIMIT ?", name,
            .text(state.rawValue),
            .number(limit))
        for row in rows { _ = try delete(try row.int("id"), in: connection) }
        return rows.count
    }
}
