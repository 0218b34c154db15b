import CSQLite

/// What SQLite refused: what was being done, in which database, with which statement, and why.
public struct SQLiteError: Error, Hashable, Sendable, CustomStringConvertible {
    /// SQLite's result code (sqlite.org/rescode.html). Others than those named here are met as well.
    public struct Code: Hashable, Sendable {
        /// The primary code.
        public let rawValue: Int32

        /// A code by its number.
        public init(rawValue: Int32) { self.rawValue = rawValue }

        /// Somebody else holds the lock, and the busy timeout has passed.
        public static let busy = Code(rawValue: SQLITE_BUSY)
        /// Another connection of this process holds the lock.
        public static let locked = Code(rawValue: SQLITE_LOCKED)
        /// A constraint of the schema was violated.
        public static let constraint = Code(rawValue: SQLITE_CONSTRAINT)
        /// The file cannot be opened.
        public static let cannotOpen = Code(rawValue: SQLITE_CANTOPEN)
        /// The file is no database.
        public static let notADatabase = Code(rawValue: SQLITE_NOTADB)
        /// The file is damaged.
        public static let corrupt = Code(rawValue: SQLITE_CORRUPT)
        /// The disk cannot be read or written.
        public static let inputOutput = Code(rawValue: SQLITE_IOERR)
        /// The disk is full.
        public static let full = Code(rawValue: SQLITE_FULL)
        /// The database may only be read.
        public static let readOnly = Code(rawValue: SQLITE_READONLY)
        /// The connection is used wrongly: it is closed, or a statement has too many values.
        public static let misuse = Code(rawValue: SQLITE_MISUSE)
        /// A value is not of the kind that was asked for.
        public static let mismatch = Code(rawValue: SQLITE_MISMATCH)
        /// The database is newer than the program, or the statement is wrong.
        public static let error = Code(rawValue: SQLITE_ERROR)
    }

    /// The primary result code.
    public let code: Code
    /// The extended result code, which says more: SQLITE_CONSTRAINT_UNIQUE, say.
    public let extendedCode: Int32
    /// What was being done, as an infinitive.
    public let operation: String
    /// The database's path.
    public let path: String
    /// The statement, as far as there was one; its values are not in it.
    public let sql: String?
    /// SQLite's words.
    public let reason: String

    init(_ code: Code, extended: Int32? = nil, _ operation: String, path: String, sql: String? = nil, reason: String) {
        self.code = code
        extendedCode = extended ?? code.rawValue
        self.operation = operation
        self.path = path
        self.sql = sql
        self.reason = reason
    }

    static func closed(_ path: String) -> SQLiteError {
        SQLiteError(.misuse, "use it", path: path, reason: "the database is closed")
    }

    static func transactionEnded(_ path: String) -> SQLiteError {
        SQLiteError(
            .misuse, "commit a write", path: path,
            reason: "its transaction was ended by the write itself, which is for the writer to do")
    }

    /// `cannot run "INSERT …" in /var/lib/app.db: UNIQUE constraint failed: users.name (2067)`
    public var description: String {
        let statement = sql.map { " \"\(Self.shortened($0))\"" } ?? ""
        return "cannot \(operation)\(statement) in \(path): \(reason) (\(extendedCode))"
    }

    private static func shortened(_ sql: String) -> String {
        let line = sql.split(whereSeparator: \.isWhitespace).joined(separator: " ")
        return line.count <= 160 ? line : line.prefix(159) + "…"
    }
}
