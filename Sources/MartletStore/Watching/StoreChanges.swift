import DequeModule
import MartletLoop

/// The changes that a watcher has not taken yet: an asynchronous sequence for one task.
///
/// ```swift
/// for try await change in try await store.watch(prefix: "settings/") {
///     if change == .missed { try await reloadAll() } else if let key = change.key { try await reload(key) }
/// }
/// ```
///
/// It ends when the store is closed. Letting go of it ends the watching. It holds as many changes as the store's limits
/// say; when one more comes they are all dropped, and ``StoreChange/missed`` is in their place.
public final class StoreChanges: AsyncSequence {
    /// A change.
    public typealias Element = StoreChange

    nonisolated let prefix: StoreKey
    private let limit: Int
    private var waiting = Deque<StoreChange>()
    private let arrival = Event()
    private var isOver = false

    init(prefix: StoreKey, limit: Int) {
        self.prefix = prefix
        self.limit = Swift.max(1, limit)
    }

    deinit {}

    /// How many wait to be taken.
    public var count: Int { waiting.count }

    /// Whether the next one is that something was missed.
    var hasMissed: Bool { waiting.first == .missed }

    /// Hands over what has changed, if it is of the prefix.
    func tell(_ change: StoreChange) {
        guard !isOver, change.key?.hasPrefix(prefix) ?? true else { return }
        if waiting.count >= limit || change == .missed {
            waiting.removeAll()
            waiting.append(.missed)
        } else {
            waiting.append(change)
        }
        arrival.set()
    }

    /// No more comes.
    func end() {
        isOver = true
        arrival.set()
    }

    /// The next change; `nil` at the end.
    ///
    /// - Throws: `CancellationError` when the task is cancelled while it waits.
    public func next() async throws(CancellationError) -> StoreChange? {
        while waiting.isEmpty {
            if isOver { return nil }
            arrival.clear()
            try await arrival.wait()
        }
        return waiting.removeFirst()
    }

    /// Iterates over the changes as they come.
    public nonisolated func makeAsyncIterator() -> Iterator { Iterator(changes: self) }

    /// The changes, in order.
    public nonisolated struct Iterator: AsyncIteratorProtocol {
        let changes: StoreChanges

        /// The next change; `nil` at the end.
        public mutating func next() async throws(CancellationError) -> StoreChange? {
            try await changes.next()
        }
    }
}
