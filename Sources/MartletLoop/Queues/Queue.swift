import DequeModule

/// A queue that gives out first what was put in first; see `AsyncQueue`.
public typealias Queue<Element: Sendable> = AsyncQueue<FifoStorage<Element>>

/// First in, first out.
public nonisolated struct FifoStorage<Element: Sendable>: QueueStorage {
    @usableFromInline var elements = Deque<Element>()

    /// A storage that holds nothing.
    @inlinable
    public init() {}

    /// How many elements it holds.
    @inlinable
    public var count: Int { elements.count }

    /// Takes an element in.
    @inlinable
    public mutating func insert(_ element: Element) {
        elements.append(element)
    }

    /// Gives out the oldest element.
    @inlinable
    public mutating func removeNext() -> Element? {
        elements.popFirst()
    }
}
