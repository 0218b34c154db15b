import DequeModule
import MartletLoop

/// What waits for the readers of a subscription.
final class SubscriptionMailbox {
    /// Called once when it ends.
    var onEnd: (() -> Void)?
    /// Takes what comes, at once: then nothing waits.
    var onEvent: ((RedisSubscriptionEvent) -> Void)?
    /// Called when a topic is confirmed, on each connection anew.
    var onConfirmation: ((PubSubTopic) -> Void)?
    /// How many messages were dropped.
    private(set) var dropped = 0
    /// Those of which no reader knows yet; they lie before all that waits.
    private var untold = 0
    private var waiting = Deque<(event: RedisSubscriptionEvent, cost: Int)>()
    private var bytes = 0
    private let readers = WakeQueue()
    private let buffer: RedisSubscriptionBuffer
    /// What the server has not confirmed yet.
    private var unconfirmed: Set<PubSubTopic>
    private let waitingForConfirmation = WakeQueue()
    private(set) var isOver = false
    private(set) var failure: RedisError?

    init(for topics: Set<PubSubTopic>, _ buffer: RedisSubscriptionBuffer) {
        unconfirmed = topics
        self.buffer = buffer
    }

    deinit {}

    func put(_ message: RedisMessage) {
        if let onEvent { return onEvent(.message(message)) }
        put(.message(message), cost: message.channel.count + message.payload.count + (message.pattern?.count ?? 0))
    }

    func put(_ gap: RedisSubscriptionEvent.Gap) {
        if let onEvent { return onEvent(.gap(gap)) }
        // Twice in a row says no more than once.
        if case .gap(gap)? = waiting.last?.event { return }
        put(.gap(gap), cost: 0)
    }

    private func put(_ event: RedisSubscriptionEvent, cost: Int) {
        guard !isOver else { return }
        while !waiting.isEmpty, waiting.count >= buffer.messages || cost > buffer.bytes - min(bytes, buffer.bytes) {
            guard buffer.overflow == .dropOldest else {
                return end(
                    because: RedisError(
                        .queueFull,
                        "a subscription has ended: more than \(buffer.messages) messages or \(buffer.bytes) bytes were "
                            + "waiting to be read"))
            }
            let oldest = waiting.removeFirst()
            bytes -= oldest.cost
            dropped &+= 1
            untold &+= 1
        }
        waiting.append((event, cost))
        bytes += cost
        readers.wakeFirst()
    }

    // MARK: Confirmation

    func confirm(_ topic: PubSubTopic) {
        onConfirmation?(topic)
        unconfirmed.remove(topic)
        if unconfirmed.isEmpty { waitingForConfirmation.wakeAll() }
    }

    /// Waits until all is confirmed.
    func confirmation() async throws {
        while !unconfirmed.isEmpty {
            if isOver { throw failure ?? RedisError(.closed, "the subscription has been ended") }
            try await waitingForConfirmation.wait()
        }
    }

    // MARK: End

    /// Ends it: what waits is still to be read.
    func end(because failure: RedisError? = nil) {
        guard !isOver else { return }
        isOver = true
        self.failure = failure
        readers.wakeAll()
        waitingForConfirmation.wakeAll()
        onEnd?()
        onEnd = nil
    }

    func next() async throws -> RedisSubscriptionEvent? {
        while true {
            if untold > 0 {
                defer { untold = 0 }
                return .gap(.overflow(untold))
            }
            if let (event, cost) = waiting.popFirst() {
                bytes -= cost
                return event
            }
            if let failure { throw failure }
            if isOver { return nil }
            try await readers.wait()
        }
    }
}
