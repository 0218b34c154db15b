import DequeModule
import MartletServer
import MartletWebSocketCodec

/// What a worker has of a channel that somebody there subscribes to: the subscribers, and messages on their way to
/// them.
///
/// Messages do not leave at once. What is published until the loop turns becomes a batch, which costs each socket one
/// send; what is published while a batch is being delivered, a slice of the sockets at a time, becomes the next.
final class Topic {
    let name: String
    /// Whether it is in the hub's queue.
    var isDue = false
    private var subscribers = SubscriberList()
    private var batches = Deque<MessageBatch>()
    private var batchedBytes = 0
    /// The number of the next message.
    private var nextMessage: UInt64 = 0
    private var mailboxes: [ChannelMailbox<WebSocketMessage>] = []
    /// Who is present with which socket.
    private var present: [ObjectIdentifier: String] = [:]

    /// A batch of that much is full: what a slow peer may have waiting beyond its limit.
    private static let fullBatch = 64 << 10

    init(_ name: String) {
        self.name = name
    }

    deinit {}

    var subscriberCount: Int { subscribers.count + mailboxes.count }
    var isUnused: Bool { subscribers.isEmpty && mailboxes.isEmpty }
    var hasWork: Bool { !batches.isEmpty }

    // MARK: Subscribers

    /// Whether it is new.
    func add(_ socket: WebSocket) -> Bool {
        guard !subscribers.contains(socket) else { return false }
        // A client's frames are masked, each with a mask of its own.
        let isAlone = socket.context.role == .client
        subscribers.append(
            Subscriber(
                socket: socket, encoding: socket.sharedEncoding, from: nextMessage,
                wholeFrom: isAlone ? .max : nextMessage))
        return true
    }

    /// Whether it was there.
    func remove(_ socket: WebSocket) -> Bool {
        guard subscribers.remove(socket) else { return false }
        if subscribers.isEmpty { removeBatches() }
        return true
    }

    private func removeBatches() {
        batches.removeAll()
        batchedBytes = 0
        subscribers.rewind()
    }

    func add(_ mailbox: ChannelMailbox<WebSocketMessage>) {
        mailboxes.append(mailbox)
    }

    func remove(_ mailbox: ChannelMailbox<WebSocketMessage>) {
        mailboxes.removeAll { $0 === mailbox }
    }

    // MARK: Presence

    func member(of socket: WebSocket) -> String? {
        present[ObjectIdentifier(socket)]
    }

    func setMember(of socket: WebSocket, _ id: String?) {
        present[ObjectIdentifier(socket)] = id
    }

    // MARK: Messages

    /// Takes a message for all subscribers but one; `false` when too much waits already.
    func append(_ message: WebSocketMessageView, except: WebSocket?, limit: Int) -> Bool {
        if !mailboxes.isEmpty {
            let copy = message.message
            // One that is full ends, and goes.
            for mailbox in mailboxes { mailbox.put(copy) }
        }
        if subscribers.isEmpty { return true }
        guard batchedBytes < limit else { return false }
        let batch = openBatch()
        let before = batch.byteCount
        batch.append(message, except: except)
        batchedBytes += batch.byteCount - before
        nextMessage += 1
        if let except {
            let next = nextMessage
            subscribers.update(except) { $0.wholeFrom = Swift.max($0.wholeFrom, next) }
        }
        return true
    }

    private func openBatch() -> MessageBatch {
        if let last = batches.last, !last.isSealed, last.byteCount < Self.fullBatch { return last }
        let batch = MessageBatch(first: nextMessage)
        batches.append(batch)
        return batch
    }

    // MARK: Delivery

    /// Delivers what there is.
    ///
    /// - Parameters:
    ///   - limit: how much work may be done: see ``DeliveryTally``.
    ///   - tally: counts.
    func deliver(to limit: Int, _ tally: inout DeliveryTally) {
        let end = tally.work + limit
        while tally.work < end, let batch = batches.first {
            batch.isSealed = true
            deliver(batch, until: end, &tally)
            // When the last subscriber was lost on the way, it is not there any more.
            if batches.first === batch {
                guard subscribers.isAtEnd else { continue }
                batches.removeFirst()
                batchedBytes -= batch.byteCount
            }
            subscribers.rewind()
        }
    }

    private func deliver(_ batch: MessageBatch, until end: Int, _ tally: inout DeliveryTally) {
        var encoding = FrameEncoding.plain
        var frames: EncodedFrames?
        while tally.work < end, let subscriber = subscribers.next() {
            if frames == nil || encoding != subscriber.encoding {
                encoding = subscriber.encoding
                frames = batch.frames(encoding, subscriber.socket.context)
            }
            guard let frames else { continue }
            // The kernel copies 4 KiB in about the time that a call takes otherwise.
            tally.work += 1 + frames.bytes.count / 4096
            if subscriber.wholeFrom <= batch.first {
                let delivery = subscriber.socket.deliver(frames.bytes, isCompressed: frames.isCompressed)
                tally.count(delivery, batch.messages.count, batch.payloadBytes)
            } else {
                deliver(batch, frames, to: subscriber, &tally)
            }
        }
    }

    /// Delivers those messages of a batch that are for a subscriber.
    private func deliver(
        _ batch: MessageBatch, _ frames: EncodedFrames, to subscriber: Subscriber, _ tally: inout DeliveryTally
    ) {
        let socket = subscriber.socket
        let missed = subscriber.from > batch.first ? Int(clamping: subscriber.from - batch.first) : 0
        guard missed < batch.messages.count else { return }
        tally.work += (batch.messages.count - missed) / 64
        for index in missed..<batch.messages.count {
            let message = batch.messages[index]
            if message.except === socket { continue }
            if socket.context.role == .client {
                batch.withPayload(of: index) { socket.post(WebSocketMessageView(kind: message.kind, bytes: $0)) }
                continue
            }
            let range = frames.range(of: index)
            let delivery = socket.deliver(isCompressed: frames.isCompressed) { output in
                frames.bytes.withUnsafeBytes {
                    output.bytes.append(contentsOf: UnsafeRawBufferPointer(rebasing: $0[range]))
                }
            }
            tally.count(delivery, 1, message.payloadCount)
        }
    }
}

/// What a slice of deliveries comes to.
struct DeliveryTally {
    /// Sockets served; one that gets much counts as several.
    var work = 0
    var delivered = 0
    var dropped = 0
    var payloadBytes = 0
    var bytesSent = 0

    mutating func count(_ delivery: WebSocket.Delivery, _ messages: Int, _ payload: Int) {
        switch delivery {
        case .taken(let bytes):
            delivered &+= messages
            payloadBytes &+= payload
            bytesSent &+= bytes
        case .dropped: dropped &+= messages
        case .ended: break
        }
    }
}
