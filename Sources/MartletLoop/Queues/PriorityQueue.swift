import HeapModule

/// A queue that gives out the smallest element first, and of equal ones that which was put in first; see `AsyncQueue`.
///
/// Elements that have no order of their own are put in as `Prioritized`, where asyncio takes a tuple. (Among equal ones
/// asyncio keeps no order.)
///
/// ```swift
/// let jobs = PriorityQueue<Prioritized<Int, Job>>(maximumCount: 100)
/// try await jobs.put(Prioritized(1, job))
/// ```
public typealias PriorityQueue<Element: Comparable & Sendable> = AsyncQueue<PriorityStorage<Element>>

/// Smallest first, equal ones in the order in which they came; a binary heap, O(log n).
public nonisolated struct PriorityStorage<Element: Comparable & Sendable>: QueueStorage {
    @usableFromInline var heap = Heap<Entry>()
    @usableFromInline var arrivals: UInt64 = 0

    /// A storage that holds nothing.
    @inlinable
    public init() {}

    /// How many elements it holds.
    @inlinable
    public var count: Int { heap.count }

    /// Takes an element in.
    @inlinable
    public mutating func insert(_ element: Element) {
        heap.insert(Entry(element: element, arrival: arrivals))
        arrivals &+= 1
    }

    /// Gives out the smallest element.
    @inlinable
    public mutating func removeNext() -> Element? {
        heap.popMin()?.element
    }

    @usableFromInline
    struct Entry: Comparable {
        @usableFromInline let element: Element
        @usableFromInline let arrival: UInt64

        @inlinable
        init(element: Element, arrival: UInt64) {
            self.element = element
            self.arrival = arrival
        }

        @inlinable
        static func < (left: Entry, right: Entry) -> Bool {
            if left.element < right.element { return true }
            if right.element < left.element { return false }
            return left.arrival < right.arrival
        }

        @inlinable
        static func == (left: Entry, right: Entry) -> Bool {
            left.arrival == right.arrival
        }
    }
}
