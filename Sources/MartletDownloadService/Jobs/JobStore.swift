import Glibc
import MartletSQLite

/// The jobs, in a database that all workers share.
///
/// A worker owns a running job as long as its lease is in the future, and only as the owner does it change one. So exactly
/// one worker runs a job; when that dies, another takes it over.
final class JobStore {
    private let database: SQLiteDatabase

    private static let migrations = [
        """
        CREATE TABLE jobs (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            url TEXT NOT NULL,
            host TEXT NOT NULL,
            name TEXT,
            directory TEXT NOT NULL,
            checksum TEXT,
            state TEXT NOT NULL DEFAULT 'queued',
            bytes INTEGER NOT NULL DEFAULT 0,
            total INTEGER,
            rate INTEGER NOT NULL DEFAULT 0,
            attempts INTEGER NOT NULL DEFAULT 0,
            error TEXT,
            owner TEXT,
            lease INTEGER NOT NULL DEFAULT 0,
            not_before INTEGER NOT NULL DEFAULT 0,
            created INTEGER NOT NULL,
            updated INTEGER NOT NULL,
            revision INTEGER NOT NULL DEFAULT 0
        );
        CREATE INDEX jobs_by_state ON jobs (state, id);
        CREATE INDEX jobs_by_revision ON jobs (revision);
        CREATE TABLE revisions (number INTEGER NOT NULL);
        INSERT INTO revisions VALUES (0);
        """,
        "ALTER TABLE jobs ADD COLUMN room INTEGER NOT NULL DEFAULT 0",
    ]

    static func open(_ path: String) async throws -> JobStore {
        var settings = SQLiteSettings()
        // Who was told that a job is taken can rely on it.
        settings.isDurable = true
        return JobStore(try await SQLiteDatabase.open(path, settings: settings, migrations: migrations))
    }

    private init(_ database: SQLiteDatabase) {
        self.database = database
    }

    deinit {}

    func close() async {
        await database.close()
    }

    nonisolated static var now: Int {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return time.tv_sec * 1000 + time.tv_nsec / 1_000_000
    }

    /// Each change gets a number, so that whoever watches knows what is new. To be called in a transaction.
    private nonisolated static func revision(_ connection: SQLiteConnection) throws -> SQLiteValue {
        let row = try connection.first("UPDATE revisions SET number = number + 1 RETURNING number")
        return .integer(Int64(try row?.int("number") ?? 0))
    }

    // MARK: Asking

    func job(_ id: Int) async throws -> DownloadJob? {
        try await database.run { connection in
            try connection.first("SELECT * FROM jobs WHERE id = ?", .integer(Int64(id))).map { try DownloadJob($0) }
        }
    }

    /// Jobs behind a number, of a state or of all.
    func jobs(after id: Int, state: DownloadJob.State?, limit: Int) async throws -> [DownloadJob] {
        try await database.run { connection in
            try connection.query(
                "SELECT * FROM jobs WHERE id > ?1 AND (?2 IS NULL OR state = ?2) ORDER BY id LIMIT ?3",
                .integer(Int64(id)), SQLiteValue(state?.rawValue), .integer(Int64(limit))
            ).map { try DownloadJob($0) }
        }
    }

    /// The number of the newest change.
    func revision() async throws -> Int {
        try await database.run { connection in try connection.first("SELECT number FROM revisions")?.int("number") ?? 0
        }
    }

    /// What has changed since a revision, in order.
    func changes(since revision: Int, of id: Int?) async throws -> [DownloadJob] {
        try await database.run { connection in
            try connection.query(
                "SELECT * FROM jobs WHERE revision > ?1 AND (?2 IS NULL OR id = ?2) ORDER BY revision LIMIT 500",
                .integer(Int64(revision)), SQLiteValue(id)
            ).map { try DownloadJob($0) }
        }
    }

    // MARK: Making and ending

    /// What jobs take of the total: what is there, and what is still to come of those that go on by themselves, as far as that
    /// is known or they have room for it.
    private nonisolated static let size = """
        coalesce(sum(CASE WHEN state IN ('failed', 'cancelled') THEN bytes
            ELSE max(bytes, coalesce(total, 0), room) END), 0) AS size
        """

    /// Why no more jobs are taken.
    nonisolated enum Refusal: Error {
        case tooMany(Int)
        case noRoom
    }

    /// Takes jobs: all of them or none.
    func add(_ jobs: [NewJob], _ settings: DownloadServiceSettings) async throws -> [DownloadJob] {
        try await database.transaction { connection in
            let counts = try connection.first(
                """
                SELECT count(*) FILTER (WHERE state IN ('queued', 'running')) AS waiting, count(*) AS jobs,
                    \(Self.size) FROM jobs
                """)
            let waiting = try counts?.int("waiting") ?? 0
            guard waiting + jobs.count <= settings.waiting else { throw Refusal.tooMany(waiting) }
            guard try counts?.int("size") ?? 0 < settings.totalSize else { throw Refusal.noRoom }
            let surplus = try (counts?.int("jobs") ?? 0) + jobs.count - settings.jobs
            if surplus > 0 {
                try connection.execute(
                    """
                    DELETE FROM jobs WHERE id IN (SELECT id FROM jobs WHERE state IN ('done', 'failed', 'cancelled')
                        ORDER BY id LIMIT ?)
                    """, .integer(Int64(surplus)))
            }
            return try jobs.map { job in
                let row = try connection.first(
                    """
                    INSERT INTO jobs (url, host, name, directory, checksum, created, updated, revision)
                        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?6, ?7) RETURNING *
                    """, .text(job.url), .text(job.host), SQLiteValue(job.name), .text(job.directory),
                    SQLiteValue(job.checksum), .integer(Int64(Self.now)), try Self.revision(connection))
                guard let row else { throw CancellationError() }
                return try DownloadJob(row)
            }
        }
    }

    /// Changes a job that is in one of these states to another.
    ///
    /// - Returns: the job; `nil` when there is none, or it is in another state.
    func move(_ id: Int, from states: [DownloadJob.State], to state: DownloadJob.State) async throws -> DownloadJob? {
        let names = states.map { "'\($0.rawValue)'" }.joined(separator: ", ")
        return try await database.transaction { connection in
            try connection.first(
                """
                UPDATE jobs SET state = ?2, owner = NULL, lease = 0, not_before = 0, rate = 0, error = NULL, updated = ?3,
                    room = 0, revision = ?4 WHERE id = ?1 AND state IN (\(names)) RETURNING *
                """, .integer(Int64(id)), .text(state.rawValue), .integer(Int64(Self.now)),
                try Self.revision(connection)
            ).map { try DownloadJob($0) }
        }
    }

    /// Forgets a job that is finished.
    func remove(_ id: Int) async throws -> Bool {
        try await database.transaction { connection in
            try connection.execute(
                "DELETE FROM jobs WHERE id = ? AND state IN ('done', 'failed', 'cancelled')", .integer(Int64(id))) == 1
        }
    }

    // MARK: Running

    /// A job that this worker is to run now.
    nonisolated struct Claim: Sendable {
        let job: DownloadJob
        /// As it was given, with user and password if there are any.
        let url: String
    }

    /// The job that is to run next, at ?1, with at most ?2 at once and ?3 at one host.
    private nonisolated static let next = """
        SELECT id FROM jobs AS next
        WHERE (state = 'queued' AND not_before <= ?1 OR state = 'running' AND lease < ?1)
            AND (SELECT count(*) FROM jobs WHERE state = 'running' AND lease >= ?1) < ?2
            AND (SELECT count(*) FROM jobs AS other
                WHERE state = 'running' AND lease >= ?1 AND other.host = next.host) < ?3
        ORDER BY id LIMIT 1
        """

    /// Takes the next job that may run: one that waits, or one whose owner does not say any more that it lives.
    ///
    /// Workers ask several times a second: as long as there is nothing to take, nobody writes.
    func claim(by owner: String, _ settings: DownloadServiceSettings) async throws -> Claim? {
        guard try await database.run({ try Self.nextID($0, settings) }) != nil else { return nil }
        let lease = settings.leaseMilliseconds
        return try await database.transaction { connection in
            guard let id = try Self.nextID(connection, settings) else { return nil }
            let now = Self.now
            let row = try connection.first(
                """
                UPDATE jobs SET state = 'running', owner = ?2, lease = ?3, attempts = attempts + 1, error = NULL,
                    updated = ?4, revision = ?5 WHERE id = ?1 RETURNING *
                """, .integer(Int64(id)), .text(owner), .integer(Int64(now + lease)), .integer(Int64(now)),
                try Self.revision(connection))
            return try row.map { Claim(job: try DownloadJob($0), url: try $0.text("url")) }
        }
    }

    private nonisolated static func nextID(
        _ connection: SQLiteConnection, _ settings: DownloadServiceSettings
    ) throws -> Int? {
        try connection.first(
            next, .integer(Int64(now)), .integer(Int64(settings.concurrency)),
            .integer(Int64(settings.concurrencyPerHost))
        )?.int("id")
    }

    /// Gives the owner's job room for a file of a size, in all of its bytes, and for some more if there is.
    ///
    /// Whoever asks first gets it: jobs that run side by side, in this worker or another, never have more than the total.
    /// - Returns: how large the file may become; `nil` when what the others leave of the total is less than `size`.
    func giveRoom(
        _ id: Int, owner: String, _ size: Int, more: Int, _ settings: DownloadServiceSettings
    ) async throws -> Int? {
        try await database.transaction { connection in
            let others = try connection.first("SELECT \(Self.size) FROM jobs WHERE id != ?", .integer(Int64(id)))
            let left = settings.totalSize - (try others?.int("size") ?? 0)
            guard size <= left else { return nil }
            // The less there is, the smaller the steps: one that may need little is not to take all of it from the others.
            let room = size + min(more, (left - size) / 4)
            _ = try connection.execute(
                "UPDATE jobs SET room = ?3 WHERE id = ?1 AND owner = ?2 AND state = 'running'", .integer(Int64(id)),
                .text(owner), .integer(Int64(room)))
            return room
        }
    }

    /// Says that the owner lives, and how far the job is.
    ///
    /// - Returns: whether it is still the owner's to run.
    func renew(
        _ id: Int, owner: String, lease: Int, name: String?, bytes: Int, total: Int?, rate: Int, error: String?
    ) async throws -> Bool {
        try await database.transaction { connection in
            let now = Self.now
            return try connection.execute(
                """
                UPDATE jobs SET lease = ?3, name = coalesce(?4, name), bytes = ?5, total = ?6, rate = ?7, error = ?8,
                    updated = ?9, revision = ?10 WHERE id = ?1 AND owner = ?2 AND state = 'running'
                """, .integer(Int64(id)), .text(owner), .integer(Int64(now + lease)), SQLiteValue(name),
                .integer(Int64(bytes)), SQLiteValue(total), .integer(Int64(rate)), SQLiteValue(error),
                .integer(Int64(now)), try Self.revision(connection)) == 1
        }
    }

    /// Ends the owner's run of a job.
    ///
    /// - Parameters:
    ///   - size: the size of the file that is there now.
    ///   - kept: how many bytes of it are there for a later run.
    ///   - delay: for a job that goes back into the queue, how many milliseconds it stays there at least.
    func finish(
        _ id: Int, owner: String, _ state: DownloadJob.State, name: String? = nil, size: Int? = nil, kept: Int? = nil,
        error: String? = nil, delay: Int = 0
    ) async throws {
        try await database.transaction { connection in
            let now = Self.now
            _ = try connection.execute(
                """
                UPDATE jobs SET state = ?3, owner = NULL, lease = 0, not_before = ?4, name = coalesce(?5, name),
                    bytes = coalesce(?6, ?10, bytes), total = coalesce(?6, total), rate = 0, error = ?7, updated = ?8,
                    room = CASE ?3 WHEN 'queued' THEN room ELSE 0 END, revision = ?9 WHERE id = ?1 AND owner = ?2 AND state = 'running'
                """, .integer(Int64(id)), .text(owner), .text(state.rawValue), .integer(Int64(now + delay)),
                SQLiteValue(name), SQLiteValue(size), SQLiteValue(error), .integer(Int64(now)),
                try Self.revision(connection), SQLiteValue(kept))
        }
    }

    /// Lets others have the jobs of a worker that is known to be gone.
    func expire(ownersOf prefix: String) async throws {
        try await database.transaction { connection in
            _ = try connection.execute(
                "UPDATE jobs SET lease = 0 WHERE state = 'running' AND substr(owner, 1, ?1) = ?2",
                .integer(Int64(prefix.utf8.count)), .text(prefix))
        }
    }

    /// When there may be something to run again, in milliseconds since 1970; `nil` when nothing is queued or running.
    func nextChance() async throws -> Int? {
        try await database.run { connection in
            try connection.first(
                """
                SELECT min(CASE state WHEN 'running' THEN lease + 1 ELSE not_before END) AS at FROM jobs
                    WHERE state IN ('queued', 'running')
                """
            )?.intIfPresent("at")
        }
    }
}

nonisolated extension DownloadServiceSettings {
    var leaseMilliseconds: Int {
        max(100, Int(lease.components.seconds * 1000 + lease.components.attoseconds / 1_000_000_000_000_000))
    }
}
