/// Who fetches which bytes of a file: a pure state machine, so that several requests fill one file without gaps.
///
/// ```
///             begin()                    receive(_:of:)             wrote(_:)
///   missing ───────────▶ a segment's ─────────────────▶ received ─────────────▶ done
///      ▲                     │                              │
///      └─────────────────────┴──────── end(_:) ─────────────┘   what was not written by then
/// ```
///
/// - Each byte is done, or belongs to one segment at most, or is missing.
/// - A segment takes its bytes in order. When nothing is missing, the next one takes the second half of what the
///   slowest has left, as long as both halves are worth a request: so all end at the same time.
public struct SegmentPlan: Sendable {
    /// A request's share of the file.
    public struct Segment: Hashable, Sendable {
        /// Which one.
        public let id: Int
        /// Its first byte.
        public let start: Int
        /// Its next byte.
        public fileprivate(set) var position: Int
        /// Behind its last byte; another segment may take some of them over.
        public fileprivate(set) var end: Int

        /// How many bytes it waits for.
        public var remaining: Int { end - position }
    }

    /// The length of the file; `Int.max` as long as nobody has told.
    public private(set) var length: Int
    /// What is written.
    public private(set) var done: ByteRanges
    private var segments: [Int: Segment] = [:]
    private var nextID = 0
    private let smallest: Int

    /// - Parameters:
    ///   - length: of the file; `nil` when it is unknown, which makes it a file of one segment.
    ///   - done: what is there already, all of it within the length.
    ///   - smallest: how many bytes are worth a request of their own, at least 1.
    public init(length: Int?, done: ByteRanges = ByteRanges(), smallest: Int) {
        self.length = length ?? .max
        self.done = done
        self.smallest = max(1, smallest)
    }

    /// Whether every byte is written.
    public var isComplete: Bool { done.cover(length) }

    /// How many segments are under way.
    public var activeCount: Int { segments.count }

    /// Whether `begin()` would find something.
    public var hasWork: Bool { firstMissing != nil || slowest != nil }

    /// A segment under way.
    public func segment(_ id: Int) -> Segment? { segments[id] }

    /// Takes bytes that nobody has yet for a new segment: the first ones that are missing, or the second half of what
    /// the slowest segment has left.
    ///
    /// - Returns: `nil` when there is nothing left that is worth it.
    public mutating func begin() -> Segment? {
        if let missing = firstMissing { return add(missing) }
        guard let slowest else { return nil }
        // The middle of what is left.
        let middle = slowest.end - slowest.remaining / 2
        segments[slowest.id]?.end = middle
        return add(middle..<slowest.end)
    }

    /// Notes that bytes have arrived for a segment.
    ///
    /// - Parameters:
    ///   - count: how many, 0 or more.
    ///   - id: whose.
    /// - Returns: where the first one belongs, and how many of them are the segment's; the rest are others'.
    public mutating func receive(_ count: Int, of id: Int) -> (offset: Int, count: Int) {
        guard let segment = segments[id] else { return (0, 0) }
        let taken = min(count, segment.remaining)
        segments[id]?.position += taken
        return (segment.position, taken)
    }

    /// Lets a segment end sooner, because the server sends no more: the rest is missing.
    public mutating func limit(_ id: Int, to end: Int) {
        guard let segment = segments[id], end < segment.end else { return }
        segments[id]?.end = max(segment.position, end)
    }

    /// Notes that bytes are written.
    public mutating func wrote(_ range: Range<Int>) {
        done.insert(range)
    }

    /// Ends a segment: what it has not written is missing again.
    public mutating func end(_ id: Int) {
        segments[id] = nil
    }

    /// Notes where the file ends, when that was unknown and its one segment has come to the end.
    public mutating func finish(at length: Int) {
        self.length = length
        for (id, segment) in segments where segment.end > length { segments[id]?.end = max(segment.position, length) }
    }

    private mutating func add(_ range: Range<Int>) -> Segment {
        let segment = Segment(id: nextID, start: range.lowerBound, position: range.lowerBound, end: range.upperBound)
        nextID += 1
        segments[segment.id] = segment
        return segment
    }

    private var firstMissing: Range<Int>? {
        var taken = done
        for segment in segments.values { taken.insert(segment.start..<segment.end) }
        return taken.gaps(to: length).first
    }

    private var slowest: Segment? {
        guard length < .max, let slowest = segments.values.max(by: { $0.remaining < $1.remaining }) else { return nil }
        // The halves may differ by one.
        return slowest.remaining / 2 >= smallest ? slowest : nil
    }
}
