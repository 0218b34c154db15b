import Glibc
import MartletLoop
import MartletSQLite
import Testing

@Suite struct ReaderTests {
    private let tables = ["CREATE TABLE names (id INTEGER PRIMARY KEY, name TEXT NOT NULL)"]

    @Test("what is in memory is looked up on the loop, and every look sees what was committed before") func looks()
        async throws
    {
        try await FileSystem.withTemporaryDirectory { directory in
            let writer = try await SQLiteWriter.open(directory + "/a.db", migrations: tables)
            let reader = try await SQLiteReader.open(directory + "/a.db")
            for number in 1...20 as ClosedRange<Int64> {
                try await writer.write { _ = try $0.execute("INSERT INTO names VALUES (?, 'Ada')", .integer(number)) }
                let count = try await reader.look { try $0.first("SELECT count(*) AS n FROM names")?.int("n") }
                #expect(count.map(Int64.init) == number)
            }
            // Nothing tells what the file system can say, but each look was answered once.
            #expect(reader.answeredOnLoop + reader.answeredElsewhere == 20)
            await reader.close()
            await writer.close()
        }
    }

    @Test("what is not in memory comes from the disk all the same") func cold() async throws {
        try await FileSystem.withTemporaryDirectory { directory in
            let path = directory + "/a.db"
            let writer = try await SQLiteWriter.open(path, migrations: tables)
            try await writer.write { connection in
                let name = String(repeating: "x", count: 2000)
                for number in 1...1000 as ClosedRange<Int64> {
                    try connection.execute("INSERT INTO names VALUES (?, ?)", .integer(number), .text(name))
                }
            }
            await writer.close()
            let file = open(path, O_RDONLY)
            #expect(fsync(file) == 0)
            _ = posix_fadvise(file, 0, 0, POSIX_FADV_DONTNEED)
            close(file)
            let reader = try await SQLiteReader.open(path)
            for number in [900, 1, 500] as [Int64] {
                let length = try await reader.look {
                    try $0.first("SELECT length(name) AS n FROM names WHERE id = ?", .integer(number))?.int("n")
                }
                #expect(length == 2000)
            }
            #expect(reader.answeredOnLoop + reader.answeredElsewhere == 3)
            await reader.close()
        }
    }

    @Test("a reader changes nothing, and an error of a look is thrown once") func readOnly() async throws {
        try await FileSystem.withTemporaryDirectory { directory in
            let writer = try await SQLiteWriter.open(directory + "/a.db", migrations: tables)
            let reader = try await SQLiteReader.open(directory + "/a.db")
            let error = await #expect(throws: SQLiteError.self) {
                try await reader.look { try $0.execute("INSERT INTO names VALUES (1, 'Ada')") }
            }
            #expect(error?.code == .readOnly)
            await #expect(throws: SQLiteError.self) { try await reader.look { try $0.query("SELECT nothing") } }
            #expect(try await reader.run { try $0.query("SELECT * FROM names").count } == 0)
            await reader.close()
            await #expect(throws: OffloadError.self) { try await reader.look { try $0.query("SELECT 1").count } }
            await writer.close()
        }
    }
}
