import MartletLoop

/// The subscriptions to sharded channels of a cluster: a hub for each node, between which channels move as their slots
/// do.
///
/// A hub that loses its node, or is told that a slot has gone, gives its channels back; they are placed again when the
/// slot map is new, and who waits for their messages is told of the gap.
final class ShardSubscriptions {
    private let nodes: ClusterNodes
    private var hubs: [RedisNodeAddress: PubSubHub] = [:]
    /// Which node has which channel.
    private var places: [PubSubTopic: RedisNodeAddress] = [:]
    /// Channels that no node has now.
    private var homeless: [PubSubTopic: PubSubHub.Subject] = [:]
    private var placing: Task<Void, Never>?
    private var waits: Backoff.Waits
    private var lastError: RedisError?
    private var end: RedisError?

    init(_ nodes: ClusterNodes) {
        self.nodes = nodes
        waits = nodes.settings.node.reconnect.waits()
    }

    deinit {}

    func close(because error: RedisError) {
        end = error
        placing?.cancel()
        for hub in hubs.values { hub.close(because: error) }
        for mailbox in homeless.values.flatMap(\.listeners) { mailbox.end(because: error) }
        homeless = [:]
    }

    func subscribe(
        _ target: RedisSubscriptionTarget, _ buffer: RedisSubscriptionBuffer, within limit: Duration
    ) async throws(RedisError) -> RedisSubscription {
        if let end { throw end }
        let topics = Set(target.names.map { PubSubTopic(kind: .shard, name: $0) })
        let mailbox = SubscriptionMailbox(for: topics, buffer)
        let subscription = RedisSubscription(mailbox)
        mailbox.onEnd = { [weak self, weak mailbox] in
            guard let self, let mailbox else { return }
            for topic in topics { remove(mailbox, from: topic) }
        }
        for topic in topics { take(topic, PubSubHub.Subject(listeners: [mailbox])) }
        try await mailbox.awaitConfirmation(of: target, within: limit) { [weak self] in self?.lastError }
        waits = nodes.settings.node.reconnect.waits()
        return subscription
    }

    private func remove(_ mailbox: SubscriptionMailbox, from topic: PubSubTopic) {
        if let place = places[topic], hubs[place]?.remove(mailbox, from: topic) ?? true { places[topic] = nil }
        homeless[topic]?.listeners.removeAll { $0 === mailbox }
        if homeless[topic]?.listeners.isEmpty == true { homeless[topic] = nil }
    }

    /// Gives a channel to the node that has its slot.
    private func take(_ topic: PubSubTopic, _ subject: PubSubHub.Subject) {
        guard let address = nodes.choose(RedisSlot(of: topic.name), isRead: false) else {
            return lose([topic: subject])
        }
        var subject = subject
        // Since it was placed the slot has moved: all who want it go along.
        if let place = places[topic], place != address, let moved = hubs[place]?.release(topic) {
            subject.merge(moved)
        }
        places[topic] = address
        hub(of: address).take(topic, subject)
    }

    private func hub(of address: RedisNodeAddress) -> PubSubHub {
        if let known = hubs[address] { return known }
        // Those that serve nothing any more have no connection either.
        hubs = hubs.filter { !$0.value.isIdle }
        let hub = PubSubHub(backoff: nodes.settings.node.reconnect) { [nodes] () async throws(RedisError) in
            do throws(RedisError) {
                return try await RedisConnection.connect(nodes.nodeSettings(address))
            } catch {
                nodes.lost(address)
                throw error
            }
        }
        hub.giveUp = { [weak self] topics, error in
            self?.lastError = error
            self?.lose(topics)
        }
        hubs[address] = hub
        return hub
    }

    private func lose(_ topics: [PubSubTopic: PubSubHub.Subject]) {
        if let end {
            for mailbox in topics.values.flatMap(\.listeners) { mailbox.end(because: end) }
            return
        }
        for (topic, subject) in topics {
            places[topic] = nil
            if homeless[topic]?.merge(subject) == nil { homeless[topic] = subject }
        }
        guard placing == nil, !homeless.isEmpty else { return }
        placing = Task {
            await place()
            placing = nil
            if !homeless.isEmpty { lose([:]) }
        }
    }

    /// Places what is homeless once the slot map is new.
    private func place() async {
        let wait = waits.next() ?? .zero
        do throws(RedisError) {
            try await nodes.awaitMap()
        } catch {
            lastError = error
        }
        try? await Task.sleep(for: wait)
        let topics = homeless
        homeless = [:]
        for (topic, subject) in topics { take(topic, subject) }
    }
}
