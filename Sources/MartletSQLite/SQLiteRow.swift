import CSQLite

/// A row of a result: its values by the place of their column, from 0, or by its name.
///
/// A value of another kind than asked for is an error with column and statement, rather than SQLite's silent
/// conversion; `NULL` is `nil` for the forms that end in `IfPresent`.
public struct SQLiteRow: Sendable {
    /// The values.
    public let values: [SQLiteValue]
    let columns: SQLiteColumns

    /// The value of a column.
    ///
    /// - Throws: `SQLiteError` when there is no such column.
    public func value(_ column: String) throws(SQLiteError) -> SQLiteValue {
        guard let index = columns.index(of: column) else {
            throw columns.error(.mismatch, "there is no column \"\(column)\"")
        }
        return values[index]
    }

    /// A whole number.
    public func int(_ column: String) throws(SQLiteError) -> Int {
        guard let value = try intIfPresent(column) else { throw mismatch(column, .null, "an integer") }
        return value
    }

    /// A whole number, or nothing.
    public func intIfPresent(_ column: String) throws(SQLiteError) -> Int? {
        switch try value(column) {
        case .null: return nil
        case .integer(let number): return Int(number)
        case let other: throw mismatch(column, other, "an integer")
        }
    }

    /// A text.
    public func text(_ column: String) throws(SQLiteError) -> String {
        guard let value = try textIfPresent(column) else { throw mismatch(column, .null, "a text") }
        return value
    }

    /// A text, or nothing.
    public func textIfPresent(_ column: String) throws(SQLiteError) -> String? {
        switch try value(column) {
        case .null: return nil
        case .text(let text): return text
        case let other: throw mismatch(column, other, "a text")
        }
    }

    /// A floating-point number; a whole one counts as such.
    public func double(_ column: String) throws(SQLiteError) -> Double {
        switch try value(column) {
        case .real(let number): return number
        case .integer(let number): return Double(number)
        case let other: throw mismatch(column, other, "a real number")
        }
    }

    /// Bytes, or nothing.
    public func blobIfPresent(_ column: String) throws(SQLiteError) -> [UInt8]? {
        switch try value(column) {
        case .null: return nil
        case .blob(let bytes): return bytes
        case let other: throw mismatch(column, other, "a blob")
        }
    }

    private func mismatch(_ column: String, _ value: SQLiteValue, _ wanted: String) -> SQLiteError {
        columns.error(.mismatch, "column \"\(column)\" is \(value.kind), not \(wanted)")
    }
}

/// What the rows of a result have in common.
final class SQLiteColumns: Sendable {
    let names: [String]
    private let path: String
    private let sql: String

    init(names: [String], path: String, sql: String) {
        self.names = names
        self.path = path
        self.sql = sql
    }

    /// Results have a handful of columns: a search is as fast as a table.
    func index(of name: String) -> Int? { names.firstIndex(of: name) }

    func error(_ code: SQLiteError.Code, _ reason: String) -> SQLiteError {
        SQLiteError(code, "read the result of", path: path, sql: sql, reason: reason)
    }
}
