import DequeModule
import MartletLoop

/// Writes of many callers, each with an outcome of its own, committed together: an fsync is paid once for all of those
/// that came while the one before was under way.
///
/// ```swift
/// let writer = try await SQLiteWriter.open("/var/lib/app/app.db", migrations: ["CREATE TABLE names (name TEXT UNIQUE)"])
/// try await writer.write { try $0.execute("INSERT INTO names VALUES (?)", "Ada") }
/// await writer.close()
/// ```
///
/// ```
///   write ──▶ waiting ──────────▶ in a transaction ──────▶ committed ──▶ goes on with its value
///               │ cancelled          │ threw: what it has done is undone, the others go on
///               ▼                    ▼
///         CancellationError       its error
/// ```
///
/// - A caller goes on when what it wrote has been committed: with `SQLiteSettings.isDurable`, the default here, it then
///   survives that the power fails; without, that the process is killed.
/// - A write that throws undoes what it has done itself, and nothing else.
/// - Other processes may write to the same file: their transactions and these wait for each other, up to
///   `SQLiteSettings.busyTimeout`; after that all writes of the transaction fail with `SQLiteError.Code.busy`.
/// - A write may run again: when another one of its transaction throws after it has changed something, they all do, each
///   with a savepoint; when the transaction itself has failed (a full disk, a constraint that is checked at the end), each
///   by itself. So it changes nothing but the database.
@MainActor public final class SQLiteWriter {
    /// Where the database is.
    public nonisolated let path: String
    /// How many writes were committed or failed, each with an outcome of its own.
    public private(set) var writes = 0
    /// In how many transactions; as many as `writes` when nobody had company.
    public private(set) var transactions = 0

    private let pool: ThreadPool
    private let thread: WriterThread
    private let limits: SQLiteWriterLimits
    private var waiting = Deque<any QueuedWrite>()
    /// How many of those have been cancelled: they are dropped when they are many, or their turn comes.
    private var abandoned = 0
    private let finished = WaitQueue<Void, Void>()
    private var state = State.open
    /// Whether a task takes what waits.
    private var isWriting = false

    private enum State {
        case open, closing, closed
    }

    private init(path: String, pool: ThreadPool, thread: WriterThread, limits: SQLiteWriterLimits) {
        self.path = path
        self.pool = pool
        self.thread = thread
        self.limits = limits
    }

    deinit {}

    /// Opens or creates a database, and brings its tables up to date.
    ///
    /// - Parameters:
    ///   - path: where it is; `":memory:"` is one without a file.
    ///   - settings: how it is used; durable unless said otherwise.
    ///   - migrations: see `SQLiteConnection.migrate(_:)`.
    ///   - limits: how much waits, and goes into one transaction.
    /// - Throws: `SQLiteError` with the path.
    public static func open(
        _ path: String, settings: SQLiteSettings = .durable, migrations: [String] = [],
        limits: SQLiteWriterLimits = SQLiteWriterLimits()
    ) async throws -> SQLiteWriter {
        let pool = ThreadPool(threads: 1, queueLimit: 4, name: "sqlite-writer")
        let thread = try await offload(on: pool) {
            let connection = try SQLiteConnection(path, settings: settings)
            if !migrations.isEmpty { try connection.migrate(migrations) }
            return WriterThread(connection)
        }
        return SQLiteWriter(path: path, pool: pool, thread: thread, limits: limits)
    }

    /// How many writes wait for a transaction to begin.
    public var queued: Int { waiting.count - abandoned }

    /// Writes, and waits until that is committed. Writes are done in the order in which they came.
    ///
    /// - Parameter body: quick work with the database alone, run on a thread of its own in a transaction that is not its
    ///   to end; it may run more than once (see above). An error of SQLite that it gets must leave it.
    /// - Returns: what `body` returned the last time that it ran.
    /// - Throws: what `body` throws, and then nothing of it is left; `SQLiteError` when its transaction cannot begin or
    ///   end; `OffloadError` when too many writes wait, or the writer is closed; `CancellationError` when the task was
    ///   cancelled while it waited. Once the transaction is under way, cancelling changes nothing.
    @discardableResult
    public func write<Value: Sendable>(
        _ body: @escaping @Sendable (SQLiteConnection) throws -> Value
    ) async throws -> Value {
        guard state == .open else { throw OffloadError(.closed, pool: pool.name, queueLimit: limits.queue) }
        if waiting.count >= limits.queue { dropAbandoned() }
        guard waiting.count < limits.queue else {
            throw OffloadError(.queueFull, pool: pool.name, queueLimit: limits.queue)
        }
        try Task.checkCancellation()
        let write = QueuedWriteOf(body)
        write.isWaiting = true
        waiting.append(write)
        begin()
        await withTaskCancellationHandler {
            await withUnsafeContinuation { write.continuation = $0 }
        } onCancel: {
            EventLoop.callSoonThreadsafe { self.cancel(write) }
        }
        guard let outcome = write.outcome else { throw CancellationError() }
        return try outcome.get()
    }

    /// Takes no more writes, commits those that it has, and closes.
    public func close() async {
        guard state == .open else {
            if state == .closing { await finished.waitUncancellably(()) }
            return
        }
        state = .closing
        if isWriting { await finished.waitUncancellably(()) }
        // Whoever is cancelled while it closes leaves that to the pool.
        await Task { [pool, thread] in
            try? await offload(on: pool) { thread.close() }
            try? await pool.close()
        }.value
        state = .closed
        finished.answerAll(())
    }

    // MARK: Transactions

    private func begin() {
        guard !isWriting else { return }
        isWriting = true
        // Behind everything that is ready: what is written in the same turn of the loop goes into one transaction.
        // For all of them: nothing that belongs to the first one's task goes along.
        EventLoop.main.callSoonForAll { [self] in
            Task { await commitAll() }
        }
    }

    private func commitAll() async {
        while !waiting.isEmpty {
            let next = Array(waiting.prefix(limits.writesPerTransaction))
            let batch = next.filter { !$0.wasCancelled }
            abandoned -= next.count - batch.count
            waiting.removeFirst(next.count)
            for write in batch { write.isWaiting = false }
            if !batch.isEmpty { await commit(batch) }
            // Those who go on now may have more to write, which then goes into the next transaction and not into the one
            // after it.
            await Task.yield()
        }
        isWriting = false
        if state == .closing { finished.answerFirst(()) }
    }

    private func commit(_ batch: [any QueuedWrite]) async {
        var done = batch[...]
        do {
            let count = try await offload(on: pool) { [thread, limits] in thread.commit(batch, within: limits.time) }
            done = batch[..<count]
        } catch {
            for write in batch { write.fail(error) }
        }
        writes += done.count
        transactions += 1
        for write in done { write.resume() }
        // There was no time for these: they wait again.
        let left = batch[done.endIndex...]
        waiting.prepend(contentsOf: left.filter { !$0.wasCancelled })
        for write in left { if write.wasCancelled { write.resume() } else { write.isWaiting = true } }
    }

    /// Whoever is in a transaction waits for its outcome.
    private func cancel(_ write: any QueuedWrite) {
        write.wasCancelled = true
        guard write.isWaiting else { return }
        write.isWaiting = false
        write.resume()
        abandoned += 1
        // Not one by one: when all are cancelled at once, each would look through all the others.
        if abandoned > waiting.count / 2 { dropAbandoned() }
    }

    private func dropAbandoned() {
        guard abandoned > 0 else { return }
        waiting.removeAll { $0.wasCancelled }
        abandoned = 0
    }
}
