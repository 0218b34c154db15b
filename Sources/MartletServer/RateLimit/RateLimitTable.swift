import CMartlet

/// How far ahead of its rate each client is, in memory that several processes may write to at the same time.
///
/// An open-addressed hash table of fixed size. An entry is two 64-bit words: a tag, the client's keyed hash, and the
/// time on CLOCK_MONOTONIC, which all processes share, at which the client will have been given back everything (its
/// theoretical arrival time). Each word changes by compare-and-swap, and there are no locks:
///
/// - An entry whose time is past says as much as none, so whoever needs it takes it over, by its tag alone. Nothing
///   is ever deleted, and a process that is killed between any two instructions leaves nothing to tidy up.
/// - A client's entry lies within 16 of its hash's place. Where none of these is free, the one that is free soonest
///   is taken: its client is forgiven what it has used.
/// - A time that no client of this rate can have, because another entry was taken over at the same instant or a broken
///   process wrote it, counts as past.
///
/// What processes that meet in one entry get wrong is one request more or less for one client.
public nonisolated struct RateLimitTable: @unchecked Sendable {
    // @unchecked Sendable: the stored properties never change, the memory behind the pointer outlives every copy
    // because its owner keeps it, and every access to it after `create` is an atomic operation on one aligned word.
    private let words: UnsafeMutablePointer<UInt64>
    private let mask: UInt64
    private let key: (UInt64, UInt64)

    /// Words before the first entry: how many entries there are, and the hash's key.
    private static let headerWords = 8
    private static let window: UInt64 = 16
    /// A swap fails only because another writer's has succeeded; that often in a row, the entry is fought over.
    private static let mostAttempts = 64

    /// How many clients a table has room for unless it is told otherwise: 65,536, in 1 MiB.
    public static let usualEntries = 65_536

    /// The bytes that a table takes.
    ///
    /// - Parameter entries: a power of two, at least 16.
    public static func size(entries: Int = usualEntries) -> Int { (headerWords + 2 * entries) * 8 }

    /// Makes a table in memory that is zero, for others to open; with a hash key of its own.
    ///
    /// - Parameters:
    ///   - memory: `size(entries:)` bytes, aligned to 8, that the caller keeps as long as the table is used.
    ///   - entries: a power of two, at least 16.
    public static func create(in memory: UnsafeMutableRawPointer, entries: Int = usualEntries) -> RateLimitTable {
        precondition(isCapacity(entries), "a table's number of entries is a power of two, at least 16")
        let words = memory.assumingMemoryBound(to: UInt64.self)
        words[1] = .random(in: .min ... .max)
        words[2] = .random(in: .min ... .max)
        words[0] = UInt64(entries)
        return RateLimitTable(words: words, entries: entries)
    }

    /// Opens a table that another process has made; nil when there is none.
    ///
    /// - Parameters:
    ///   - memory: as it was given to `create`, wherever it is mapped.
    ///   - size: how many bytes it has.
    public init?(opening memory: UnsafeMutableRawPointer, size: Int) {
        guard size >= Self.size(entries: Int(Self.window)) else { return nil }
        let words = memory.assumingMemoryBound(to: UInt64.self)
        guard let entries = Int(exactly: words[0]), Self.isCapacity(entries), entries <= size / 16,
            Self.size(entries: entries) <= size
        else { return nil }
        self.init(words: words, entries: entries)
    }

    /// A table in memory of its own that is never freed, for a process that has no others beside it.
    public static func allocate(entries: Int = usualEntries) -> RateLimitTable {
        let size = size(entries: entries)
        let memory = UnsafeMutableRawPointer.allocate(byteCount: size, alignment: 64)
        memory.initializeMemory(as: UInt8.self, repeating: 0, count: size)
        return create(in: memory, entries: entries)
    }

    private init(words: UnsafeMutablePointer<UInt64>, entries: Int) {
        self.words = words
        mask = UInt64(entries - 1)
        key = (words[1], words[2])
    }

    private static func isCapacity(_ entries: Int) -> Bool { entries >= window && entries.nonzeroBitCount == 1 }

    /// The beginning of a client's hash.
    var hash: SipHash { SipHash(key: key) }

    // MARK: Limiting

    /// Counts a request of a client, if its rate allows one more now.
    ///
    /// - Parameters:
    ///   - client: the hash, begun as `hash`, of whom the limit is for and of the rate.
    ///   - rate: the same for all requests of that hash.
    ///   - clock: tells nanoseconds of CLOCK_MONOTONIC; read again when others interfere.
    ///   - onEviction: called when another client is forgiven for lack of room.
    /// - Returns: whether it may be answered.
    func take(
        _ client: UInt64, rate: RateLimitRate, clock: () -> UInt64 = martlet_monotonic_ns, onEviction: () -> Void = {}
    ) -> RateLimitDecision {
        for _ in 0..<Self.mostAttempts {
            let now = clock()
            guard let entry = entry(of: client, at: now, onEviction) else { continue }
            let time = entry + 1
            let old = martlet_shared_load(time)
            // A clock read before the one that this time was written by would make it look impossible.
            let start = old > now &+ rate.tolerance && old > clock() &+ rate.tolerance ? now : max(old, now)
            let ahead = start &- now
            guard rate.allows(ahead: ahead) else { return rate.refusal(ahead: ahead) }
            guard martlet_shared_replace(time, old, start &+ rate.interval) else { continue }
            if martlet_shared_load(entry) == client { return rate.allowance(ahead: ahead &+ rate.interval) }
            // Somebody has just taken the entry over, and is not to pay for this client.
            _ = martlet_shared_replace(time, start &+ rate.interval, old)
        }
        return rate.refusal(ahead: rate.tolerance)
    }

    /// The client's entry, which may be new; nil when another process took it first.
    private func entry(
        of client: UInt64, at now: UInt64, _ onEviction: () -> Void
    ) -> UnsafeMutablePointer<UInt64>? {
        var soonest: (entry: UnsafeMutablePointer<UInt64>, tag: UInt64, time: UInt64)?
        for offset in 0..<Self.window {
            let entry = words + Self.headerWords + Int(((client &+ offset) & mask) * 2)
            let tag = martlet_shared_load(entry)
            if tag == client { return entry }
            let time = martlet_shared_load(entry + 1)
            if soonest.map({ $0.time > now && time < $0.time }) ?? true { soonest = (entry, tag, time) }
        }
        guard let (entry, tag, time) = soonest, martlet_shared_replace(entry, tag, client) else { return nil }
        if time > now {
            onEviction()
            _ = martlet_shared_replace(entry + 1, time, now)
        }
        return entry
    }
}
