/// A queue that gives out first what was put in last; see `AsyncQueue`.
public typealias LifoQueue<Element: Sendable> = AsyncQueue<LifoStorage<Element>>

/// Last in, first out.
public nonisolated struct LifoStorage<Element: Sendable>: QueueStorage {
    @usableFromInline var elements: [Element] = []

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

    /// Gives out the newest element.
    @inlinable
    public mutating func removeNext() -> Element? {
        elements.popLast()
    }
}
