import CSQLite

/// A prepared statement of a connection, which keeps it for the next time.
final class SQLiteStatement {
    private let handle: OpaquePointer
    private let sql: String
    private let isReadOnly: Bool
    private unowned let connection: SQLiteConnection
    private lazy var columns = SQLiteColumns(
        names: (0..<sqlite3_column_count(handle)).map { index in
            sqlite3_column_name(handle, index).map { String(cString: $0) } ?? ""
        }, path: connection.path, sql: sql)

    init(handle: OpaquePointer, sql: String, connection: SQLiteConnection) {
        self.handle = handle
        self.sql = sql
        isReadOnly = sqlite3_stmt_readonly(handle) != 0
        self.connection = connection
    }

    deinit {
        sqlite3_finalize(handle)
    }

    /// Runs it with these values, and calls `body` for each row until that says to stop.
    func run(_ parameters: [SQLiteValue], _ body: (SQLiteRow) throws -> Bool) throws {
        // A statement that is not reset keeps its lock. What reset returns is the error that step has returned already.
        defer {
            sqlite3_reset(handle)
            sqlite3_clear_bindings(handle)
        }
        try bind(parameters)
        if !isReadOnly { connection.hasWritten = true }
        while true {
            switch sqlite3_step(handle) {
            case SQLITE_ROW:
                let row = SQLiteRow(values: (0..<Int32(columns.names.count)).map(value), columns: columns)
                if try !body(row) { return }
            case SQLITE_DONE: return
            default: throw connection.failure("run", sql: sql)
            }
        }
    }

    private func bind(_ parameters: [SQLiteValue]) throws(SQLiteError) {
        let expected = sqlite3_bind_parameter_count(handle)
        guard parameters.count == Int(expected) else {
            throw SQLiteError(
                .misuse, "run", path: connection.path, sql: sql,
                reason: "it has \(expected) parameters and was given \(parameters.count) values")
        }
        for (index, value) in parameters.enumerated() {
            guard bind(value, at: Int32(index + 1)) == SQLITE_OK else {
                throw connection.failure("bind a value to", sql: sql)
            }
        }
    }

    private func bind(_ value: SQLiteValue, at index: Int32) -> Int32 {
        switch value {
        case .null: return sqlite3_bind_null(handle, index)
        case .integer(let number): return sqlite3_bind_int64(handle, index, number)
        case .real(let number): return sqlite3_bind_double(handle, index, number)
        case .text(var text):
            return text.withUTF8 { bytes in
                bytes.withMemoryRebound(to: CChar.self) {
                    martlet_sqlite_bind_text(handle, index, $0.baseAddress, UInt64($0.count))
                }
            }
        case .blob(let bytes):
            return bytes.withUnsafeBytes {
                $0.count == 0
                    ? sqlite3_bind_zeroblob(handle, index, 0)
                    : martlet_sqlite_bind_blob(handle, index, $0.baseAddress, UInt64($0.count))
            }
        }
    }

    private func value(_ column: Int32) -> SQLiteValue {
        switch sqlite3_column_type(handle, column) {
        case SQLITE_INTEGER: return .integer(sqlite3_column_int64(handle, column))
        case SQLITE_FLOAT: return .real(sqlite3_column_double(handle, column))
        case SQLITE_TEXT:
            guard let text = sqlite3_column_text(handle, column) else { return .text("") }
            let count = Int(sqlite3_column_bytes(handle, column))
            return .text(String(decoding: UnsafeBufferPointer(start: text, count: count), as: UTF8.self))
        case SQLITE_BLOB:
            guard let bytes = sqlite3_column_blob(handle, column) else { return .blob([]) }
            return .blob(Array(UnsafeRawBufferPointer(start: bytes, count: Int(sqlite3_column_bytes(handle, column)))))
        default: return .null
        }
    }
}
