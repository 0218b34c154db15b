import CSQLite
import Glibc

/// An open database, used by one thread at a time: `SQLiteDatabase` gives it to closures that run off the loop.
///
/// ```swift
/// try connection.execute("INSERT INTO users (name, age) VALUES (?, ?)", "Ada", 36)
/// let adults = try connection.query("SELECT name FROM users WHERE age >= ?", 18).map { try $0.text("name") }
/// ```
public final class SQLiteConnection {
    /// The database's path.
    public let path: String
    private let handle: OpaquePointer
    private let busyWait: BusyWait
    private var statements: [StatementText: SQLiteStatement] = [:]
    /// Whether a statement that changes something, or may, has run since this was set to `false`.
    var hasWritten = false
    /// More different statements than a program writes down; one that makes them up at run time starts anew.
    private static let mostStatements = 128

    private static let keepsNoStatistics = martlet_sqlite_keep_no_statistics() == SQLITE_OK

    /// Opens or creates a database.
    ///
    /// - Parameters:
    ///   - path: where it is; `":memory:"` is one without a file.
    ///   - settings: how it is used.
    /// - Throws: `SQLiteError` with the path.
    public init(_ path: String, settings: SQLiteSettings = SQLiteSettings()) throws(SQLiteError) {
        guard !path.utf8.contains(0) else {
            throw SQLiteError(.cannotOpen, "open it", path: "?", reason: "the path contains a zero byte")
        }
        _ = Self.keepsNoStatistics
        var handle: OpaquePointer?
        let access = settings.isReadOnly ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE
        // One thread at a time uses it, so that SQLite needs no locks of its own. EXRESCODE: errors say all.
        let status = sqlite3_open_v2(
            path, &handle, access | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE | SQLITE_OPEN_PRIVATECACHE, nil)
        guard let handle, status == SQLITE_OK else {
            let reason = handle.map { String(cString: sqlite3_errmsg($0)) } ?? String(cString: sqlite3_errstr(status))
            sqlite3_close_v2(handle)
            throw SQLiteError(
                .init(rawValue: status & 0xFF), extended: status, "open it", path: path, reason: reason)
        }
        self.path = path
        self.handle = handle
        busyWait = BusyWait(limit: settings.busyTimeout)
        martlet_sqlite_harden(handle)
        busyWait.install(on: handle)
        try configure(settings)
    }

    deinit {
        statements = [:]
        sqlite3_close_v2(handle)
    }

    private func configure(_ settings: SQLiteSettings) throws(SQLiteError) {
        if !settings.isReadOnly {
            try beginJournal(settings)
            let page = (try? first("PRAGMA page_size")?.int("page_size")) ?? 4096
            try script("PRAGMA wal_autocheckpoint = \(max(1, settings.journalSize / max(512, page)))")
        }
        try script("PRAGMA synchronous = \(settings.isDurable ? "FULL" : "NORMAL"); PRAGMA foreign_keys = ON")
    }

    /// Of a database that is there, this changes nothing. Two who make one at the same time are in each other's way, which SQLite
    /// takes for a deadlock: it tells them at once, and does not have them wait.
    private func beginJournal(_ settings: SQLiteSettings) throws(SQLiteError) {
        let end = ContinuousClock.now + settings.busyTimeout
        while true {
            do throws(SQLiteError) {
                return try script("PRAGMA page_size = \(settings.pageSize); PRAGMA journal_mode = WAL")
            } catch {
                guard error.code == .busy, ContinuousClock.now < end else { throw error }
                usleep(UInt32.random(in: 200...1500))
            }
        }
    }

    // MARK: Statements

    /// Runs a statement, whose rows are not wanted.
    ///
    /// - Parameters:
    ///   - sql: one statement; a `?` for each parameter. It is prepared once and kept.
    ///   - parameters: the values, in the order of the parameters.
    /// - Returns: how many rows were inserted, changed or deleted by it.
    @discardableResult
    public func execute(_ sql: String, _ parameters: SQLiteValue...) throws -> Int {
        try statement(sql).run(parameters) { _ in true }
        return Int(sqlite3_changes64(handle))
    }

    /// Runs a statement and returns its rows. Those of a result without bounds are for `forEach`.
    public func query(_ sql: String, _ parameters: SQLiteValue...) throws -> [SQLiteRow] {
        var rows: [SQLiteRow] = []
        try statement(sql).run(parameters) { row in
            rows.append(row)
            return true
        }
        return rows
    }

    /// Runs a statement and returns its first row, if there is one. Statements that write run to their end.
    public func first(_ sql: String, _ parameters: SQLiteValue...) throws -> SQLiteRow? {
        var first: SQLiteRow?
        try statement(sql).run(parameters) { row in
            // With RETURNING all changes are made before the first row comes; the end of the statement commits them.
            if first == nil { first = row }
            return true
        }
        return first
    }

    /// Runs a statement and hands over one row after the other, until `body` returns `false`.
    public func forEach(_ sql: String, _ parameters: [SQLiteValue] = [], _ body: (SQLiteRow) throws -> Bool) throws {
        try statement(sql).run(parameters, body)
    }

    /// Runs several statements without parameters: a schema.
    public func script(_ sql: String) throws(SQLiteError) {
        hasWritten = true
        guard sqlite3_exec(handle, sql, nil, nil, nil) == SQLITE_OK else { throw failure("run", sql: sql) }
    }

    /// The number of the row that was inserted last.
    public var lastInsertedRow: Int { Int(sqlite3_last_insert_rowid(handle)) }

    private func statement(_ sql: String) throws(SQLiteError) -> SQLiteStatement {
        if let statement = statements[StatementText(sql)] { return statement }
        var statement: OpaquePointer?
        var hasMore = false
        var text = sql
        let status = text.withUTF8 { bytes in
            bytes.withMemoryRebound(to: CChar.self) { characters in
                var tail: UnsafePointer<CChar>?
                let status = sqlite3_prepare_v3(
                    handle, characters.baseAddress, Int32(clamping: characters.count),
                    UInt32(SQLITE_PREPARE_PERSISTENT),
                    &statement, &tail)
                if let base = characters.baseAddress, let tail {
                    hasMore = characters[(tail - base)...].contains { $0 != 0x20 && $0 != 0x0A && $0 != 0x3B }
                }
                return status
            }
        }
        guard status == SQLITE_OK else { throw failure("prepare", sql: sql) }
        guard let statement else {
            throw SQLiteError(.misuse, "prepare", path: path, sql: sql, reason: "there is no statement in it")
        }
        let prepared = SQLiteStatement(handle: statement, sql: sql, connection: self)
        guard !hasMore else {
            throw SQLiteError(
                .misuse, "prepare", path: path, sql: sql, reason: "it is more than one statement: use script(_:)")
        }
        if statements.count >= Self.mostStatements { statements = [:] }
        statements[StatementText(sql)] = prepared
        return prepared
    }

    // MARK: Transactions

    /// Whether a transaction is under way.
    public var isInTransaction: Bool { sqlite3_get_autocommit(handle) == 0 }

    /// Runs `body` in a transaction that writes: it holds the lock from the beginning, so that nothing that it has read
    /// changes before it writes, and is undone when `body` throws. One inside another is a part of that (a savepoint).
    public func transaction<Value>(_ body: () throws -> Value) throws -> Value {
        let isOutermost = sqlite3_get_autocommit(handle) != 0
        try script(isOutermost ? "BEGIN IMMEDIATE" : "SAVEPOINT inner")
        do {
            let value = try body()
            try script(isOutermost ? "COMMIT" : "RELEASE inner")
            return value
        } catch {
            // Some errors, a full disk say, have rolled back already.
            if sqlite3_get_autocommit(handle) == 0 {
                try? script(isOutermost ? "ROLLBACK" : "ROLLBACK TO inner; RELEASE inner")
            }
            throw error
        }
    }

    /// Brings the schema up to date: the steps that this database has not seen yet, in one transaction, so that several
    /// processes may try at once. `user_version` counts the steps.
    ///
    /// - Parameter steps: scripts; a published one never changes, new ones come behind it.
    /// - Throws: `SQLiteError`, also when the database has seen more steps than there are: a newer program wrote it.
    public func migrate(_ steps: [String]) throws {
        guard try version() < steps.count else { return try checkVersion(steps) }
        try transaction {
            try checkVersion(steps)
            for step in try steps.dropFirst(version()) { try script(step) }
            try script("PRAGMA user_version = \(steps.count)")
        }
    }

    private func version() throws -> Int { try first("PRAGMA user_version")?.int("user_version") ?? 0 }

    private func checkVersion(_ steps: [String]) throws {
        let version = try version()
        guard (0...steps.count).contains(version) else {
            throw SQLiteError(
                .error, "use the tables", path: path,
                reason: "their version is \(version), and this program knows \(steps.count): a newer one wrote them")
        }
    }

    // MARK: Errors

    func failure(_ operation: String, sql: String?) -> SQLiteError {
        let extended = sqlite3_extended_errcode(handle)
        return SQLiteError(
            .init(rawValue: extended & 0xFF), extended: extended, operation, path: path, sql: sql,
            reason: String(cString: sqlite3_errmsg(handle)))
    }
}
