/// Values by key, shared by all who open the same store: workers of a daemon, or machines.
///
/// ```swift
/// let store = try await KeyValueStores.open("sqlite:/var/lib/app/store.db")
/// try await store.set("greeting", "hello", timeToLive: .seconds(60))
/// let entry = try await store.get("greeting")                        // its value, version and expiry
/// try await store.set("greeting", "hi", if: .unchanged(since: entry))
/// let visits = try await store.increment("visits")
/// ```
///
/// Each operation happens whole or not at all, and sees all that were answered before it began. What a change of an entry
/// has been answered for is kept as the store says: ``SQLiteKeyValueStore``, ``RedisKeyValueStore``.
///
/// All throw ``StoreError``, and `CancellationError` when the task is cancelled while it waits; a change may have been made
/// then, unless the store says otherwise.
public protocol KeyValueStore: AnyObject {
    /// What it takes.
    var limits: StoreLimits { get }

    /// The entry of a key; `nil` when there is none, or its time is over.
    func get(_ key: StoreKey) async throws -> StoreEntry?

    /// Keeps a value under a key, in place of what is there.
    ///
    /// - Parameters:
    ///   - key: the key.
    ///   - value: the value.
    ///   - timeToLive: for how long, in whole milliseconds; `nil`: until it is removed. What was said before is forgotten.
    ///   - condition: what has to be so.
    /// - Returns: its version, and whether it is new.
    /// - Throws: ``StoreError/Code/conflict`` when the condition does not hold.
    @discardableResult
    func set(
        _ key: StoreKey, _ value: StoreValue, timeToLive: Duration?, if condition: StoreCondition
    ) async throws -> StoreChangeResult

    /// Removes an entry.
    ///
    /// - Returns: whether there was one.
    /// - Throws: ``StoreError/Code/conflict`` when the condition does not hold: with `.always`, never.
    @discardableResult
    func remove(_ key: StoreKey, if condition: StoreCondition) async throws -> Bool

    /// Adds to a number, which is 0 where there is no entry.
    ///
    /// - Parameters:
    ///   - key: the key.
    ///   - amount: what to add.
    ///   - timeToLive: for how long a new entry is kept. One that is there keeps its own time.
    ///   - condition: what has to be so.
    /// - Returns: the entry as it is then: decimal digits.
    /// - Throws: ``StoreError/Code/notANumber``, ``StoreError/Code/overflow``, ``StoreError/Code/conflict``; nothing has
    ///   changed then.
    @discardableResult
    func increment(
        _ key: StoreKey, by amount: Int64, timeToLive: Duration?, if condition: StoreCondition
    ) async throws -> StoreEntry

    /// Lists entries in the order of their keys. What changes between two pages is seen or not.
    ///
    /// - Parameters:
    ///   - prefix: what the keys begin with; empty: all.
    ///   - key: the key after which to begin; ``StorePage/next`` of the page before.
    ///   - limit: how many at most; ``StoreLimits/page`` is the most.
    func list(prefix: StoreKey, after key: StoreKey?, limit: Int) async throws -> StorePage

    /// What changes from now on, by whomever, in the order in which it does.
    ///
    /// - Parameter prefix: what the keys begin with; empty: all.
    func watch(prefix: StoreKey) async throws -> StoreChanges

    /// Finishes what it was asked for, and lets go of files and connections.
    func close() async
}

/// What a change came to.
public nonisolated struct StoreChangeResult: Hashable, Sendable {
    /// The version that the entry has now.
    public let version: StoreVersion
    /// Whether there was none before.
    public let isNew: Bool
    /// When it is gone, in milliseconds since 1970; `nil`: never.
    public let expiry: Int64?
}

extension KeyValueStore {
    /// Keeps a value under a key: see ``set(_:_:timeToLive:if:)``.
    @discardableResult
    public func set(
        _ key: StoreKey, _ value: StoreValue, timeToLive: Duration? = nil
    ) async throws -> StoreChangeResult {
        try await set(key, value, timeToLive: timeToLive, if: .always)
    }

    /// Keeps a value under a key: see ``set(_:_:timeToLive:if:)``.
    @discardableResult
    public func set(
        _ key: StoreKey, _ value: StoreValue, if condition: StoreCondition
    ) async throws -> StoreChangeResult {
        try await set(key, value, timeToLive: nil, if: condition)
    }

    /// Removes an entry.
    ///
    /// - Returns: whether there was one.
    @discardableResult
    public func remove(_ key: StoreKey) async throws -> Bool {
        try await remove(key, if: .always)
    }

    /// Adds to a number: see ``increment(_:by:timeToLive:if:)``.
    ///
    /// - Returns: the sum.
    @discardableResult
    public func increment(_ key: StoreKey, by amount: Int64 = 1, timeToLive: Duration? = nil) async throws -> Int64 {
        let entry = try await increment(key, by: amount, timeToLive: timeToLive, if: .always)
        guard let number = entry.value.number else { throw StoreError.notANumber(key) }
        return number
    }

    /// The first entries of a prefix: see ``list(prefix:after:limit:)``.
    public func list(prefix: StoreKey = "", after key: StoreKey? = nil) async throws -> StorePage {
        try await list(prefix: prefix, after: key, limit: limits.page)
    }

    /// Puts a value in the place of one that nobody has changed meanwhile.
    ///
    /// - Parameters:
    ///   - key: the key.
    ///   - entry: as it was read; `nil` when there was none.
    ///   - value: what is to be there; `nil` to remove the entry.
    ///   - timeToLive: for how long.
    /// - Returns: whether it was done; `false`: somebody was faster.
    public func compareAndSet(
        _ key: StoreKey, from entry: StoreEntry?, to value: StoreValue?, timeToLive: Duration? = nil
    ) async throws -> Bool {
        do {
            let condition = StoreCondition.unchanged(since: entry)
            if let value {
                try await set(key, value, timeToLive: timeToLive, if: condition)
            } else {
                try await remove(key, if: condition)
            }
            return true
        } catch let error as StoreError where error.code == .conflict {
            return false
        }
    }
}
