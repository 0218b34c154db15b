import MartletLoop

/// A database whose statements run off the loop, one after the other.
///
/// ```swift
/// let database = try await SQLiteDatabase.open("/var/lib/app/app.db", migrations: ["CREATE TABLE users (name TEXT)"])
/// try await database.transaction { try $0.execute("INSERT INTO users VALUES (?)", "Ada") }
/// let names = try await database.run { try $0.query("SELECT name FROM users").map { try $0.text("name") } }
/// await database.close()
/// ```
///
/// The journal is a write-ahead log (sqlite.org/wal.html): those who read and the one who writes do not wait for each
/// other, in other processes as well, and a crash at any moment leaves what was committed.
@MainActor public final class SQLiteDatabase {
    /// Where it is.
    public nonisolated let path: String

    private let pool: ThreadPool
    private let connection: SoleConnection

    private init(path: String, pool: ThreadPool, connection: SoleConnection) {
        self.path = path
        self.pool = pool
        self.connection = connection
    }

    deinit {}

    /// Opens or creates a database, and brings its tables up to date.
    ///
    /// - Parameters:
    ///   - path: where it is; `":memory:"` is one without a file.
    ///   - settings: how it is used.
    ///   - migrations: see `SQLiteConnection.migrate(_:)`.
    ///   - queueLimit: how many calls may wait for their turn.
    /// - Throws: `SQLiteError` with the path.
    public static func open(
        _ path: String, settings: SQLiteSettings = SQLiteSettings(), migrations: [String] = [], queueLimit: Int = 1024
    ) async throws -> SQLiteDatabase {
        let pool = ThreadPool(threads: 1, queueLimit: queueLimit, name: "sqlite")
        let connection = try await offload(on: pool) {
            let connection = try SQLiteConnection(path, settings: settings)
            if !migrations.isEmpty { try connection.migrate(migrations) }
            return SoleConnection(connection)
        }
        return SQLiteDatabase(path: path, pool: pool, connection: connection)
    }

    /// Runs `body` with the connection, on a thread of its own. Calls run in the order in which they came.
    ///
    /// - Parameter body: quick work with the database alone: others wait for it.
    /// - Throws: what `body` throws; `OffloadError` when too many calls wait, or the database is closed;
    ///   `CancellationError` when the task was cancelled before `body` started.
    public func run<Value: Sendable>(
        _ body: @escaping @Sendable (SQLiteConnection) throws -> Value
    ) async throws -> Value {
        try await offload(on: pool) { [connection] in try connection.use(body) }
    }

    /// Runs `body` in a transaction: see `run(_:)` and `SQLiteConnection.transaction(_:)`.
    public func transaction<Value: Sendable>(
        _ body: @escaping @Sendable (SQLiteConnection) throws -> Value
    ) async throws -> Value {
        try await run { connection in try connection.transaction { try body(connection) } }
    }

    /// Waits for the calls that are under way, and closes. Whoever calls `run` later gets an `OffloadError`.
    public func close() async {
        // Whoever is cancelled while it closes leaves that to the pool.
        try? await offload(on: pool) { [connection] in connection.close() }
        try? await pool.close()
    }
}

/// The connection, which goes from call to call.
///
/// `@unchecked Sendable`, because: only closures on the database's pool touch it, which has one thread and runs one
/// closure after the other; the pool's queue orders what one closure has written before what the next one reads. Without
/// the database nobody has it, and it is closed by whoever lets go of it last.
private final class SoleConnection: @unchecked Sendable {
    private var connection: SQLiteConnection?

    init(_ connection: SQLiteConnection) {
        self.connection = connection
    }

    func use<Value>(_ body: (SQLiteConnection) throws -> Value) throws -> Value {
        guard let connection else { throw SQLiteError.closed("?") }
        return try body(connection)
    }

    func close() {
        connection = nil
    }
}
