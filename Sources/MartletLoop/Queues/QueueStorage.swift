/// The order in which a queue gives out what it holds: all that sets `Queue`, `LifoQueue` and `PriorityQueue` apart.
///
/// Conform to it for an order of your own and use it as `AsyncQueue<YourStorage>`.
public nonisolated protocol QueueStorage {
    /// What is queued.
    associatedtype Element: Sendable

    /// A storage that holds nothing.
    init()

    /// How many elements it holds.
    var count: Int { get }

    /// Takes an element in.
    mutating func insert(_ element: Element)

    /// Gives out the element whose turn it is; `nil` when there is none.
    mutating func removeNext() -> Element?
}
