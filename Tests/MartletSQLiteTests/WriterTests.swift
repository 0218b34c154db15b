import MartletLoop
import MartletSQLite
import Testing

@Suite struct WriterTests {
    private let tables = ["CREATE TABLE names (name TEXT UNIQUE NOT NULL)"]

    @Test("what many write at once is committed together, and each is told its own outcome") func together() async throws {
        try await withWriter { writer in
            let outcomes = try await gather(0..<50) { (index) async throws -> Bool in
                        do {
                            try await writer.write { connection in
                                try connection.execute("INSERT INTO names VALUES (?)", .text("\(index)"))
                                // Undone with the error.
                                if index % 10 == 3 { try connection.execute("INSERT INTO names VALUES ('0')") }
                            }
                            return true
                        } catch let error as SQLiteError where error.code == .constraint {
                            return false
                        }
            }
            #expect(outcomes == (0..<50).map { $0 % 10 != 3 })
            #expect(writer.writes == 50 && writer.transactions == 1)
            let count = try await writer.write { try $0.first("SELECT count(*) AS n FROM names")?.int("n") }
            #expect(count == 45)
        }
    }

    @Test("a write sees those that came before it") func order() async throws {
        try await withWriter { writer in
            let counts = try await gather(0..<20) { (index) async throws -> Int? in
                        try await writer.write { connection in
                            try connection.execute("INSERT INTO names VALUES (?)", .text("\(index)"))
                            return try connection.first("SELECT count(*) AS n FROM names")?.int("n")
                        }
            }
            #expect(counts == (1...20).map { $0 })
        }
    }

    @Test("a transaction that cannot be committed runs each write alone, and only the guilty fail")
    func deferredConstraint() async throws {
        try await withWriter { writer in
            try await writer.write { try $0.script(Self.family) }
            let outcomes = try await gather(0..<10) { (index) async throws -> Bool in
                        do {
                            try await writer.write { connection in
                                try connection.execute(
                                    "INSERT INTO children VALUES (?, ?)", .integer(Int64(index)), index == 4 ? 99 : 1)
                            }
                            return true
                        } catch let error as SQLiteError where error.code == .constraint {
                            return false
                        }
            }
            #expect(outcomes == (0..<10).map { $0 != 4 })
            let count = try await writer.write { try $0.first("SELECT count(*) AS n FROM children")?.int("n") }
            #expect(count == 9)
        }
    }

    private nonisolated static let family = """
        CREATE TABLE parents (id INTEGER PRIMARY KEY);
        CREATE TABLE children (
            id INTEGER PRIMARY KEY, parent INTEGER REFERENCES parents (id) DEFERRABLE INITIALLY DEFERRED);
        INSERT INTO parents VALUES (1);
        """

    @Test("a write whose database is full fails, and the others do not") func full() async throws {
        try await withWriter { writer in
            try await writer.write { _ = try $0.first("PRAGMA max_page_count = 20") }
            let outcomes = try await gather(0..<10) { (index) async throws -> Bool in
                        do {
                            try await writer.write { connection in
                                try connection.execute(
                                    "INSERT INTO names VALUES (? || CAST(zeroblob(?) AS TEXT))", .text("\(index)"),
                                    index == 7 ? 1_000_000 : 0)
                            }
                            return true
                        } catch let error as SQLiteError where error.code == .full {
                            return false
                        }
            }
            #expect(outcomes == (0..<10).map { $0 != 7 })
            let count = try await writer.write { try $0.first("SELECT count(*) AS n FROM names")?.int("n") }
            #expect(count == 9)
        }
    }

    @Test("writes beyond the limit are refused at once, and none after the close; what was taken is committed")
    func bounds() async throws {
        try await FileSystem.withTemporaryDirectory { directory in
            var limits = SQLiteWriterLimits()
            limits.queue = 3
            let writer = try await SQLiteWriter.open(directory + "/a.db", migrations: tables, limits: limits)
            let tasks = (0..<5).map { index in
                Task { try await writer.write { try $0.execute("INSERT INTO names VALUES (?)", .text("\(index)")) } }
            }
            await Task.yield()
            await writer.close()
            await writer.close()
            var outcomes: [String] = []
            for task in tasks {
                do {
                    outcomes.append("\(try await task.value)")
                } catch let error as OffloadError {
                    outcomes.append(error.code == .queueFull ? "full" : "closed")
                }
            }
            #expect(outcomes == ["1", "1", "1", "full", "full"])
            let error = await #expect(throws: OffloadError.self) { try await writer.write { _ in } }
            #expect(error?.code == .closed)
            let connection = try SQLiteConnection(directory + "/a.db")
            #expect(try connection.first("SELECT count(*) AS n FROM names")?.int("n") == 3)
        }
    }

    @Test("a write that is cancelled while it waits is not made; one that is under way is") func cancellation() async throws {
        try await withWriter { writer in
            let task = Task { try await writer.write { try $0.execute("INSERT INTO names VALUES ('waits')") } }
            await Task.yield()
            #expect(writer.queued == 1)
            task.cancel()
            await #expect(throws: CancellationError.self) { try await task.value }
            let gate = ThreadGate()
            let running = Task {
                try await writer.write { connection in
                    gate.begun()
                    gate.wait()
                    return try connection.execute("INSERT INTO names VALUES ('runs')")
                }
            }
            try await gate.hasBegun()
            running.cancel()
            gate.open()
            #expect(try await running.value == 1)
            let names = try await writer.write { try $0.query("SELECT name FROM names").map { try $0.text("name") } }
            #expect(names == ["runs"])
        }
    }

    @Test("whoever cannot have the lock in time is told that it is busy; in time, it waits") func busy() async throws {
        try await FileSystem.withTemporaryDirectory { directory in
            var settings = SQLiteSettings.durable
            settings.busyTimeout = .milliseconds(50)
            let writer = try await SQLiteWriter.open(directory + "/a.db", settings: settings, migrations: tables)
            let other = try SQLiteConnection(directory + "/a.db")
            try other.execute("BEGIN IMMEDIATE")
            let error = await #expect(throws: SQLiteError.self) {
                try await writer.write { try $0.execute("INSERT INTO names VALUES ('a')") }
            }
            #expect(error?.code == .busy)
            try other.execute("COMMIT")
            try await writer.write { _ = try $0.execute("INSERT INTO names VALUES ('a')") }
            await writer.close()
        }
    }

    @Test("two writers on one file both get on") func twoWriters() async throws {
        try await FileSystem.withTemporaryDirectory { directory in
            let tables = tables
            let (first, second) = try await gather(
                SQLiteWriter.open(directory + "/a.db", migrations: tables),
                SQLiteWriter.open(directory + "/a.db", migrations: tables))
            try await gather(0..<40) { (index) async throws -> Void in
                        for round in 0..<5 {
                            try await (index % 2 == 0 ? first : second).write { connection in
                                _ = try connection.execute("INSERT INTO names VALUES (?)", .text("\(index) \(round)"))
                            }
                        }
            }
            let count = try await first.write { try $0.first("SELECT count(*) AS n FROM names")?.int("n") }
            #expect(count == 200)
            await first.close()
            await second.close()
        }
    }

    private func withWriter(_ body: (SQLiteWriter) async throws -> Void) async throws {
        try await FileSystem.withTemporaryDirectory { directory in
            let writer = try await SQLiteWriter.open(directory + "/a.db", migrations: tables)
            try await body(writer)
            await writer.close()
        }
    }
}
