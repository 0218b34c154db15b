import CMartlet

/// A log-linear histogram of durations from 1 ns to 68 s in 1,984 words that other processes may map.
///
/// Durations below 64 ns have a bucket each; above, every octave is cut into 64 buckets of equal width, so that the
/// middle of a bucket is at most 1/128 (0.8 %) away from any duration in it. Longer ones count as the longest. Two
/// histograms merge by adding their words. Recording costs a load, an addition and a store; it never allocates.
///
/// One writer, any number of readers, as `Counters`.
public nonisolated struct LatencyHistogram: @unchecked Sendable {
    // @unchecked Sendable: as for `Counters`, a constant pointer to memory that outlives every copy, accessed only by
    // relaxed atomic loads and stores of single aligned words.
    @usableFromInline let words: UnsafeMutablePointer<UInt64>

    @usableFromInline static var subBucketBits: Int { 6 }
    @usableFromInline static var subBuckets: UInt64 { 1 << 6 }

    /// The longest duration that has a bucket, in nanoseconds: 2³⁶ − 1, about 68.7 s.
    @inlinable public static var longestNanoseconds: UInt64 { 1 << 36 - 1 }

    /// How many words a histogram takes: 64 for the first octaves, and 64 for each of the 30 octaves from 2⁶ to 2³⁵.
    @inlinable public static var wordCount: Int { 1984 }

    /// A histogram over memory that the caller owns and keeps: `wordCount` words, aligned to 8 bytes, zero when new.
    @inlinable
    public init(words: UnsafeMutablePointer<UInt64>) {
        self.words = words
    }

    /// A histogram in memory of its own (15.5 KiB) that is never freed unless `deallocate` is called.
    public static func allocate() -> LatencyHistogram {
        let words = UnsafeMutablePointer<UInt64>.allocate(capacity: wordCount)
        words.initialize(repeating: 0, count: wordCount)
        return LatencyHistogram(words: words)
    }

    /// Frees the memory of a histogram made by `allocate`; neither it nor a copy may be used any more.
    public func deallocate() {
        words.deallocate()
    }

    /// Counts a duration, once or as often as `count` says. Writer only.
    @inlinable
    public func record(nanoseconds: UInt64, count: UInt64 = 1) {
        let word = words + Self.bucket(of: nanoseconds)
        martlet_counter_store(word, martlet_counter_load(word) &+ count)
    }

    /// The bucket that a duration belongs to.
    @inlinable
    static func bucket(of nanoseconds: UInt64) -> Int {
        let value = min(nanoseconds, longestNanoseconds)
        // The octave above 2⁶, without a branch: 0 for everything below 128.
        let octave = UInt64(truncatingIfNeeded: 57 - (value | subBuckets).leadingZeroBitCount)
        return Int(truncatingIfNeeded: octave &<< 6 &+ value &>> octave)
    }

    /// The middle of a bucket, in nanoseconds.
    static func middle(of bucket: Int) -> UInt64 {
        let index = UInt64(bucket)
        guard index >= 2 * subBuckets else { return index }
        let octave = index / subBuckets - 1
        let lowest = (index - octave * subBuckets) << octave
        return lowest + (1 << octave) / 2
    }
}

extension LatencyHistogram {
    /// How many durations are recorded.
    public nonisolated var count: UInt64 {
        var sum: UInt64 = 0
        for bucket in 0..<Self.wordCount { sum &+= martlet_counter_load(words + bucket) }
        return sum
    }

    /// The sum of all durations in nanoseconds, within 0.8 %.
    public nonisolated var total: UInt64 {
        var sum: UInt64 = 0
        for bucket in 0..<Self.wordCount {
            sum &+= martlet_counter_load(words + bucket) &* Self.middle(of: bucket)
        }
        return sum
    }

    /// The duration in nanoseconds, within 0.8 %, that a share `q` of all does not exceed; 0 if there are none.
    ///
    /// - Parameter q: from 0 (the shortest) to 1 (the longest); what lies outside counts as the nearest end.
    public nonisolated func quantile(_ q: Double) -> UInt64 {
        quantiles([q])[0]
    }

    /// Several quantiles of one reading, which is therefore consistent and costs one pass.
    ///
    /// - Parameter shares: ascending, each as in `quantile`.
    public nonisolated func quantiles(_ shares: [Double]) -> [UInt64] {
        let counts = (0..<Self.wordCount).map { martlet_counter_load(words + $0) }
        let all = counts.reduce(0, &+)
        guard all > 0 else { return shares.map { _ in 0 } }

        var result: [UInt64] = []
        var bucket = 0
        var seen = counts[0]
        for share in shares {
            let rank = Self.rank(share, of: all)
            while seen < rank, bucket + 1 < Self.wordCount {
                bucket += 1
                seen &+= counts[bucket]
            }
            result.append(Self.middle(of: bucket))
        }
        return result
    }

    /// The place, counted from 1, of the duration that a share of `all` does not exceed.
    private nonisolated static func rank(_ share: Double, of all: UInt64) -> UInt64 {
        guard share > 0 else { return 1 }
        guard share < 1 else { return all }
        return min(max(UInt64((share * Double(all)).rounded(.up)), 1), all)
    }

    /// How many durations are below each bound, of one reading, which costs one pass.
    ///
    /// - Parameter bounds: in nanoseconds, ascending. A power of two is exact; others count as the nearest bucket's
    ///   beginning below.
    public nonisolated func counts(below bounds: [UInt64]) -> [UInt64] {
        var sum: UInt64 = 0
        var bucket = 0
        return bounds.map { bound in
            let end = Self.bucket(of: bound)
            while bucket < end {
                sum &+= martlet_counter_load(words + bucket)
                bucket += 1
            }
            return sum
        }
    }

    /// Adds every bucket of another histogram, which its own writer may go on writing to. Writer only.
    public nonisolated func add(_ other: LatencyHistogram) {
        for bucket in 0..<Self.wordCount {
            let word = words + bucket
            let amount = martlet_counter_load(other.words + bucket)
            if amount > 0 { martlet_counter_store(word, martlet_counter_load(word) &+ amount) }
        }
    }

    /// Forgets every duration. Writer only.
    public nonisolated func reset() {
        for bucket in 0..<Self.wordCount { martlet_counter_store(words + bucket, 0) }
    }
}
