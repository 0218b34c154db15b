/// The connection, which goes from call to call.
///
/// `@unchecked Sendable`, because: only closures on the database's pool touch it, which has one thread and runs one
/// closure after the other; the pool's queue orders what one closure has written before what the next one reads. Without
/// the database nobody has it, and it is closed by whoever lets go of it last.
final class SoleConnection: @unchecked Sendable {
    private var connection: SQLiteConnection?

    init(_ connection: SQLiteConnection?) {
        self.connection = connection
    }

    func use<Value>(_ body: (SQLiteConnection) throws -> Value) throws -> Value {
        guard let connection else { throw SQLiteError.closed("?") }
        return try body(connection)
    }

    func close() {
        connection = nil
    }

    /// The connection of a box that no closure touches until the loop has let go of it.
    @MainActor var forLoop: SQLiteConnection? { connection }
}
