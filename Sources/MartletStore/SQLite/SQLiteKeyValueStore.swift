import MartletLoop
import MartletSQLite

/// A store in a file, shared by all processes of a machine that open it: the workers of a daemon, before and after a reload.
///
/// A change is answered when it is on the disk (see ``SQLiteStoreSettings/isDurable``); those that are made at the same time
/// get there together, off the loop. A change whose task is cancelled has been made if its transaction had begun, and then
/// returns. What is looked up comes from memory, on the loop, and from the disk off it.
public final class SQLiteKeyValueStore: KeyValueStore {
    /// What it takes.
    public let limits: StoreLimits
    /// Where it is.
    public let path: String
    private let settings: SQLiteStoreSettings
    private let writer: SQLiteWriter
    private let reader: SQLiteReader
    private let watchers = StoreWatchers()
    /// The version up to which the watchers know of all changes.
    private var seen: Int64 = 0
    private var isLooking = false
    private var sweeping: Task<Void, Never>?
    private var isClosed = false

    /// Entries that one transaction removes because their time is over: it may not take long, as others wait.
    private nonisolated static let sweepLimit = 200
    private nonisolated static let changesAtOnce = 256

    private init(_ path: String, _ settings: SQLiteStoreSettings, _ writer: SQLiteWriter, _ reader: SQLiteReader) {
        self.path = path
        self.settings = settings
        limits = settings.limits
        self.writer = writer
        self.reader = reader
    }

    deinit {}

    /// Opens or creates a store.
    ///
    /// - Parameters:
    ///   - path: the file; its directory has to be there. Beside it, SQLite keeps two more.
    ///   - settings: how it is used; the same in all processes.
    /// - Throws: `SQLiteError` with the path, also when a newer program has written it.
    public static func open(
        _ path: String, settings: SQLiteStoreSettings = SQLiteStoreSettings()
    ) async throws -> SQLiteKeyValueStore {
        var file = SQLiteSettings()
        file.isDurable = settings.isDurable
        file.busyTimeout = settings.busyTimeout
        // A change of a small entry writes the whole page that it is in to the journal; most of a store's entries are small.
        file.pageSize = 2048
        // Entries that change again and again are copied from the journal but once for many changes.
        file.journalSize = 16 << 20
        var limits = SQLiteWriterLimits()
        limits.queue = settings.queue
        let writer = try await SQLiteWriter.open(
            path, settings: file, migrations: StoreSchema.migrations, limits: limits)
        do {
            try await writer.write { [size = settings.limits.size] connection in
                let page = try connection.first("PRAGMA page_size")?.int("page_size") ?? 4096
                _ = try connection.first("PRAGMA max_page_count = \(max(16, size / page))")
            }
            let reader = try await SQLiteReader.open(path, settings: file)
            let store = SQLiteKeyValueStore(path, settings, writer, reader)
            store.sweeping = StoreSweeping.task(every: settings.sweepInterval) { [weak store] in
                try await store?.sweep() != nil
            }
            return store
        } catch {
            await writer.close()
            throw error
        }
    }

    // MARK: Reading

    /// The entry of a key.
    public func get(_ key: StoreKey) async throws -> StoreEntry? {
        try limits.check(key)
        do {
            return try await reader.look { try StoreSchema.entry(key, at: StoreClock.now, $0) }
        } catch {
            throw Self.translated(error)
        }
    }

    /// Entries in the order of their keys.
    public func list(prefix: StoreKey, after key: StoreKey?, limit: Int) async throws -> StorePage {
        let limit = min(max(1, limit), limits.page)
        do {
            return try await reader.run {
                try StoreSchema.page(prefix: prefix, after: key, limit: limit, at: StoreClock.now, $0)
            }
        } catch {
            throw Self.translated(error)
        }
    }

    // MARK: Writing

    /// Keeps a value under a key.
    @discardableResult
    public func set(
        _ key: StoreKey, _ value: StoreValue, timeToLive: Duration?, if condition: StoreCondition
    ) async throws -> StoreChangeResult {
        try limits.check(key)
        try limits.check(value)
        let time = try StoreClock.milliseconds(timeToLive)
        return try await write { now, connection in
            try StoreSchema.set(key, value, expiry: time.map { now + $0 }, if: condition, at: now, connection)
        }
    }

    /// Removes an entry.
    @discardableResult
    public func remove(_ key: StoreKey, if condition: StoreCondition) async throws -> Bool {
        try limits.check(key)
        return try await write { now, connection in
            try StoreSchema.remove(key, if: condition, at: now, connection)
        }
    }

    /// Adds to a number.
    @discardableResult
    public func increment(
        _ key: StoreKey, by amount: Int64, timeToLive: Duration?, if condition: StoreCondition
    ) async throws -> StoreEntry {
        try limits.check(key)
        let time = try StoreClock.milliseconds(timeToLive)
        return try await write { now, connection in
            try StoreSchema.increment(
                key, by: amount, expiry: time.map { now + $0 }, if: condition, at: now, connection)
        }
    }

    private func write<Value: Sendable>(
        _ body: @escaping @Sendable (Int64, SQLiteConnection) throws -> Value
    ) async throws -> Value {
        do {
            let value = try await writer.write { try body(StoreClock.now, $0) }
            if !watchers.isEmpty { await look() }
            return value
        } catch {
            throw Self.translated(error)
        }
    }

    /// The errors of what lies below, in the words of a store.
    private static func translated(_ error: any Error) -> any Error {
        switch error {
        case let error as OffloadError:
            StoreError(error.code == .closed ? .closed : .unavailable, "the store has too much to do: \(error)")
        case let error as SQLiteError where error.code == .full: StoreError(.full, "the store is full: \(error.reason)")
        case let error as SQLiteError where error.code == .busy:
            StoreError(.unavailable, "the store is busy: \(error.reason)")
        default: error
        }
    }

    // MARK: Watching

    /// What changes from now on.
    public func watch(prefix: StoreKey) async throws -> StoreChanges {
        guard !isClosed else { throw StoreError(.closed, "the store is closed") }
        if watchers.isEmpty {
            do {
                let newest = try await reader.look { try StoreSchema.newest($0) }
                // Somebody else may have begun to watch meanwhile.
                if watchers.isEmpty { seen = newest }
            } catch {
                throw Self.translated(error)
            }
        } else {
            await look()
        }
        let changes = watchers.add(prefix: prefix, limit: limits.changes)
        if !watchers.isLooking {
            watchers.look(every: settings.watchInterval) { [weak self] in await self?.look() != nil }
        }
        return changes
    }

    /// Tells the watchers what has changed since the last time.
    private func look() async {
        guard !isLooking else { return }
        isLooking = true
        defer { isLooking = false }
        while true {
            let from = seen
            // What cannot be read now is read the next time.
            let found = try? await reader.look { connection in
                try StoreSchema.changes(after: from, limit: Self.changesAtOnce, connection)
            }
            guard let found, let last = found.changes.last?.version else { return }
            if found.hasGap { watchers.tell(.missed) }
            for change in found.changes { watchers.tell(change) }
            seen = last.rawValue
            if found.changes.count < Self.changesAtOnce { return }
        }
    }

    // MARK: Tidying up

    /// Removes what nobody sees any more; whichever process comes first does it.
    private func sweep() async throws {
        let log = settings.log
        guard try await reader.look({ try StoreSchema.needsSweeping(log: log, at: StoreClock.now, $0) }) else { return }
        while try await writer.write({
            try StoreSchema.sweep(limit: Self.sweepLimit, log: log, at: StoreClock.now, $0)
        }) {}
        if !watchers.isEmpty { await look() }
    }

    /// Writes what it was asked to, and closes the file.
    public func close() async {
        guard !isClosed else { return }
        isClosed = true
        sweeping?.cancel()
        await sweeping?.value
        await watchers.end()
        await writer.close()
        await reader.close()
    }
}
