/// The text of a statement, by which the prepared one is found again.
///
/// Of a program's few statements hardly two are as long as each other, and the same literal is at the same address, which
/// makes them equal at a glance: to hash all of the text would take longer than some statements run.
struct StatementText: Hashable {
    private let sql: String

    init(_ sql: String) {
        self.sql = sql
    }

    func hash(into hasher: inout Hasher) {
        hasher.combine(sql.utf8.count)
    }
}
