import CMartlet

/// The names of a block of counters: an `Int` enumeration whose raw values count from 0 without gaps, which makes each
/// the index of its word.
public nonisolated protocol CounterName: RawRepresentable, CaseIterable, Hashable, Sendable where RawValue == Int {}

/// A block of 64-bit counters in memory that other processes may map: one writer, any number of readers, no locks.
///
/// A counter is a relaxed atomic word. Its reader sees a value that was there at some time, never half of one; two
/// words read one after the other may belong to different moments. Adding costs a load, an addition and a store.
///
/// ```swift
/// let counters = Counters<LoopCounter>.allocate()
/// counters.add(.ticks)
/// counters.raise(.longestTickNanoseconds, to: elapsed)
/// ```
public nonisolated struct Counters<Name: CounterName>: @unchecked Sendable {
    // @unchecked Sendable: the only stored property is a pointer that never changes, to memory that the creator keeps
    // for as long as any copy is used, and every access through it is a relaxed atomic load or store of one aligned
    // word. The memory model therefore allows any thread or process to use it; more than one writer could lose an
    // addition, which gives a wrong count and nothing worse.
    @usableFromInline let words: UnsafeMutablePointer<UInt64>

    /// How many words a block of these counters takes.
    public static var wordCount: Int { Name.allCases.count }

    /// Counters over memory that the caller owns and keeps: `wordCount` words, aligned to 8 bytes, zero when new.
    @inlinable
    public init(words: UnsafeMutablePointer<UInt64>) {
        self.words = words
    }

    /// Counters in memory of their own that is never freed, for one process's lifetime.
    public static func allocate() -> Counters {
        assert(Name.allCases.enumerated().allSatisfy { $0 == $1.rawValue }, "\(Name.self) must count from 0")
        let words = UnsafeMutablePointer<UInt64>.allocate(capacity: wordCount)
        words.initialize(repeating: 0, count: wordCount)
        return Counters(words: words)
    }

    /// The counter's value at some time between call and return.
    @inlinable
    public func load(_ name: Name) -> UInt64 {
        martlet_counter_load(words + name.rawValue)
    }

    /// Replaces the value: for gauges. Writer only.
    @inlinable
    public func set(_ name: Name, _ value: UInt64) {
        martlet_counter_store(words + name.rawValue, value)
    }

    /// Adds, and wraps around at 2⁶⁴. Writer only.
    @inlinable
    public func add(_ name: Name, _ amount: UInt64 = 1) {
        let word = words + name.rawValue
        martlet_counter_store(word, martlet_counter_load(word) &+ amount)
    }

    /// Takes away from a gauge, which the caller has raised by at least as much before. Writer only.
    @inlinable
    public func subtract(_ name: Name, _ amount: UInt64 = 1) {
        let word = words + name.rawValue
        martlet_counter_store(word, martlet_counter_load(word) &- amount)
    }

    /// Keeps the larger of the present value and this one: for maxima. Writer only.
    @inlinable
    public func raise(_ name: Name, to value: UInt64) {
        let word = words + name.rawValue
        if value > martlet_counter_load(word) { martlet_counter_store(word, value) }
    }
}
