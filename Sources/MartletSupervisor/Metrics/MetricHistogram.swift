import CMartlet

/// A log-linear histogram of positive numbers, in 512 words that other processes may map.
///
/// From 2⁻²⁰ to 2⁴³ every octave is cut into eight buckets of equal width, so that the middle of a bucket is at most
/// 1/16 away from any number in it: nanoseconds up to two hours as well as shares and bytes. What is less, or no number,
/// is in the first bucket; what is more, in the last one. Two histograms merge by adding their buckets. Any thread may
/// record.
nonisolated struct MetricHistogram: @unchecked Sendable {
    // @unchecked Sendable: a constant pointer to memory that outlives every copy, accessed only by atomic operations on
    // single aligned words.
    private let words: UnsafeMutablePointer<UInt64>

    /// How many words a histogram takes.
    static let wordCount = 512
    private static let last = 505
    /// The upper 15 bits of a `Double`, which are its octave and the eighth of it: those of 2⁻²⁰.
    private static let base = (0x1p-20).bitPattern >> shift
    private static let shift: UInt64 = 49

    /// A histogram over memory that is zero when new.
    init(words: UnsafeMutablePointer<UInt64>) {
        self.words = words
    }

    /// Counts one number.
    func record(_ value: Double) {
        martlet_shared_add(words + Self.bucket(of: value), 1)
    }

    /// What each bucket has counted.
    var buckets: [UInt64] { (0...Self.last).map { martlet_shared_load(words + $0) } }

    static func bucket(of value: Double) -> Int {
        guard value >= 0x1p-20 else { return 0 }  // false of what is no number
        return min(Int(value.bitPattern >> shift - base) + 1, last)
    }

    /// Where a bucket begins; the first one at 0.
    static func lowerBound(of bucket: Int) -> Double {
        bucket == 0 ? 0 : Double(bitPattern: (base + UInt64(min(bucket, last) - 1)) << shift)
    }

    /// The number that a share of all does not exceed, within 1/16; 0 if there are none.
    ///
    /// - Parameters:
    ///   - share: from 0 to 1.
    ///   - buckets: of one histogram, or the sums of several.
    static func quantile(_ share: Double, of buckets: [UInt64]) -> Double {
        let all = buckets.reduce(0, &+)
        guard all > 0 else { return 0 }
        let rank = max(1, (share * Double(all)).rounded(.up))
        var seen = 0.0
        let last = buckets.indices.first { index in
            seen += Double(buckets[index])
            return seen >= rank
        }
        let bucket = last ?? buckets.count - 1
        return (lowerBound(of: bucket) + lowerBound(of: bucket + 1)) / 2
    }
}
