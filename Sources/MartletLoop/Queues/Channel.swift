import DequeModule

/// Hands elements from tasks that send to tasks that receive, as in communicating sequential processes (Hoare, 1978)
/// and Go.
///
/// Without a capacity a sender waits until somebody has received what it sends: both know where the other is. With one
/// it goes on when there is room. `select` waits at several channels for whichever is first.
///
/// ```swift
/// let results = Channel<Int>()
/// Task {
///     for number in 0..<10 { try await results.send(number * number) }
///     results.close()
/// }
/// for try await result in results { print(result) }
/// ```
///
/// Compared with a `Queue`: no `join` and no orders, but a rendezvous, and `select`. Fair and safe from cancellation
/// like it: tasks meet in the order in which they came, and an element is received or still its sender's.
public final class Channel<Element: Sendable> {
    /// How many elements may wait to be received while their senders go on.
    public let capacity: Int
    /// Whether `close` was called.
    public private(set) var isClosed = false

    private var buffer = Deque<Element>()
    /// Somebody waits in here only while the buffer is full …
    let senders = ChannelLine<Element>()
    /// … and in here only while it is empty and nobody waits to send.
    let receivers = ChannelLine<Element>()

    /// A channel that holds `capacity` elements; none, and it is a rendezvous.
    public init(capacity: Int = 0, file: StaticString = #fileID, line: UInt = #line) {
        guard capacity >= 0 else {
            fatalError("a channel cannot hold \(capacity) elements: it takes 0 or more", file: file, line: line)
        }
        self.capacity = capacity
    }

    /// How many elements wait in it, those of waiting senders not counted.
    public var count: Int { buffer.count }
    /// How many tasks wait to send; looks at each.
    public var waitingSenders: Int { senders.count }
    /// How many tasks wait to receive; looks at each.
    public var waitingReceivers: Int { receivers.count }

    // MARK: Sending

    /// Sends an element, once somebody receives it or there is room for it.
    ///
    /// - Throws: `ChannelError` when the channel is closed, or is while the task waits; `CancellationError` when the
    ///   task is cancelled and has to wait. Nobody receives the element in either case.
    public func send(_ element: Element) async throws {
        if try trySend(element) { return }
        let party = ChannelParty(carrying: element)
        try await senders.wait(party)
        if party.element != nil { throw ChannelError(.closed) }
    }

    /// Sends an element if somebody waits for it or there is room, without waiting.
    ///
    /// - Returns: whether it did.
    /// - Throws: `ChannelError` when the channel is closed.
    public func trySend(_ element: Element) throws(ChannelError) -> Bool {
        guard !isClosed else { throw ChannelError(.closed) }
        if let receiver = receivers.popFirst() {
            receiver.take(element)
            return true
        }
        guard buffer.count < capacity else { return false }
        buffer.append(element)
        return true
    }

    /// Takes nothing any more: who sends gets a `ChannelError`, and so do those who wait to; those who receive get what
    /// is in the buffer, and then the end. Closing twice is closing once; other than in Go it is no mistake, so that
    /// several senders can share a channel.
    public func close() {
        isClosed = true
        while let sender = senders.popFirst() { sender.giveUp() }
        while let receiver = receivers.popFirst() { receiver.giveUp() }
    }

    // MARK: Receiving

    /// Receives the next element, once there is one.
    ///
    /// - Returns: the element; `nil` when the channel is closed and nothing is left in it.
    /// - Throws: `CancellationError` when the task is cancelled and has to wait.
    public func receive() async throws(CancellationError) -> Element? {
        if let element = tryReceive() { return element }
        guard !isClosed else { return nil }
        let party = ChannelParty<Element>(carrying: nil)
        try await receivers.wait(party)
        return party.element
    }

    /// Receives an element if one is there or somebody waits to send one, without waiting.
    ///
    /// - Returns: the element; `nil` when there is none now, or no more at all because the channel is closed.
    public func tryReceive() -> Element? {
        guard let oldest = buffer.popFirst() else { return senders.popFirst()?.give() }
        if let element = senders.popFirst()?.give() { buffer.append(element) }
        return oldest
    }
}
