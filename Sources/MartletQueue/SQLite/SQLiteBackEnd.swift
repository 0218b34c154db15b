import MartletLoop
import MartletSQLite

/// A queue in a database file, which all processes of a machine share.
///
/// What callers of a process write meanwhile is committed together, so that an fsync is paid once for all of it; what only
/// reads has a connection of its own.
final class SQLiteBackEnd: QueueBackEnd {
    let location: String
    private let table: JobTable
    private let writer: SQLiteWriter
    private let reader: SQLiteDatabase
    private let changed = Event()
    private var watch: DatabaseWatch?
    private var isTold = false
    private var mustAnnounce = false
    private var isAnnouncing = false

    private init(_ path: String, _ table: JobTable, _ writer: SQLiteWriter, _ reader: SQLiteDatabase) {
        location = "sqlite:\(path)"
        self.table = table
        self.writer = writer
        self.reader = reader
        watch = DatabaseWatch(path) { [changed] in changed.set() }
        isTold = watch?.isTold == true
    }

    deinit {}

    static func open(
        _ path: String, queue: String, settings: QueueSettings, clock: QueueClock = .system
    ) async throws -> SQLiteBackEnd {
        let table = JobTable(queue: queue, settings: settings, clock: clock)
        var options = SQLiteSettings()
        options.isDurable = settings.isDurable
        do {
            if try await FileSystem.exists(path) {
                try await offload { try Self.look(path, queue: queue, settings) }
            } else if !settings.createsDatabase {
                throw WorkQueueError(.unavailable, queue: queue, "there is no database at \(path)")
            }
            let writer = try await SQLiteWriter.open(path, settings: options, migrations: JobSchema.migrations)
            do {
                return SQLiteBackEnd(path, table, writer, try await SQLiteDatabase.open(path, settings: options))
            } catch {
                await writer.close()
                throw error
            }
        } catch let error as WorkQueueError {
            throw error
        } catch  where !error.saysCancelled {
            throw WorkQueueError(.unavailable, queue: queue, "cannot open sqlite:\(path)", cause: error)
        }
    }

    /// Makes sure that a file is of queues, or empty, before anything in it is changed: a mistyped path must not put tables
    /// into another program's database.
    private nonisolated static func look(_ path: String, queue: String, _ settings: QueueSettings) throws {
        var options = SQLiteSettings()
        options.isReadOnly = true
        let tables = try SQLiteConnection(path, settings: options).query(
            "SELECT name FROM sqlite_schema WHERE type = 'table'"
        ).map { try $0.text("name") }
        if tables.contains("jobs"), tables.contains("schedules") { return }
        if tables.isEmpty, settings.createsDatabase { return }
        throw WorkQueueError(
            .unavailable, queue: queue,
            "the database at \(path) has no queues\(tables.isEmpty ? "" : ", but tables of something else")")
    }

    /// Runs something in a transaction, together with what others write at the time.
    private func write<Value: Sendable>(
        _ body: @escaping @Sendable (SQLiteConnection) throws -> Value
    ) async throws -> Value {
        try await translate { [writer] in try await writer.write(body) }
    }

    private func read<Value: Sendable>(
        _ body: @escaping @Sendable (SQLiteConnection) throws -> Value
    ) async throws -> Value {
        try await translate { [reader] in try await reader.run(body) }
    }

    private func translate<Value: Sendable>(_ body: () async throws -> Value) async throws -> Value {
        do {
            return try await body()
        } catch let error as SQLiteError {
            throw WorkQueueError(.unavailable, queue: table.queue, "\(location) refuses", cause: error)
        } catch let error as OffloadError {
            // A burst of calls passes: whoever has to be heard tries again.
            let code: WorkQueueError.Code = error.code == .closed ? .closed : .unavailable
            throw WorkQueueError(code, queue: table.queue, "\(location) takes no more calls", cause: error)
        }
    }

    /// Tells all who are idle, here and in other processes, that there may be something to claim now.
    private func announce() {
        changed.set()
        mustAnnounce = true
        guard !isAnnouncing else { return }
        isAnnouncing = true
        // On the reader's thread, as a file system may take its time to note even that; once for all who come meanwhile.
        EventLoop.main.callSoonForAll { [self] in
            Task {
                while mustAnnounce {
                    mustAnnounce = false
                    try? await reader.run { DatabaseWatch.announce($0.path) }
                }
                isAnnouncing = false
            }
        }
    }

    // MARK: Jobs come

    func enqueue(_ jobs: [NewJob]) async throws -> [EnqueuedJob] {
        let enqueued = try await write { [table] in try table.enqueue(jobs, in: $0) }
        announce()
        return enqueued
    }

    func enqueue(_ job: NewJob, for schedule: String, at tick: Int) async throws -> EnqueuedJob? {
        let enqueued = try await write { [table] in try table.enqueue(job, for: schedule, at: tick, in: $0) }
        if enqueued != nil { announce() }
        return enqueued
    }

    // MARK: Jobs run

    func claim(_ limit: Int, by worker: String) async throws -> ClaimedJobs {
        changed.clear()
        // Whoever is woken in vain must not write: that would wake the others in turn.
        if case .nothing(let next) = try await read({ [table] in try table.outlook(in: $0) }) {
            return ClaimedJobs(next: next)
        }
        var claimed = try await write { [table] in try table.claim(limit, by: worker, in: $0) }
        // What is claimed has to be run, whatever becomes of this look: the next one tells of errors.
        if !claimed.hasMore, claimed.jobs.count < limit,
            case .nothing(let next)? = try? await read({ [table] in try table.outlook(in: $0) })
        {
            claimed.next = next
        } else {
            claimed.hasMore = true
        }
        return claimed
    }

    func change(within limit: Duration) async throws {
        // Without being told, twice a second has to do.
        let limit = isTold ? limit : min(limit, .milliseconds(500))
        do {
            try await withTimeout(limit) { [changed] in try await changed.wait() }
        } catch is TimeoutError {}
    }

    func renew(_ reports: [JobReport]) async throws -> Set<JobLease> {
        try await write { [table] in try table.renew(reports, in: $0) }
    }

    func finish(_ lease: JobLease, _ outcome: JobOutcome, note: String?) async throws -> Bool {
        let finished = try await write { [table] in try table.finish(lease, outcome, note: note, in: $0) }
        if finished == .freeing || finished == .deleted { announce() }
        return finished == .freeing || finished == .quiet
    }

    func leave(_ lease: JobLease) async throws {
        if try await write({ [table] in try table.leave(lease, in: $0) }) { announce() }
    }

    func release(all worker: String) async throws -> Int {
        let count = try await write { [table] in try table.release(all: worker, in: $0) }
        if count > 0 { announce() }
        return count
    }

    // MARK: Looking and mending

    func counts() async throws -> QueueCounts {
        try await read { [table] in try table.counts(in: $0) }
    }

    func status(of id: Int) async throws -> JobStatus? {
        try await read { [table] in try table.status(of: id, in: $0) }
    }

    func statuses(_ state: JobState, after id: Int, limit: Int) async throws -> [JobStatus] {
        try await read { [table] in try table.statuses(state, after: id, limit: limit, in: $0) }
    }

    func payload(of id: Int) async throws -> [UInt8]? {
        try await read { [table] in try table.payload(of: id, in: $0) }
    }

    func retry(_ id: Int) async throws -> JobState? {
        let state = try await write { [table] in try table.retry(id, in: $0) }
        announce()
        return state
    }

    func retryDead(limit: Int) async throws -> Int {
        let count = try await write { [table] in try table.retryDead(limit: limit, in: $0) }
        announce()
        return count
    }

    func delete(_ id: Int) async throws -> Bool {
        let isDeleted = try await write { [table] in try table.delete(id, in: $0) }
        announce()
        return isDeleted
    }

    func delete(all state: JobState, limit: Int) async throws -> Int {
        let count = try await write { [table] in try table.delete(all: state, limit: limit, in: $0) }
        if state == .running || state == .waiting { announce() }
        return count
    }

    func close() async {
        watch?.cancel()
        watch = nil
        await writer.close()
        await reader.close()
    }
}
