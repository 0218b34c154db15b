/// Channels that come and go, whose messages are given out at once: for code that neither waits nor keeps a task for
/// them, as a ``RedisSubscription`` needs one.
package final class RedisFeed {
    /// Takes messages and gaps, in the turn of the loop in which they arrive. It must not take long.
    package var onEvent: ((RedisSubscriptionEvent) -> Void)? {
        didSet { mailbox.onEvent = onEvent }
    }
    /// Called whenever the server has confirmed a channel: on each connection anew.
    package var onConfirmation: ((_ channel: [UInt8]) -> Void)? {
        didSet { mailbox.onConfirmation = onConfirmation.map { action in { action($0.name) } } }
    }
    /// Called once when it ends, and not by ``close()``: the client was closed, or the server does not allow a channel.
    package var onEnd: ((RedisError?) -> Void)?

    private let hub: PubSubHub
    private let mailbox = SubscriptionMailbox(for: [], RedisSubscriptionBuffer())
    private var topics: Set<PubSubTopic> = []

    /// A feed over the connection of a client's subscriptions.
    package init(_ client: RedisClient) {
        hub = client.subscriptions
        mailbox.onEvent = { _ in }
        mailbox.onEnd = { [weak self] in self?.end() }
    }

    isolated deinit {
        close()
    }

    /// Subscribes to a channel, now and whenever the connection is made anew.
    package func subscribe(to channel: [UInt8]) {
        let topic = PubSubTopic(kind: .channel, name: channel)
        if topics.insert(topic).inserted { hub.add(mailbox, to: topic) }
    }

    /// Unsubscribes from a channel.
    package func unsubscribe(from channel: [UInt8]) {
        let topic = PubSubTopic(kind: .channel, name: channel)
        if topics.remove(topic) != nil { hub.remove(mailbox, from: topic) }
    }

    /// Ends it.
    package func close() {
        onEnd = nil
        mailbox.end()
    }

    private func end() {
        for topic in topics { hub.remove(mailbox, from: topic) }
        topics = []
        onEnd?(mailbox.failure)
        onEnd = nil
    }
}
