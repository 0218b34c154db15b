/// A set of bytes of a file, as ranges that neither overlap nor touch, in their order.
public struct ByteRanges: Hashable, Sendable {
    /// The ranges.
    public private(set) var ranges: [Range<Int>] = []

    /// No bytes.
    public init() {}

    /// The bytes of these ranges, which may come in any order and overlap.
    public init(_ ranges: [Range<Int>]) {
        for range in ranges { insert(range) }
    }

    /// How many bytes there are.
    public var count: Int { ranges.reduce(0) { $0 + $1.count } }

    /// Whether there are none.
    public var isEmpty: Bool { ranges.isEmpty }

    /// Adds bytes. At the end of a range that is there already this is quick: that is how files arrive.
    public mutating func insert(_ range: Range<Int>) {
        guard !range.isEmpty else { return }
        // The first range that the new one touches or lies before.
        let start = firstIndex { $0.upperBound >= range.lowerBound }
        var merged = range
        var end = start
        while end < ranges.count, ranges[end].lowerBound <= merged.upperBound {
            merged = min(merged.lowerBound, ranges[end].lowerBound)..<max(merged.upperBound, ranges[end].upperBound)
            end += 1
        }
        ranges.replaceSubrange(start..<end, with: CollectionOfOne(merged))
    }

    /// What of `0..<length` is not in the set.
    public func gaps(to length: Int) -> [Range<Int>] {
        var gaps: [Range<Int>] = []
        var position = 0
        for range in ranges where range.lowerBound < length {
            if position < range.lowerBound { gaps.append(position..<range.lowerBound) }
            position = range.upperBound
        }
        if position < length { gaps.append(position..<length) }
        return gaps
    }

    /// Whether `0..<length` is in the set.
    public func cover(_ length: Int) -> Bool {
        length == 0 || ranges.first.map { $0.lowerBound == 0 && $0.upperBound >= length } == true
    }

    private func firstIndex(where isPast: (Range<Int>) -> Bool) -> Int {
        var low = 0
        var high = ranges.count
        while low < high {
            let middle = (low + high) / 2
            if isPast(ranges[middle]) { high = middle } else { low = middle + 1 }
        }
        return low
    }
}
