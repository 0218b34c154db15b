import MartletLoop

/// Reads of a database that others write: small ones on the loop, when what they need is in memory, all others on a thread
/// of their own.
///
/// ```swift
/// let reader = try await SQLiteReader.open("/var/lib/app/app.db")
/// let name = try await reader.look { try $0.first("SELECT name FROM users WHERE id = ?", 7)?.text("name") }
/// ```
///
/// Looking up a row takes some microseconds, of which handing it to a thread and back would take several times more. What may
/// not happen on the loop is to wait for the disk, and it does not: there, SQLite reads with `RWF_NOWAIT` (man 2 preadv2), and
/// when a page is not in the kernel's cache the same is asked again off the loop. Locks are not waited for there, either:
/// who reads waits for nobody in a write-ahead log, but for moments such as the recovery after a crash.
///
/// Each call sees everything that was committed before it began.
@MainActor public final class SQLiteReader {
    /// Where the database is.
    public nonisolated let path: String
    /// How many calls of `look` were answered on the loop.
    public private(set) var answeredOnLoop = 0
    /// How many were not, because they would have had to wait there.
    public private(set) var answeredElsewhere = 0

    private let database: SQLiteDatabase
    private let box: SoleConnection
    /// The connection of the loop; `nil` when the file system cannot say what is in memory, and at the end.
    private var connection: SQLiteConnection?

    private init(_ database: SQLiteDatabase, _ box: SoleConnection, _ connection: SQLiteConnection?) {
        path = database.path
        self.database = database
        self.box = box
        self.connection = connection
    }

    deinit {}

    /// Opens a database that is there, with its tables.
    ///
    /// - Parameters:
    ///   - path: a file: one in memory is of one connection alone.
    ///   - settings: how it is used.
    ///   - queueLimit: how many calls may wait for the thread.
    /// - Throws: `SQLiteError` with the path.
    public static func open(
        _ path: String, settings: SQLiteSettings = SQLiteSettings(), queueLimit: Int = 1024
    ) async throws -> SQLiteReader {
        let database = try await SQLiteDatabase.open(path, settings: settings, queueLimit: queueLimit)
        try await database.run { try $0.script("PRAGMA query_only = ON") }
        guard CachedReads.areTold else { return SQLiteReader(database, SoleConnection(nil), nil) }
        var settings = settings
        settings.busyTimeout = .zero
        let box = try await database.run { [settings] _ in
            let connection = try SQLiteConnection(path, settings: settings)
            try connection.script("PRAGMA query_only = ON")
            // The schema is read now and not by the first who looks.
            _ = try connection.first("SELECT name FROM sqlite_schema LIMIT 1")
            return SoleConnection(connection)
        }
        return SQLiteReader(database, box, box.forLoop)
    }

    /// Looks something up: a row, a few of them.
    ///
    /// - Parameter body: asks, in much less than a millisecond when everything is in memory; it runs again off the loop when
    ///   it is not, so that it changes nothing.
    /// - Throws: what `body` throws; else as ``run(_:)``.
    public func look<Value: Sendable>(
        _ body: @escaping @Sendable (SQLiteConnection) throws -> Value
    ) async throws -> Value {
        if let connection {
            var refusal = CachedReads.Refusal.none
            do {
                let value = try CachedReads.only(&refusal) { try body(connection) }
                answeredOnLoop += 1
                return value
            } catch {
                let isBusy = (error as? SQLiteError)?.code == .busy
                guard refusal != .none || isBusy else { throw error }
                if refusal == .unknown { self.connection = nil }
            }
        }
        answeredElsewhere += 1
        return try await database.run(body)
    }

    /// Asks for more than a few rows, off the loop.
    ///
    /// - Throws: what `body` throws; `OffloadError` when too many calls wait, or the reader is closed; `CancellationError`
    ///   when the task was cancelled before `body` started.
    public func run<Value: Sendable>(
        _ body: @escaping @Sendable (SQLiteConnection) throws -> Value
    ) async throws -> Value {
        try await database.run(body)
    }

    /// Waits for the calls that are under way, and closes.
    public func close() async {
        connection = nil
        // The last connection of all tidies the journal up, which is nothing for the loop.
        try? await database.run { [box] _ in box.close() }
        await database.close()
    }
}
