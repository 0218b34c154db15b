import MartletLoop
import MartletSQLite
import Synchronization
import Testing

@Suite struct WriterTests {
    private let tables = ["CREATE TABLE names (name TEXT UNIQUE NOT NULL)"]

    @Test("what many write at once is committed together, and each is told its own outcome") func together()
        async throws
    {
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

    @Test(
        "a write that throws has those before it run again only when it has changed something",
        arguments: [(changing: false, runs: 10), (changing: true, runs: 17)])
    func runs(changing: Bool, expected: Int) async throws {
        try await withWriter { writer in
            let runs = Mutex(0)
            let outcomes = try await gather(0..<10) { (index) async throws -> Bool in
                do {
                    try await writer.write { connection in
                        runs.withLock { $0 += 1 }
                        _ = try connection.first("SELECT count(*) FROM names")
                        if index == 6, !changing { throw Refusal() }
                        try connection.execute("INSERT INTO names VALUES (?)", .text("\(index)"))
                        if index == 6 { throw Refusal() }
                    }
                    return true
                } catch is Refusal {
                    return false
                }
            }
            #expect(outcomes == (0..<10).map { $0 != 6 })
            #expect(runs.withLock { $0 } == expected && writer.transactions == 1)
            let count = try await writer.write { try $0.first("SELECT count(*) AS n FROM names")?.int("n") }
            #expect(count == 9)
        }
    }

    private nonisolated struct Refusal: Error {}

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

    @Test("a write that is cancelled while it waits is not made; one that is under way is") func cancellation()
        async throws
    {
        try await withWriter { writer in
            let gate = ThreadGate()
            let running = Task {
                try await writer.write { connection in
                    gate.begun()
                    gate.wait()
                    return try connection.execute("INSERT INTO names VALUES ('runs')")
                }
            }
            try await gate.hasBegun()
            let waiting = Task { try await writer.write { try $0.execute("INSERT INTO names VALUES ('waits')") } }
            while writer.queued == 0 { await Task.yield() }
            waiting.cancel()
            await #expect(throws: CancellationError.self) { try await waiting.value }
            running.cancel()
            gate.open()
            #expect(try await running.value == 1)
            let names = try await writer.write { try $0.query("SELECT name FROM names").map { try $0.text("name") } }
            #expect(names == ["runs"])
        }
    }

    @Test(
        "of many writes that wait those are made that are not cancelled, in their order, and there is room for others")
    func cancellations() async throws {
        try await FileSystem.withTemporaryDirectory { directory in
            var limits = SQLiteWriterLimits()
            limits.queue = 10
            let writer = try await SQLiteWriter.open(directory + "/a.db", migrations: tables, limits: limits)
            let gate = ThreadGate()
            let running = Task {
                try await writer.write { _ in
                    gate.begun()
                    gate.wait()
                }
            }
            try await gate.hasBegun()
            func add(_ name: Int) -> Task<Int, any Error> {
                Task { try await writer.write { try $0.execute("INSERT INTO names VALUES (?)", .text("\(name)")) } }
            }
            var tasks = (0..<10).map(add)
            while writer.queued < 10 { await Task.yield() }
            for number in [1, 4, 7] { tasks[number].cancel() }
            while writer.queued > 7 { await Task.yield() }
            tasks += (10..<13).map(add)
            while writer.queued < 10 { await Task.yield() }
            for number in [0, 2, 3, 5, 6, 8] { tasks[number].cancel() }
            while writer.queued > 4 { await Task.yield() }
            gate.open()
            try await running.value
            var made: [Int] = []
            for (number, task) in tasks.enumerated() {
                do { if try await task.value == 1 { made.append(number) } } catch is CancellationError {}
            }
            #expect(made == [9, 10, 11, 12])
            let names = try await writer.write {
                try $0.query("SELECT name FROM names ORDER BY rowid").map { try $0.text("name") }
            }
            #expect(names == made.map { "\($0)" })
            await writer.close()
        }
    }

    @Test("what a transaction has no time for goes into the next one, unless it is cancelled meanwhile")
    func time() async throws {
        try await FileSystem.withTemporaryDirectory { directory in
            var limits = SQLiteWriterLimits()
            limits.time = .zero
            let writer = try await SQLiteWriter.open(directory + "/a.db", migrations: tables, limits: limits)
            let gate = ThreadGate()
            let tasks = (0..<4).map { index in
                Task {
                    try await writer.write { connection in
                        if index == 0 {
                            gate.begun()
                            gate.wait()
                        }
                        try connection.execute("INSERT INTO names VALUES (?)", .text("\(index)"))
                    }
                }
            }
            try await gate.hasBegun()
            tasks[2].cancel()
            gate.open()
            await #expect(throws: CancellationError.self) { try await tasks[2].value }
            for index in [0, 1, 3] { _ = try await tasks[index].value }
            let names = try await writer.write { try $0.query("SELECT name FROM names").map { try $0.text("name") } }
            #expect(names == ["0", "1", "3"] && writer.transactions == 4)
            await writer.close()
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
            let writers = try await gather(0..<2) { _ in
                try await SQLiteWriter.open(directory + "/a.db", migrations: tables)
            }
            try await gather(0..<40) { (index) async throws -> Void in
                for round in 0..<5 {
                    try await writers[index % 2].write { connection in
                        _ = try connection.execute("INSERT INTO names VALUES (?)", .text("\(index) \(round)"))
                    }
                }
            }
            let count = try await writers[0].write { try $0.first("SELECT count(*) AS n FROM names")?.int("n") }
            #expect(count == 200)
            for writer in writers { await writer.close() }
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
