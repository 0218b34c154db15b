import MartletSQLite

/// The tables of a store, and what is done with them.
nonisolated enum StoreSchema {
    /// Each change is logged, and the place in the log is the entry's version: one more than the newest, which is never
    /// forgotten, so that no number is given twice. As a change that is undone takes its number back, there are no gaps: who
    /// watches sees when changes were forgotten before he saw them.
    static let migrations = [
        """
        CREATE TABLE entries (
            key BLOB NOT NULL PRIMARY KEY,
            value BLOB NOT NULL,
            type TEXT,
            version INTEGER NOT NULL,
            expiry INTEGER
        ) WITHOUT ROWID;
        CREATE INDEX entries_by_expiry ON entries (expiry) WHERE expiry IS NOT NULL;
        CREATE TABLE changes (
            version INTEGER PRIMARY KEY AUTOINCREMENT,
            kind INTEGER NOT NULL,
            key BLOB NOT NULL
        );
        """,
        // Without AUTOINCREMENT, which writes the newest number into a table of its own with each change.
        """
        CREATE TABLE log (version INTEGER PRIMARY KEY, kind INTEGER NOT NULL, key BLOB NOT NULL);
        INSERT INTO log SELECT version, kind, key FROM changes;
        INSERT OR IGNORE INTO log SELECT seq, 2, x'' FROM sqlite_sequence WHERE name = 'changes' AND seq > 0;
        DROP TABLE changes;
        ALTER TABLE log RENAME TO changes;
        """,
    ]

    /// What has become of an entry, as the log has it.
    enum Kind: Int64 {
        case set = 0
        case removed = 1
        case expired = 2
    }

    // MARK: Reading

    static func entry(_ key: StoreKey, at now: Int64, _ connection: SQLiteConnection) throws -> StoreEntry? {
        let row = try connection.first(
            "SELECT value, type, version, expiry FROM entries WHERE key = ?", .blob(key.bytes))
        guard let row, case .blob(let bytes) = row.values[0], case .integer(let version) = row.values[2] else {
            return nil
        }
        var expiry: Int64?
        if case .integer(let time) = row.values[3] {
            guard time > now else { return nil }
            expiry = time
        }
        var type: String?
        if case .text(let text) = row.values[1] { type = text }
        return StoreEntry(
            key: key, value: StoreValue(bytes, type: type), version: StoreVersion(rawValue: version), expiry: expiry)
    }

    static func version(_ key: StoreKey, at now: Int64, _ connection: SQLiteConnection) throws -> StoreVersion? {
        let row = try connection.first(
            "SELECT version FROM entries WHERE key = ?1 AND (expiry IS NULL OR expiry > ?2)", .blob(key.bytes),
            .integer(now))
        guard case .integer(let version)? = row?.values[0] else { return nil }
        return StoreVersion(rawValue: version)
    }

    static func page(
        prefix: StoreKey, after key: StoreKey?, limit: Int, at now: Int64, _ connection: SQLiteConnection
    ) throws -> StorePage {
        let start = key.map { max($0, prefix) } ?? prefix
        let rows = try connection.query(
            """
            SELECT key, length(value), type, version, expiry FROM entries
            WHERE key >= ?1 AND (?2 OR key > ?1) AND (?3 IS NULL OR key < ?3) AND (expiry IS NULL OR expiry > ?4)
            ORDER BY key LIMIT ?5
            """, .blob(start.bytes), SQLiteValue(key == nil || start != key),
            prefix.endOfPrefix.map { .blob($0.bytes) } ?? .null, .integer(now), .integer(Int64(limit) + 1))
        var page = StorePage(items: try rows.prefix(limit).map(item), next: nil)
        if rows.count > limit { page.next = page.items.last?.key }
        return page
    }

    private static func item(_ row: SQLiteRow) throws -> StorePage.Item {
        guard case .blob(let key) = row.values[0], case .integer(let size) = row.values[1],
            case .integer(let version) = row.values[3]
        else { throw StoreError(.malformed, "an entry of the store is not as this program writes them") }
        return StorePage.Item(
            key: StoreKey(key), size: Int(size), type: try row.textIfPresent("type"),
            version: StoreVersion(rawValue: version), expiry: try row.intIfPresent("expiry").map(Int64.init))
    }

    /// What was changed behind a version, and whether something before that is forgotten already.
    static func changes(
        after version: Int64, limit: Int, _ connection: SQLiteConnection
    ) throws -> (changes: [StoreChange], hasGap: Bool) {
        var changes: [StoreChange] = []
        try connection.forEach(
            "SELECT version, kind, key FROM changes WHERE version > ?1 ORDER BY version LIMIT ?2",
            [.integer(version), .integer(Int64(limit))]
        ) { row in
            guard case .integer(let number) = row.values[0], case .integer(let kind) = row.values[1],
                case .blob(let bytes) = row.values[2]
            else { return true }
            let version = StoreVersion(rawValue: number)
            let key = StoreKey(bytes)
            switch Kind(rawValue: kind) {
            case .set, nil: changes.append(.set(key, version))
            case .removed: changes.append(.removed(key, version))
            case .expired: changes.append(.expired(key, version))
            }
            return true
        }
        return (changes, changes.first?.version.map { $0.rawValue > version + 1 } ?? false)
    }

    /// The version of the newest change.
    static func newest(_ connection: SQLiteConnection) throws -> Int64 {
        let row = try connection.first("SELECT max(version) FROM changes")
        guard case .integer(let version)? = row?.values[0] else { return 0 }
        return version
    }

    // MARK: Writing

    private static func log(_ kind: Kind, _ key: StoreKey, _ connection: SQLiteConnection) throws -> StoreVersion {
        try connection.execute(
            "INSERT INTO changes (kind, key) VALUES (?, ?)", .integer(kind.rawValue), .blob(key.bytes))
        return StoreVersion(rawValue: Int64(connection.lastInsertedRow))
    }

    /// Before anything is changed: a change that is refused has nothing to undo.
    private static func check(
        _ condition: StoreCondition, of key: StoreKey, at now: Int64, _ connection: SQLiteConnection
    ) throws {
        if condition == .always { return }
        let version = try version(key, at: now, connection)
        guard condition.holds(of: version) else { throw StoreError.conflict(key, condition, version) }
    }

    static func set(
        _ key: StoreKey, _ value: StoreValue, expiry: Int64?, if condition: StoreCondition, at now: Int64,
        _ connection: SQLiteConnection
    ) throws -> StoreChangeResult {
        try check(condition, of: key, at: now, connection)
        let version = try log(.set, key, connection)
        // Most of what is written is there already, and then this is all that is to be done.
        let changed = try connection.execute(
            """
            UPDATE entries SET value = ?2, type = ?3, version = ?4, expiry = ?5
            WHERE key = ?1 AND (expiry IS NULL OR expiry > ?6)
            """, .blob(key.bytes), .blob(value.bytes), SQLiteValue(value.type), .integer(version.rawValue),
            SQLiteValue(expiry.map { Int($0) }), .integer(now))
        if changed == 0 {
            try connection.execute(
                "INSERT OR REPLACE INTO entries (key, value, type, version, expiry) VALUES (?, ?, ?, ?, ?)",
                .blob(key.bytes), .blob(value.bytes), SQLiteValue(value.type), .integer(version.rawValue),
                SQLiteValue(expiry.map { Int($0) }))
        }
        return StoreChangeResult(version: version, isNew: changed == 0, expiry: expiry)
    }

    static func remove(
        _ key: StoreKey, if condition: StoreCondition, at now: Int64, _ connection: SQLiteConnection
    ) throws -> Bool {
        try check(condition, of: key, at: now, connection)
        let removed = try connection.execute(
            "DELETE FROM entries WHERE key = ?1 AND (expiry IS NULL OR expiry > ?2)", .blob(key.bytes), .integer(now))
        guard removed > 0 else { return false }
        _ = try log(.removed, key, connection)
        return true
    }

    static func increment(
        _ key: StoreKey, by amount: Int64, expiry: Int64?, if condition: StoreCondition, at now: Int64,
        _ connection: SQLiteConnection
    ) throws -> StoreEntry {
        let old = try entry(key, at: now, connection)
        guard condition.holds(of: old?.version) else { throw StoreError.conflict(key, condition, old?.version) }
        guard let number = old.map({ $0.value.number }) ?? 0 else { throw StoreError.notANumber(key) }
        let (sum, overflow) = number.addingReportingOverflow(amount)
        guard !overflow else { throw StoreError.overflow(key) }
        let value = StoreValue("\(sum)", type: old == nil ? "application/json" : old?.value.type)
        let result = try set(
            key, value, expiry: old == nil ? expiry : old?.expiry, if: .always, at: now, connection)
        return StoreEntry(key: key, value: value, version: result.version, expiry: result.expiry)
    }

    // MARK: Tidying up

    /// Whether an entry's time is over, or the log is longer than it has to be.
    static func needsSweeping(log: Int, at now: Int64, _ connection: SQLiteConnection) throws -> Bool {
        let row = try connection.first(
            """
            SELECT EXISTS (SELECT 1 FROM entries WHERE expiry IS NOT NULL AND expiry <= ?1)
                OR coalesce((SELECT max(version) - min(version) FROM changes), 0) > ?2
            """, .integer(now), .integer(Int64(log) * 2))
        return row?.values[0] == 1
    }

    /// Removes so many entries whose time is over, and what is too much of the log.
    ///
    /// - Returns: whether there may be more.
    static func sweep(limit: Int, log: Int, at now: Int64, _ connection: SQLiteConnection) throws -> Bool {
        let keys = try connection.query(
            "SELECT key FROM entries WHERE expiry IS NOT NULL AND expiry <= ?1 ORDER BY expiry LIMIT ?2",
            .integer(now), .integer(Int64(limit)))
        for row in keys {
            guard case .blob(let bytes) = row.values[0] else { continue }
            try connection.execute("DELETE FROM entries WHERE key = ?", .blob(bytes))
            _ = try Self.log(.expired, StoreKey(bytes), connection)
        }
        let forgotten = try connection.execute(
            """
            DELETE FROM changes WHERE version <= min((SELECT max(version) FROM changes) - ?1,
                (SELECT min(version) FROM changes) + ?2 - 1)
            """, .integer(Int64(max(1, log))), .integer(Int64(limit) * 10))
        return keys.count == limit || forgotten == limit * 10
    }
}
