import MartletLoop
import MartletSQLite
import Testing

@Suite struct DatabaseTests {
    @Test("what was committed is there for the next one who opens it") func reopen() async throws {
        try await FileSystem.withTemporaryDirectory { directory in
            let steps = ["CREATE TABLE counts (value INTEGER)"]
            let first = try await SQLiteDatabase.open(directory + "/a.db", migrations: steps)
            try await first.transaction { _ = try $0.execute("INSERT INTO counts VALUES (7)") }
            await first.close()
            let second = try await SQLiteDatabase.open(directory + "/a.db", migrations: steps)
            let value = try await second.run { try $0.first("SELECT value FROM counts")?.int("value") }
            #expect(value == 7)
            await second.close()
        }
    }

    @Test("migrations run once each, in order, and a newer database is refused") func migrations() async throws {
        try await FileSystem.withTemporaryDirectory { directory in
            let path = directory + "/a.db"
            let steps = [
                "CREATE TABLE a (x)", "ALTER TABLE a ADD COLUMN y; INSERT INTO a VALUES (1, 2)", "DELETE FROM a",
            ]
            for count in [0, 1, 1, 2, 3, 3] {
                let database = try await SQLiteDatabase.open(path, migrations: Array(steps.prefix(count)))
                await database.close()
            }
            let error = await #expect(throws: SQLiteError.self) {
                try await SQLiteDatabase.open(path, migrations: ["CREATE TABLE a (x)"])
            }
            #expect(error?.description.contains("a newer one wrote them") == true)
        }
    }

    @Test("a migration that fails leaves nothing behind") func failedMigration() async throws {
        try await FileSystem.withTemporaryDirectory { directory in
            let path = directory + "/a.db"
            await #expect(throws: SQLiteError.self) {
                try await SQLiteDatabase.open(path, migrations: ["CREATE TABLE a (x)", "CREATE TABLE a (x)"])
            }
            let database = try await SQLiteDatabase.open(path, migrations: ["CREATE TABLE a (x)"])
            await database.close()
        }
    }

    @Test("two who write at once wait for each other") func contention() async throws {
        try await FileSystem.withTemporaryDirectory { directory in
            let path = directory + "/a.db"
            let steps = ["CREATE TABLE counts (value INTEGER); INSERT INTO counts VALUES (0)"]
            let databases = [
                try await SQLiteDatabase.open(path, migrations: steps),
                try await SQLiteDatabase.open(path, migrations: steps),
            ]
            let tasks = (0..<100).map { number in
                Task {
                    try await databases[number % 2].transaction { connection in
                        let value = try connection.first("SELECT value FROM counts")?.int("value") ?? 0
                        try connection.execute("UPDATE counts SET value = ?", .integer(Int64(value + 1)))
                    }
                }
            }
            for task in tasks { try await task.value }
            #expect(try await databases[0].run { try $0.first("SELECT value FROM counts")?.int("value") } == 100)
            for database in databases { await database.close() }
        }
    }

    @Test("who does not get the lock in time is told") func busy() async throws {
        try await FileSystem.withTemporaryDirectory { directory in
            var settings = SQLiteSettings()
            settings.busyTimeout = .milliseconds(5)
            let path = directory + "/a.db"
            let holder = try await SQLiteDatabase.open(path)
            let other = try await SQLiteDatabase.open(path, settings: settings)
            try await holder.run { try $0.script("CREATE TABLE a (x); BEGIN IMMEDIATE") }
            let error = await #expect(throws: SQLiteError.self) {
                try await other.transaction { _ = try $0.execute("INSERT INTO a VALUES (1)") }
            }
            #expect(error?.code == .busy)
            try await holder.run { try $0.script("COMMIT") }
            try await other.transaction { _ = try $0.execute("INSERT INTO a VALUES (1)") }
            await holder.close()
            await other.close()
        }
    }

    @Test("a file that is no database, and one that cannot be opened, are errors with the path") func noDatabase()
        async throws
    {
        try await FileSystem.withTemporaryDirectory { directory in
            try await File.write(String(repeating: "no database ", count: 200), to: directory + "/text")
            let text = await #expect(throws: SQLiteError.self) { try await SQLiteDatabase.open(directory + "/text") }
            #expect(text?.code == .notADatabase && text?.path == directory + "/text")
            let missing = await #expect(throws: SQLiteError.self) {
                try await SQLiteDatabase.open(directory + "/nowhere/a.db")
            }
            #expect(missing?.code == .cannotOpen)
        }
    }

    @Test("a closed database takes no more calls") func closed() async throws {
        let database = try await SQLiteDatabase.open(":memory:")
        await database.close()
        await #expect(throws: OffloadError.self) { try await database.run { try $0.script("SELECT 1") } }
    }
}
