import MartletSQLite
import Testing

@Suite struct ConnectionTests {
    @Test(
        "a value comes back as it went in",
        arguments: [
            nil, 0, -1, .integer(.max), .integer(.min), 1.5, "", "Ada", "ünï\u{0}code", .blob([]), .blob([0, 255, 0]),
        ] as [SQLiteValue])
    nonisolated func roundTrip(value: SQLiteValue) throws {
        let connection = try SQLiteConnection(":memory:")
        #expect(try connection.first("SELECT ? AS it", value)?.value("it") == value)
    }

    @Test("changes, the last row and rows of a result are told") nonisolated func changes() throws {
        let connection = try table()
        #expect(try connection.execute("INSERT INTO birds VALUES ('swift', 40), ('martlet', NULL)") == 2)
        #expect(connection.lastInsertedRow == 2)
        #expect(try connection.execute("UPDATE birds SET grams = 1 WHERE name = ?", "nobody") == 0)
        let rows = try connection.query("SELECT * FROM birds ORDER BY name")
        #expect(try rows.map { try $0.text("name") } == ["martlet", "swift"])
        #expect(try rows.map { try $0.intIfPresent("grams") } == [nil, 40])
    }

    @Test("each row is handed over until enough is enough") nonisolated func forEach() throws {
        let connection = try table()
        try connection.execute("INSERT INTO birds VALUES ('a', 1), ('b', 2), ('c', 3)")
        var names: [String] = []
        try connection.forEach("SELECT name FROM birds WHERE grams > ?", [0]) { row in
            names.append(try row.text("name"))
            return names.count < 2
        }
        #expect(names == ["a", "b"])
        // The statement holds no lock any more.
        try connection.script("DROP TABLE birds")
    }

    @Test("a violated constraint is told with its extended code and the statement")
    nonisolated func constraint() throws {
        let connection = try table()
        try connection.execute("INSERT INTO birds VALUES ('swift', 40)")
        let error = try #require(throws: SQLiteError.self) {
            try connection.execute("INSERT INTO birds VALUES (?, 1)", "swift")
        }
        #expect(error.code == .constraint && error.extendedCode == 2067)
        #expect(
            error.description
                == "cannot run \"INSERT INTO birds VALUES (?, 1)\" in :memory:: UNIQUE constraint failed: birds.name (2067)"
        )
    }

    @Test(
        "a wrong statement is an error that shows it",
        arguments: [
            ("SELEC 1", SQLiteError.Code.error), ("", .misuse), ("SELECT 1; SELECT 2", .misuse), ("SELECT ?", .misuse),
        ])
    nonisolated func wrong(sql: String, code: SQLiteError.Code) throws {
        let connection = try SQLiteConnection(":memory:")
        let error = try #require(throws: SQLiteError.self) { try connection.execute(sql) }
        #expect(error.code == code && error.sql == sql)
    }

    @Test("a value of another kind than asked for is an error") nonisolated func mismatch() throws {
        let row = try #require(try SQLiteConnection(":memory:").first("SELECT 'x' AS a, NULL AS b"))
        #expect(throws: SQLiteError.self) { try row.int("a") }
        #expect(throws: SQLiteError.self) { try row.text("b") }
        #expect(throws: SQLiteError.self) { try row.text("c") }
    }

    @Test("a transaction that fails is undone, the inner one alone when the outer one goes on")
    nonisolated func transactions() throws {
        struct Failure: Error {}
        let connection = try table()
        #expect(throws: Failure.self) {
            try connection.transaction {
                try connection.execute("INSERT INTO birds VALUES ('lost', 1)")
                throw Failure()
            }
        }
        try connection.transaction {
            try connection.execute("INSERT INTO birds VALUES ('kept', 1)")
            try? connection.transaction {
                try connection.execute("INSERT INTO birds VALUES ('lost', 1)")
                throw Failure()
            }
        }
        #expect(try connection.query("SELECT name FROM birds").map { try $0.text("name") } == ["kept"])
    }

    @Test("what is written with RETURNING is written when its first row was taken") nonisolated func returning() throws
    {
        let connection = try table()
        let row = try connection.first("INSERT INTO birds VALUES ('a', 1), ('b', 2) RETURNING name")
        #expect(try row?.text("name") == "a")
        #expect(try connection.first("SELECT count(*) AS n FROM birds")?.int("n") == 2)
    }

    private nonisolated func table() throws -> SQLiteConnection {
        let connection = try SQLiteConnection(":memory:")
        try connection.script("CREATE TABLE birds (name TEXT UNIQUE NOT NULL, grams INTEGER)")
        return connection
    }
}
