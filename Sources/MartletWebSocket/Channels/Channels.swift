import DequeModule
import MartletLoop
import MartletServer
import MartletWebSocketCodec

/// The channels that sockets subscribe to and messages are published on, by name: a worker's part of what all workers
/// share.
///
/// ```swift
/// router.webSocket("/rooms/{room}") { socket, request in
///     let channel = request.worker.channels["room/\(request.parameters["room"] ?? "")"]
///     channel.subscribe(socket)
///     for try await message in socket { channel.publish(message) }
/// }
/// ```
///
/// A channel is there when somebody uses it; it takes memory where it has subscribers or members. What is published on
/// one worker reaches the subscribers of all: see ``PubSubChannel/publish(_:except:)-(WebSocketMessage,_)``.
///
/// A message is encoded once, compressed at most once for each size of window, and all sockets send the same bytes.
/// Sockets are served in slices, between which the loop turns.
public final class Channels {
    /// The most bytes that may wait on a channel of this worker until all subscribers are served; what is published
    /// beyond is dropped.
    public var backlogLimit = 8 << 20

    private var topics: [String: Topic] = [:]
    private var due = Deque<Topic>()
    private var isScheduled = false
    private let transport: (any ChannelTransport)?
    private let findCounters: () -> Counters<HTTPCounter>?
    private var serverCounters: Counters<HTTPCounter>?
    private lazy var provisional = Counters<HTTPCounter>.allocate()
    let presence: Presence

    /// So many sockets are served before the loop turns: sending takes a few microseconds each.
    static let slice = 256

    /// Channels that reach whom the transport reaches.
    ///
    /// - Parameters:
    ///   - transport: what carries messages to the others; `nil` for channels within this process.
    ///   - counters: where to count; nowhere that anybody sees unless given.
    public convenience init(transport: (any ChannelTransport)? = nil, counters: Counters<HTTPCounter>? = nil) {
        self.init(transport: transport) { counters }
    }

    /// Channels that count in what may be there only later.
    package init(transport: (any ChannelTransport)?, findCounters: @escaping () -> Counters<HTTPCounter>?) {
        self.transport = transport
        self.findCounters = findCounters
        presence = Presence(transport: transport)
        transport?.listen { [weak self] in self?.take($0) }
        presence.askForEverything()
    }

    deinit {}

    /// The channel of a name, which has 1 to 255 bytes of UTF-8: on one of any other, nobody is subscribed and nothing
    /// is published.
    public subscript(_ name: String) -> PubSubChannel {
        PubSubChannel(name: name, channels: self)
    }

    /// The channels that have subscribers on this worker.
    public var names: [String] { Array(topics.keys) }

    // MARK: Subscribers

    private func topic(_ name: String) -> Topic {
        if let topic = topics[name] { return topic }
        let topic = Topic(name)
        topics[name] = topic
        counters.add(.channelsActive)
        transport?.interestChanged(in: name, isWanted: true)
        return topic
    }

    private func removeIfUnused(_ topic: Topic) {
        guard topic.isUnused else { return }
        topics[topic.name] = nil
        counters.subtract(.channelsActive)
        transport?.interestChanged(in: topic.name, isWanted: false)
    }

    func subscriberCount(of name: String) -> Int {
        topics[name]?.subscriberCount ?? 0
    }

    func subscribe(_ socket: WebSocket, to name: String, as member: PresenceMember?) -> Bool {
        guard Self.isValid(name), socket.isOpen else { return false }
        let topic = topic(name)
        if topic.add(socket) {
            socket.subscriptions.append(SocketSubscription(topic: topic, channels: self))
            counters.add(.channelSubscribers)
        }
        guard let member else { return true }
        let before = topic.member(of: socket)
        topic.setMember(of: socket, member.id)
        presence.join(member, on: name, insteadOf: before)
        return true
    }

    func unsubscribe(_ socket: WebSocket, from name: String) {
        guard let topic = topics[name] else { return }
        socket.subscriptions.removeAll { $0.topic === topic }
        remove(socket, from: topic)
    }

    /// The socket has already forgotten it.
    func remove(_ socket: WebSocket, from topic: Topic) {
        let member = topic.member(of: socket)
        guard topic.remove(socket) else { return }
        topic.setMember(of: socket, nil)
        counters.subtract(.channelSubscribers)
        if let member { presence.leave(member, on: topic.name) }
        removeIfUnused(topic)
    }

    func subscribe(to name: String, limit: Int, overflow: ChannelOverflow) -> ChannelMailbox<WebSocketMessage> {
        let mailbox = ChannelMailbox<WebSocketMessage>(limit: limit, overflow: overflow)
        guard Self.isValid(name) else { return mailbox }
        let topic = topic(name)
        topic.add(mailbox)
        counters.add(.channelSubscribers)
        mailbox.onEnd = { [weak self, weak mailbox] in
            guard let self, let mailbox else { return }
            topic.remove(mailbox)
            counters.subtract(.channelSubscribers)
            removeIfUnused(topic)
        }
        return mailbox
    }

    // MARK: Messages

    static func isValid(_ name: String) -> Bool {
        (1...ChannelMessage.longestName).contains(name.utf8.count)
    }

    func publish(_ message: WebSocketMessageView, on name: String, except: WebSocket?) -> Bool {
        guard Self.isValid(name), message.bytes.count <= ChannelMessage.longestPayload else {
            counters.add(.channelMessagesDropped)
            return false
        }
        counters.add(.channelMessagesPublished)
        var isTaken = deliver(message, on: name, except: except)
        if let transport, transport.hasOthers {
            let encoded = ChannelMessage.encode(publishedOn: name, message.kind, message.bytes)
            isTaken = transport.broadcast(encoded, on: name) && isTaken
        }
        if !isTaken { counters.add(.channelMessagesDropped) }
        return isTaken
    }

    private func deliver(_ message: WebSocketMessageView, on name: String, except: WebSocket?) -> Bool {
        guard let topic = topics[name] else { return true }
        guard topic.append(message, except: except, limit: backlogLimit) else { return false }
        if topic.hasWork, !topic.isDue {
            topic.isDue = true
            due.append(topic)
            deliverSoon()
        }
        return true
    }

    private func take(_ event: WorkerBusEvent) {
        switch event {
        case .message(let bytes, let sender):
            switch ChannelMessage(decoding: bytes) {
            case .published(let channel, let kind, let payload):
                guard topics[channel] != nil else { return }
                payload.withUnsafeBytes { payload in
                    guard kind == .binary || Self.isUTF8(payload) else { return }
                    let isTaken = deliver(WebSocketMessageView(kind: kind, bytes: payload), on: channel, except: nil)
                    if !isTaken { counters.add(.channelMessagesDropped) }
                }
            case .some(let message): presence.take(message, from: sender)
            case nil: return
            }
        case .joined: presence.othersHaveChanged()
        case .left(let worker): presence.remove(worker)
        }
    }

    private static func isUTF8(_ bytes: UnsafeRawBufferPointer) -> Bool {
        var validator = UTF8Validator()
        return validator.validate(bytes) && validator.isComplete
    }

    // MARK: Delivery

    private func deliverSoon() {
        guard !isScheduled else { return }
        isScheduled = true
        EventLoop.main.callSoon { [self] in
            isScheduled = false
            deliverSlice()
        }
    }

    /// Serves so many sockets, those of one channel after those of the other.
    private func deliverSlice() {
        var tally = DeliveryTally()
        while tally.work < Self.slice, let topic = due.popFirst() {
            topic.deliver(to: Self.slice - tally.work, &tally)
            topic.isDue = topic.hasWork
            if topic.isDue { due.append(topic) }
        }
        count(tally)
        if !due.isEmpty { deliverSoon() }
    }

    // MARK: Counters

    private func count(_ tally: DeliveryTally) {
        let counters = counters
        counters.add(.channelMessagesDelivered, UInt64(tally.delivered))
        counters.add(.webSocketMessagesSent, UInt64(tally.delivered))
        counters.add(.webSocketPayloadSent, UInt64(tally.payloadBytes))
        counters.add(.webSocketBytesSent, UInt64(tally.bytesSent))
        if tally.dropped > 0 { counters.add(.webSocketMessagesDropped, UInt64(tally.dropped)) }
    }

    /// The server's, which may be made after the channels: until then, they count for themselves.
    private var counters: Counters<HTTPCounter> {
        if let serverCounters { return serverCounters }
        guard let found = findCounters() else { return provisional }
        for name in [HTTPCounter.channelsActive, .channelSubscribers, .channelMessagesPublished] {
            found.add(name, provisional.load(name))
        }
        serverCounters = found
        return found
    }
}

extension Worker {
    /// The channels of this worker, made when they are first asked for. Asking in the application's `start` makes sure
    /// that nothing is missed that other workers say.
    public var channels: Channels {
        if let known = find(Channels.self) { return known }
        let made = Channels(transport: bus.map { WorkerBusTransport($0) }) { [weak self] in self?.find() }
        provide(made)
        return made
    }
}

/// A channel that a socket is subscribed to, as the socket knows it.
struct SocketSubscription {
    let topic: Topic
    let channels: Channels
}

extension WebSocket {
    /// Ends all its subscriptions.
    func leaveChannels() {
        let left = subscriptions
        subscriptions = []
        for subscription in left { subscription.channels.remove(self, from: subscription.topic) }
    }
}
