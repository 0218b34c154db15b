import MartletLoop
import MartletSQLite
import MartletStore
import Testing

@Suite struct SQLiteStoreTests {
    @Test("a store of the first version is taken over, and its versions go on", arguments: [true, false])
    func migration(hasLog: Bool) async throws {
        try await FileSystem.withTemporaryDirectory { directory in
            let path = directory + "/store.db"
            try await offload {
                let connection = try SQLiteConnection(path)
                try connection.script(Self.first)
                if !hasLog { try connection.script("DELETE FROM changes") }
            }
            let store = try await SQLiteKeyValueStore.open(path)
            let entry = try await store.get("a")
            #expect(entry?.value.text == "kept" && entry?.version.rawValue == 2)
            #expect(try await store.set("b", "new").version.rawValue == 4)
            await store.close()
        }
    }

    /// As the first version of this program left it, after three changes.
    private nonisolated static let first = """
        CREATE TABLE entries (
            key BLOB NOT NULL PRIMARY KEY, value BLOB NOT NULL, type TEXT, version INTEGER NOT NULL, expiry INTEGER
        ) WITHOUT ROWID;
        CREATE INDEX entries_by_expiry ON entries (expiry) WHERE expiry IS NOT NULL;
        CREATE TABLE changes (
            version INTEGER PRIMARY KEY AUTOINCREMENT, kind INTEGER NOT NULL, key BLOB NOT NULL
        );
        INSERT INTO changes (kind, key) VALUES (0, x'62'), (0, x'61'), (1, x'62');
        INSERT INTO entries (key, value, version) VALUES (x'61', x'6b657074', 2);
        PRAGMA user_version = 1;
        """

    @Test("versions go up although the log of changes is kept short") func shortLog() async throws {
        try await FileSystem.withTemporaryDirectory { directory in
            let path = directory + "/store.db"
            var settings = SQLiteStoreSettings()
            settings.log = 0
            settings.sweepInterval = .milliseconds(1)
            let store = try await SQLiteKeyValueStore.open(path, settings: settings)
            for _ in 0..<20 { try await store.set("a", "x") }
            let reader = try await SQLiteDatabase.open(path)
            try await eventually {
                try await reader.run { try $0.first("SELECT count(*) AS n FROM changes")?.int("n") } == 1
            }
            #expect(try await store.set("a", "y").version.rawValue == 21)
            await reader.close()
            await store.close()
        }
    }

    @Test("of conditional changes made at once, those whose conditions do not hold cost the others nothing")
    func conflicts() async throws {
        try await FileSystem.withTemporaryDirectory { directory in
            let store = try await SQLiteKeyValueStore.open(directory + "/store.db")
            try await store.set("taken", "1")
            let outcomes = try await gather(0..<50) { (index) async throws -> Bool in
                let isFree = index % 2 == 0
                do {
                    try await store.set(isFree ? "\(index)" : "taken", "2", if: .absent)
                    return true
                } catch let error as StoreError where error.code == .conflict {
                    return false
                }
            }
            #expect(outcomes == (0..<50).map { $0 % 2 == 0 })
            #expect(try await store.get("taken")?.value.text == "1")
            #expect(try await store.list().items.count == 26)
            await store.close()
        }
    }
}
