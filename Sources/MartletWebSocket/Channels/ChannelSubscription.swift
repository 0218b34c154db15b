import DequeModule
import MartletLoop

/// What is done when whoever subscribes reads too slowly.
public nonisolated enum ChannelOverflow: Hashable, Sendable {
    /// The oldest is dropped and counted: see ``ChannelSubscription/dropped``.
    case dropOldest
    /// The subscription ends with ``ChannelOverflowError``, behind what it holds.
    case fail
}

/// A subscription has ended because more came than was read.
public nonisolated struct ChannelOverflowError: Error, Hashable, Sendable, CustomStringConvertible {
    /// How many could wait.
    public let limit: Int

    /// For a log.
    public var description: String { "the subscription of a channel has ended: more than \(limit) were waiting" }
}

// The default isolation is lost in other modules where a generic class has an isolated deinit and modules are optimised
// together (Swift 6.3.1): so it is spelled out.

/// What happens on a channel, for code that is no socket: an `AsyncSequence`, of which each element goes to one reader.
///
/// ```swift
/// let subscription = worker.channels["orders"].subscribe()
/// for try await message in subscription { log(message) }
/// ```
///
/// It ends when it is cancelled, or nobody holds it any more. What comes while nobody reads waits, as far as there is
/// room.
@MainActor
public final class ChannelSubscription<Element: Sendable> {
    private let mailbox: ChannelMailbox<Element>

    init(_ mailbox: ChannelMailbox<Element>) {
        self.mailbox = mailbox
    }

    isolated deinit {
        mailbox.end()
    }

    /// How many were dropped because nobody read them in time.
    public var dropped: Int { mailbox.dropped }

    /// Ends it: who waits gets what there is, and then the end.
    public func cancel() {
        mailbox.end()
    }

    /// The next; `nil` at the end.
    ///
    /// - Throws: ``ChannelOverflowError``, `CancellationError` when the task is cancelled.
    public func next() async throws -> Element? {
        try await mailbox.next()
    }
}

extension ChannelSubscription: AsyncSequence {
    /// Gives what comes; several iterators share it.
    public struct AsyncIterator: AsyncIteratorProtocol {
        let subscription: ChannelSubscription

        /// The next; `nil` at the end.
        ///
        /// - Throws: as ``ChannelSubscription/next()``.
        public mutating func next() async throws -> Element? {
            try await subscription.next()
        }
    }

    /// Begins to read.
    public func makeAsyncIterator() -> AsyncIterator {
        AsyncIterator(subscription: self)
    }
}

/// What waits for the readers of a subscription.
final class ChannelMailbox<Element: Sendable> {
    private(set) var dropped = 0
    /// Called once when it ends.
    var onEnd: (() -> Void)?
    private var waiting = Deque<Element>()
    private let readers = WakeQueue()
    private let limit: Int
    private let overflow: ChannelOverflow
    private var isOver = false
    private var failure: ChannelOverflowError?

    init(limit: Int, overflow: ChannelOverflow) {
        self.limit = Swift.max(1, limit)
        self.overflow = overflow
    }

    deinit {}

    func put(_ element: Element) {
        guard !isOver else { return }
        if waiting.count >= limit {
            if overflow == .fail {
                failure = ChannelOverflowError(limit: limit)
                return end()
            }
            waiting.removeFirst()
            dropped += 1
        }
        waiting.append(element)
        readers.wakeFirst()
    }

    func end() {
        guard !isOver else { return }
        isOver = true
        readers.wakeAll()
        onEnd?()
        onEnd = nil
    }

    func next() async throws -> Element? {
        while true {
            if let element = waiting.popFirst() { return element }
            if let failure { throw failure }
            if isOver { return nil }
            try await readers.wait()
        }
    }
}
