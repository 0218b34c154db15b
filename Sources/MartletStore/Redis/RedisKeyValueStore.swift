import MartletLoop
import MartletRESP
import MartletRedis

/// A store on a Redis server (from version 7 on), shared by all machines that reach it.
///
/// What was answered is as safe as the server is configured to keep it (`appendonly yes` and `appendfsync always`: as on the
/// disk of a file's store; else the last second, or the last snapshot), and at a failover as what its replicas had by then:
/// what is lost, those who watch are told to have missed, and its versions are not given out again if the servers' clocks agree
/// to within the time that the failover took. A version is the time of its change, in microseconds since 1970.
/// When the connection breaks while a change is under way, it is not known whether it was made: that is
/// ``StoreError/Code/unavailable``, and no change is sent twice.
///
/// Changes are seen by those who watch as soon as they are made.
public final class RedisKeyValueStore: KeyValueStore {
    /// What it takes.
    public let limits: StoreLimits
    private let settings: RedisStoreSettings
    private let client: RedisClient
    private let ownsClient: Bool
    private let prefix: [UInt8]
    /// Where the names of all entries are, those with an expiry, the newest version, and the log of changes.
    private let index, expiries, counter, log: String
    private let watchers = StoreWatchers()
    private var seen: Int64 = 0
    /// While it is not known yet which change is the last one before those to tell of.
    private var beginning: Future<Void>?
    private var sweeping: Task<Void, Never>?
    private var isClosed = false

    private nonisolated static let sweepLimit = 200
    private nonisolated static let changesAtOnce = 256
    private static let watchSeconds = 5

    /// A store on a server.
    ///
    /// - Parameters:
    ///   - client: the server's; others may use it as well.
    ///   - settings: how it is used; the same everywhere.
    ///   - ownsClient: whether the client is closed with the store.
    public init(_ client: RedisClient, settings: RedisStoreSettings = RedisStoreSettings(), ownsClient: Bool = false) {
        self.client = client
        self.settings = settings
        self.ownsClient = ownsClient
        limits = settings.limits
        prefix = Array("{\(settings.namespace)}:e:".utf8)
        index = "{\(settings.namespace)}:keys"
        expiries = "{\(settings.namespace)}:expiry"
        counter = "{\(settings.namespace)}:version"
        log = "{\(settings.namespace)}:changes"
        sweeping = StoreSweeping.task(every: settings.sweepInterval) { [weak self] in try await self?.sweep() != nil }
    }

    deinit {}

    private func name(_ key: StoreKey) -> [UInt8] { prefix + key.bytes }

    /// The name of an entry, put together where it is written.
    private nonisolated struct EntryName: RedisArgument {
        let prefix: [UInt8]
        let key: [UInt8]

        func write(to writer: inout RESPWriter) {
            withUnsafeTemporaryAllocation(byteCount: prefix.count + key.count, alignment: 1) { name in
                name.copyBytes(from: prefix)
                UnsafeMutableRawBufferPointer(rebasing: name[prefix.count...]).copyBytes(from: key)
                writer.write(UnsafeRawBufferPointer(name))
            }
        }
    }

    private func keys(_ entry: [UInt8]) -> [any RedisArgument] { [entry, index, expiries, counter, log] }

    // MARK: Reading

    /// The entry of a key.
    public func get(_ key: StoreKey) async throws -> StoreEntry? {
        try limits.check(key)
        try checkOpen()
        var command = RedisCommand(
            exactly: "HMGET", encoded: "$5\r\nHMGET\r\n", traits: .readOnly,
            capacity: prefix.count + key.bytes.count + 48)
        command.append(key: EntryName(prefix: prefix, key: key.bytes))
        // The fields of an entry: see RedisStoreScripts.
        command.append(encoded: "$1\r\nv\r\n$1\r\nt\r\n$1\r\nn\r\n$1\r\ne\r\n", count: 4)
        let answer: RESPValue
        do throws(RedisError) {
            answer = try await client.send(command)
        } catch {
            throw Self.translated(error)
        }
        guard let fields = answer.elements, fields.count == 4 else { throw Self.malformed(key) }
        guard let value = fields[0].bytes, let version = Self.version(fields[2]) else { return nil }
        return StoreEntry(
            key: key, value: StoreValue(value, type: fields[1].text), version: version, expiry: Self.number(fields[3]))
    }

    /// Entries in the order of their keys.
    public func list(prefix: StoreKey, after key: StoreKey?, limit: Int) async throws -> StorePage {
        try checkOpen()
        let limit = min(max(1, limit), limits.page)
        var lower = Array("[".utf8) + prefix.bytes
        if let key, key >= prefix { lower = Array("(".utf8) + key.bytes }
        let upper = prefix.endOfPrefix.map { Array("(".utf8) + $0.bytes } ?? Array("+".utf8)
        var page = StorePage(items: [], next: nil)
        while page.items.count <= limit {
            let wanted = limit + 1 - page.items.count
            let answer = try await run(RedisStoreScripts.list, entry: self.prefix, self.prefix, lower, upper, wanted)
            guard let fields = answer.elements, fields.count >= 2, fields.count % 5 == 2,
                let count = Self.number(fields[0]), let last = fields[1].bytes
            else { throw Self.malformed(prefix) }
            for index in stride(from: 2, to: fields.count, by: 5) {
                page.items.append(try Self.item(fields[index..<index + 5]))
            }
            // Those that are gone are in the index until somebody tidies up.
            guard count == wanted else { break }
            lower = Array("(".utf8) + last
        }
        if page.items.count > limit {
            page.items.removeLast(page.items.count - limit)
            page.next = page.items.last?.key
        }
        return page
    }

    private static func item(_ fields: ArraySlice<RESPValue>) throws(StoreError) -> StorePage.Item {
        let fields = Array(fields)
        guard let key = fields[0].bytes, let version = version(fields[1]), let size = number(fields[4]) else {
            throw malformed("")
        }
        let type = fields[2].text ?? ""
        return StorePage.Item(
            key: StoreKey(key), size: Int(size), type: type.isEmpty ? nil : type, version: version,
            expiry: number(fields[3]))
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
        let fields = try await change(
            RedisStoreScripts.set, key, condition, value.bytes, value.type ?? "", time.map { "\($0)" } ?? "")
        guard fields.count == 4, let version = Self.version(fields[1]) else { throw Self.malformed(key) }
        return StoreChangeResult(version: version, isNew: Self.number(fields[2]) == 1, expiry: Self.number(fields[3]))
    }

    /// Removes an entry.
    @discardableResult
    public func remove(_ key: StoreKey, if condition: StoreCondition) async throws -> Bool {
        try limits.check(key)
        let fields = try await change(RedisStoreScripts.remove, key, condition)
        return fields.count == 2 && Self.number(fields[1]) == 1
    }

    /// Adds to a number.
    @discardableResult
    public func increment(
        _ key: StoreKey, by amount: Int64, timeToLive: Duration?, if condition: StoreCondition
    ) async throws -> StoreEntry {
        try limits.check(key)
        let time = try StoreClock.milliseconds(timeToLive)
        let fields = try await change(
            RedisStoreScripts.increment, key, condition, amount, time.map { "\($0)" } ?? "")
        switch Self.number(fields[0]) {
        case 2: throw StoreError.overflow(key)
        case 3: throw StoreError.notANumber(key)
        default: break
        }
        guard fields.count == 5, let version = Self.version(fields[1]), let value = fields[2].bytes else {
            throw Self.malformed(key)
        }
        let type = fields[3].text ?? ""
        return StoreEntry(
            key: key, value: StoreValue(value, type: type.isEmpty ? nil : type), version: version,
            expiry: Self.number(fields[4]))
    }

    /// Runs a script that changes an entry.
    ///
    /// - Returns: what it has answered, at least one element.
    /// - Throws: `.conflict` when the condition did not hold.
    private func change(
        _ script: RedisScript, _ key: StoreKey, _ condition: StoreCondition, _ arguments: any RedisArgument...
    ) async throws -> [RESPValue] {
        try checkOpen()
        let expected =
            switch condition {
            case .always: "always"
            case .absent: "absent"
            case .present: "present"
            case .version(let version): "\(version.rawValue)"
            }
        let common: [any RedisArgument] = [key.bytes, settings.log, expected]
        let answer = try await run(script, entry: name(key), arguments: common + arguments)
        guard let fields = answer.elements, let first = fields.first.flatMap({ Self.number($0) }) else {
            throw Self.malformed(key)
        }
        guard first != 0 else {
            throw StoreError.conflict(key, condition, fields.count > 1 ? Self.version(fields[1]) : nil)
        }
        return fields
    }

    private func run(
        _ script: RedisScript, entry: [UInt8], _ arguments: any RedisArgument...
    ) async throws -> RESPValue {
        try await run(script, entry: entry, arguments: arguments)
    }

    private func run(
        _ script: RedisScript, entry: [UInt8], arguments: [any RedisArgument]
    ) async throws -> RESPValue {
        do throws(RedisError) {
            return try await script.run(on: client, keys: keys(entry), arguments: arguments, as: RESPValue.self)
        } catch {
            throw Self.translated(error)
        }
    }

    // MARK: Answers

    private func checkOpen() throws(StoreError) {
        guard !isClosed else { throw StoreError(.closed, "the store is closed") }
    }

    private static func malformed(_ key: StoreKey) -> StoreError {
        StoreError(.malformed, "the server has under \"\(key)\" what is no entry of a store")
    }

    private static func number(_ value: RESPValue) -> Int64? {
        switch value {
        case .null: nil
        case .integer(let number): number
        case .bulk(let digits): number(digits)
        default: value.text.flatMap { Int64($0) }
        }
    }

    /// The number of decimal digits, of which there may be so many that no sum of them overflows.
    private static func number(_ digits: [UInt8]) -> Int64? {
        guard (1...18).contains(digits.count) else { return Int64(String(decoding: digits, as: UTF8.self)) }
        var number: Int64 = 0
        for byte in digits {
            let digit = byte &- UInt8(ascii: "0")
            guard digit <= 9 else { return Int64(String(decoding: digits, as: UTF8.self)) }
            number = number &* 10 &+ Int64(digit)
        }
        return number
    }

    private static func version(_ value: RESPValue) -> StoreVersion? {
        number(value).map { StoreVersion(rawValue: $0) }
    }

    private static func translated(_ error: RedisError) -> any Error {
        if error.isCancellation { return CancellationError() }
        switch error.code {
        case .closed: return StoreError(.closed, "the store is closed: \(error)")
        case .server where error.serverCode == "OOM": return StoreError(.full, "the store is full: \(error)")
        case .server
        where [
            "READONLY", "LOADING", "MASTERDOWN", "CLUSTERDOWN", "BUSY", "TRYAGAIN", "NOREPLICAS", "MISCONF", "MOVED",
            "ASK",
        ].contains(error.serverCode ?? ""):
            return StoreError(.unavailable, "the store cannot be used at the moment: \(error)")
        case .connection, .connectionLost, .timedOut, .queueFull, .poolExhausted, .authentication, .malformedAnswer:
            return StoreError(.unavailable, "the store cannot be reached: \(error)")
        default: return error
        }
    }

    // MARK: Watching

    /// What changes from now on.
    public func watch(prefix: StoreKey) async throws -> StoreChanges {
        try checkOpen()
        if watchers.isEmpty { watchers.rest() }
        // Before anything is awaited, so that a change that comes meanwhile is not lost.
        let changes = watchers.add(prefix: prefix, limit: limits.changes)
        // Whoever comes while the first one begins begins with it.
        if !watchers.isLooking { try await (beginning ?? begin()).value }
        return changes
    }

    private func begin() -> Future<Void> {
        let promise = Promise<Void>()
        beginning = promise.future
        Task {
            do {
                let newest = try await newest()
                try checkOpen()
                seen = newest
                watchers.look { [weak self] in try await self?.look() != nil }
                beginning = nil
                promise.succeed(())
            } catch {
                beginning = nil
                promise.fail(error)
            }
        }
        return promise.future
    }

    private func newest() async throws -> Int64 {
        do throws(RedisError) {
            return Self.number(try await client.send(RedisCommand("GET", key: counter, traits: .readOnly))) ?? 0
        } catch {
            throw Self.translated(error)
        }
    }

    /// Waits for changes, and tells of them.
    private func look() async throws {
        var command = RedisCommand(
            "XREAD", "COUNT", Self.changesAtOnce, "BLOCK", Self.watchSeconds * 1000, "STREAMS", traits: .blocking)
        command.append(key: log)
        command.append("\(seen)-0")
        command.blockingTime = .seconds(Self.watchSeconds)
        let answer: RESPValue
        do throws(RedisError) {
            answer = try await client.send(command)
        } catch {
            throw Self.translated(error)
        }
        guard let entries = Self.entries(answer) else {
            // Nothing new; or the server has lost what it had, and counts from an earlier version on.
            let newest = try await newest()
            if newest < seen {
                seen = newest
                watchers.tell(.missed)
            }
            return
        }
        for entry in entries {
            guard let parts = entry.elements, parts.count == 2,
                let (change, previous) = Self.change(parts[0], parts[1]),
                let version = change.version?.rawValue
            else { continue }
            if previous != seen { watchers.tell(.missed) }
            seen = version
            watchers.tell(change)
        }
    }

    /// The entries of the one stream: in a map in version 3 of the protocol, in an array of pairs in version 2.
    private static func entries(_ answer: RESPValue) -> [RESPValue]? {
        if case .map(let streams) = answer { return streams.first?.value.elements }
        return answer.elements?.first?.elements?.last?.elements
    }

    /// A change, and the version of the one before it.
    private static func change(_ id: RESPValue, _ fields: RESPValue) -> (change: StoreChange, previous: Int64?)? {
        guard let number = id.text?.split(separator: "-").first.flatMap({ Int64($0) }), let fields = fields.elements,
            fields.count >= 4, let bytes = fields[1].bytes
        else { return nil }
        let version = StoreVersion(rawValue: number)
        let key = StoreKey(bytes)
        let previous = fields.count >= 6 ? self.number(fields[5]) : nil
        switch fields[3].text {
        case "removed": return (.removed(key, version), previous)
        case "expired": return (.expired(key, version), previous)
        default: return (.set(key, version), previous)
        }
    }

    // MARK: Tidying up

    private func sweep() async throws {
        while true {
            let answer = try await run(
                RedisStoreScripts.sweep, entry: prefix, prefix, settings.log, Self.sweepLimit)
            guard let count = Self.number(answer), count >= Self.sweepLimit else { return }
        }
    }

    /// Lets go of the server.
    public func close() async {
        guard !isClosed else { return }
        isClosed = true
        sweeping?.cancel()
        await watchers.end()
        await sweeping?.value
        if ownsClient { client.close() }
    }
}
