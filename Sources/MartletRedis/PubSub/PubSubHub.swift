import MartletLoop
import MartletRESP

/// The subscriptions of a client, and the connection that they share.
///
///                     somebody wants something
///     (no connection) ────────────────────────▶ connecting ──▶ open
///            ▲                                   ▲    │ fails     │ lost
///            │ nobody wants anything             └────┴── waits ◀─┘
///            └────────────────────────────────────────────┘
///
/// What is wanted is what the mailboxes want; what has been said on the connection is brought in line with that once in
/// a turn of the loop, so that many who come and go in one turn cost one command. A connection that was lost begins with
/// nothing said: everything is said anew, and who had been confirmed before is told of the gap when it is again.
final class PubSubHub {
    /// Takes over topics that this hub's server does not serve, or not any more: see `ShardSubscriptions`. Without it,
    /// the hub itself connects again.
    var giveUp: (([PubSubTopic: Subject], RedisError) -> Void)?

    /// A topic with those who want it.
    struct Subject {
        var listeners: [SubscriptionMailbox]
        /// Whether it has been confirmed, on this connection or one before.
        var hasBeenConfirmed = false

        mutating func merge(_ other: Subject) {
            listeners += other.listeners
            hasBeenConfirmed = hasBeenConfirmed || other.hasBeenConfirmed
        }
    }

    private let connect: () async throws(RedisError) -> RedisConnection
    private let backoff: Backoff
    private var subjects: [PubSubTopic: Subject] = [:]
    private var connection: RedisConnection?
    /// What the connection has been told to subscribe to, and when: who comes and goes and comes again is confirmed by
    /// the answer to the last time only.
    private var said: [PubSubTopic: UInt64] = [:]
    private var round: UInt64 = 0
    /// Where what is wanted and what was said may differ.
    private var changed: Set<PubSubTopic> = []
    private var isFlushScheduled = false
    private var runner: Task<Void, Never>?
    private var waits: Backoff.Waits
    /// When to connect again, at the earliest.
    private var earliestAttempt = EventLoop.Instant(nanoseconds: 0)
    /// Whether anything was confirmed on the last connection.
    private var hasServed = false
    private var lastError: RedisError?
    private var end: RedisError?

    /// Names in one command.
    private static let namesPerCommand = 256

    /// A hub that connects when something is wanted.
    ///
    /// - Parameters:
    ///   - backoff: how long to wait between attempts to connect.
    ///   - connect: makes a connection of its own, to whichever server it is to be.
    init(backoff: Backoff, connect: @escaping () async throws(RedisError) -> RedisConnection) {
        self.backoff = backoff
        self.connect = connect
        waits = backoff.waits()
    }

    deinit {}

    // MARK: What is wanted

    /// Subscribes, and returns once it is confirmed.
    func subscribe(
        _ target: RedisSubscriptionTarget, _ buffer: RedisSubscriptionBuffer, within limit: Duration
    ) async throws(RedisError) -> RedisSubscription {
        let topics = Set(target.names.map { PubSubTopic(kind: target.kind, name: $0) })
        let mailbox = SubscriptionMailbox(for: topics, buffer)
        let subscription = RedisSubscription(mailbox)
        mailbox.onEnd = { [weak self, weak mailbox] in
            guard let self, let mailbox else { return }
            for topic in topics { remove(mailbox, from: topic) }
        }
        for topic in topics { add(mailbox, to: topic) }
        try await mailbox.awaitConfirmation(of: target, within: limit) { [weak self] in self?.lastError }
        return subscription
    }

    func add(_ mailbox: SubscriptionMailbox, to topic: PubSubTopic) {
        if let end { return mailbox.end(because: end) }
        take(topic, Subject(listeners: [mailbox]))
    }

    /// Takes over a topic, beside what there is of it.
    func take(_ topic: PubSubTopic, _ subject: Subject) {
        if let end {
            for mailbox in subject.listeners { mailbox.end(because: end) }
            return
        }
        if var known = subjects[topic] {
            known.merge(subject)
            subjects[topic] = known
            if confirmed.contains(topic) {
                for mailbox in subject.listeners { mailbox.confirm(topic) }
                if subject.hasBeenConfirmed { tell(.moved, subject.listeners) }
            }
            return
        }
        subjects[topic] = subject
        if confirmed.contains(topic) {
            // The last one has left in this very turn: the server has not been told, and has nothing to confirm.
            subjects[topic]?.hasBeenConfirmed = true
            for mailbox in subject.listeners { mailbox.confirm(topic) }
            if subject.hasBeenConfirmed { tell(.moved, subject.listeners) }
        }
        note(topic)
        runIfNeeded()
    }

    /// What is confirmed on this connection, and not unsubscribed from: a part of what was said.
    private var confirmed: Set<PubSubTopic> = []

    /// - Returns: whether nobody wants the topic any more.
    @discardableResult
    func remove(_ mailbox: SubscriptionMailbox, from topic: PubSubTopic) -> Bool {
        guard var subject = subjects[topic] else { return true }
        subject.listeners.removeAll { $0 === mailbox }
        subjects[topic] = subject.listeners.isEmpty ? nil : subject
        guard subject.listeners.isEmpty else { return false }
        note(topic)
        return true
    }

    /// Gives a topic away, and those who want it.
    func release(_ topic: PubSubTopic) -> Subject? {
        guard let subject = subjects.removeValue(forKey: topic) else { return nil }
        note(topic)
        return subject
    }

    /// Whether nobody wants anything.
    var isIdle: Bool { subjects.isEmpty }

    /// Ends everything.
    func close(because error: RedisError) {
        guard end == nil else { return }
        end = error
        let mailboxes = subjects.values.flatMap(\.listeners)
        for mailbox in mailboxes { mailbox.end(because: error) }
        subjects = [:]
        connection?.close()
        runner?.cancel()
    }

    /// Connects anew: the server that there is is not the right one any more.
    func reconnect() {
        connection?.close()
    }

    // MARK: The connection

    private func runIfNeeded() {
        guard runner == nil else { return }
        runner = Task {
            await run()
            runner = nil
            // Somebody may have come since.
            if !subjects.isEmpty { runIfNeeded() }
        }
    }

    /// How long a connection lives that counts as a success.
    private static let longLife: Duration = .seconds(1)

    private func run() async {
        while !subjects.isEmpty, end == nil {
            // Also of those who come after the others were refused, so that nobody who tries again and again makes the
            // server refuse as often.
            let rest = EventLoop.main.time().duration(to: earliestAttempt)
            if rest > .zero { try? await Task.sleep(for: rest) }
            guard !subjects.isEmpty, end == nil else { return }
            hasServed = false
            do throws(RedisError) {
                let connection = try await connect()
                guard !subjects.isEmpty, end == nil else { return connection.close() }
                await serve(connection)
                // One that serves and hangs up again and again is not to be asked as often.
                if hasServed, EventLoop.main.time() - connection.openedAt >= Self.longLife { waits = backoff.waits() }
                guard giveUp == nil else { return giveUpAll() }
            } catch {
                lastError = error
                guard giveUp == nil else { return giveUpAll() }
                // Trying again does not help those who are waiting to begin; those who have begun wait on.
                if error.code != .connection, error.code != .timedOut, !error.isTransient { failUnconfirmed(error) }
            }
            if subjects.isEmpty, hasServed { return }
            earliestAttempt = EventLoop.main.time() + (waits.next() ?? .zero)
        }
    }

    /// Speaks on a connection until it is lost.
    private func serve(_ connection: RedisConnection) async {
        let isLost = Event()
        connection.onPush = { [weak self] in self?.receive($0) }
        connection.onClose = { [weak self] error in
            self?.lastError = error
            isLost.set()
        }
        self.connection = connection
        changed.formUnion(subjects.keys)
        if connection.isOpen { flush() } else { isLost.set() }
        try? await isLost.wait()
        connection.close()
        self.connection = nil
        said = [:]
        confirmed = []
    }

    private func note(_ topic: PubSubTopic) {
        // A new connection is told everything.
        guard connection != nil else { return }
        changed.insert(topic)
        guard !isFlushScheduled else { return }
        isFlushScheduled = true
        EventLoop.main.callSoon { [weak self] in
            self?.isFlushScheduled = false
            self?.flush()
        }
    }

    /// Says what has changed.
    private func flush() {
        guard let connection else { return }
        guard !subjects.isEmpty else { return connection.close() }
        let changed = changed
        self.changed = []
        round &+= 1
        for kind in PubSubReply.Kind.allCases {
            var wanted: [[UInt8]] = []
            var unwanted: [[UInt8]] = []
            for topic in changed where topic.kind == kind {
                if subjects[topic] != nil {
                    if said.updateValue(said[topic] ?? round, forKey: topic) == nil { wanted.append(topic.name) }
                } else if said.removeValue(forKey: topic) != nil {
                    confirmed.remove(topic)
                    unwanted.append(topic.name)
                }
            }
            say(kind.unsubscribeWord, kind, unwanted, on: connection)
            say(kind.subscribeWord, kind, wanted, on: connection)
        }
    }

    private func say(_ word: String, _ kind: PubSubReply.Kind, _ names: [[UInt8]], on connection: RedisConnection) {
        guard kind == .shard else { return sayInParts(word, kind, names[...], on: connection) }
        // A cluster takes sharded channels of one slot in a command.
        for names in Dictionary(grouping: names, by: { RedisSlot(of: $0) }).values {
            sayInParts(word, kind, names[...], on: connection)
        }
    }

    private func sayInParts(
        _ word: String, _ kind: PubSubReply.Kind, _ names: ArraySlice<[UInt8]>, on connection: RedisConnection
    ) {
        var rest = names
        while !rest.isEmpty {
            let part = Array(rest.prefix(Self.namesPerCommand))
            rest = rest.dropFirst(part.count)
            let command = Self.command(word, part)
            let topics = part.map { PubSubTopic(kind: kind, name: $0) }
            let subscribes = word == kind.subscribeWord
            let round = round
            // At once, so that commands leave in the order in which they are made.
            Task.immediate { [weak self] in
                do throws(RedisError) {
                    try await connection.subscribe(command, acknowledgements: topics.count)
                    if subscribes { self?.confirm(topics, saidIn: round, on: connection) }
                } catch {
                    if subscribes { self?.refuse(topics, error, on: connection) }
                }
            }
        }
    }

    private static func command(_ word: String, _ names: [[UInt8]]) -> RedisCommand {
        var command = RedisCommand(word, traits: .connection)
        command.append(contentsOf: names)
        return command
    }

    // MARK: What the server says

    private func receive(_ parts: [RESPValue]) {
        switch PubSubReply(parts) {
        case .message(let kind, let message):
            let topic = PubSubTopic(kind: kind, name: message.pattern ?? message.channel)
            guard subjects[topic] != nil else { return }
            // Whoever hears something is subscribed, though that is told to others a turn later: what was missed, was before.
            if !confirmed.contains(topic), let connection, let round = said[topic] {
                confirm([topic], saidIn: round, on: connection)
            }
            for mailbox in subjects[topic]?.listeners ?? [] { mailbox.put(message) }
        case .unsubscribed(let kind, let name?):
            // Unasked: the slot of a sharded channel is on another node now.
            let topic = PubSubTopic(kind: kind, name: name)
            guard said[topic] != nil, subjects[topic] != nil else { return }
            lose(topic, RedisError(.server, "the channel is served by another node now"))
        case .subscribed:
            // One too many: an unasked `sunsubscribe` was taken for an acknowledgement. What is subscribed to is not known
            // any more; a new connection knows.
            reconnect()
        case .unsubscribed(_, nil), nil: return
        }
    }

    private func confirm(_ topics: [PubSubTopic], saidIn round: UInt64, on connection: RedisConnection) {
        guard self.connection === connection else { return }
        hasServed = true
        var interrupted: [ObjectIdentifier: SubscriptionMailbox] = [:]
        for topic in topics where said[topic] == round && !confirmed.contains(topic) {
            // Also when nobody wants it just now: somebody may before the server is told.
            confirmed.insert(topic)
            guard let subject = subjects[topic] else { continue }
            if subject.hasBeenConfirmed {
                for mailbox in subject.listeners { interrupted[ObjectIdentifier(mailbox)] = mailbox }
            }
            subjects[topic]?.hasBeenConfirmed = true
            for mailbox in subject.listeners { mailbox.confirm(topic) }
        }
        tell(giveUp == nil ? .reconnected : .moved, Array(interrupted.values))
    }

    private func tell(_ gap: RedisSubscriptionEvent.Gap, _ mailboxes: [SubscriptionMailbox]) {
        for mailbox in mailboxes { mailbox.put(gap) }
    }

    private func refuse(_ topics: [PubSubTopic], _ error: RedisError, on connection: RedisConnection) {
        guard self.connection === connection, connection.isOpen else { return }
        // A server that only does not answer has refused nothing: those who have begun wait on.
        if error.code == .timedOut || error.code == .cancelled { return reconnect() }
        // One of them may be at fault, with which the others have nothing to do.
        guard topics.count == 1, let topic = topics.first else {
            for topic in topics where said[topic] != nil {
                said[topic] = self.round
                sayInParts(topic.kind.subscribeWord, topic.kind, [topic.name], on: connection)
            }
            return
        }
        if giveUp != nil, error.isAboutTopology { return lose(topic, error) }
        fail(topic, error)
    }

    private func fail(_ topic: PubSubTopic, _ error: RedisError) {
        said[topic] = nil
        confirmed.remove(topic)
        guard let subject = subjects.removeValue(forKey: topic) else { return }
        for mailbox in subject.listeners { mailbox.end(because: error) }
        note(topic)
    }

    private func failUnconfirmed(_ error: RedisError) {
        for (topic, subject) in subjects where !subject.hasBeenConfirmed { fail(topic, error) }
    }

    /// Another server has to serve it.
    private func lose(_ topic: PubSubTopic, _ error: RedisError) {
        said[topic] = nil
        confirmed.remove(topic)
        guard let giveUp else { return note(topic) }
        guard let subject = subjects.removeValue(forKey: topic) else { return }
        giveUp([topic: subject], error)
        note(topic)
    }

    private func giveUpAll() {
        let lost = subjects
        subjects = [:]
        changed = []
        giveUp?(lost, lastError ?? RedisError(.connectionLost, "the connection of subscriptions was lost"))
    }
}

extension SubscriptionMailbox {
    /// Waits until the server has confirmed everything; ends it if that is not to be.
    ///
    /// - Parameter lastError: the last thing that went wrong, which explains why it took too long.
    func awaitConfirmation(
        of target: RedisSubscriptionTarget, within limit: Duration, lastError: () -> RedisError?
    ) async throws(RedisError) {
        let word = target.kind.subscribeWord
        guard !target.names.isEmpty else {
            end()
            throw RedisError(.invalidCommand, command: word, "there is nothing to subscribe to", isUnsent: true)
        }
        do {
            try await withTimeout(limit, for: "the confirmation of a subscription") { try await self.confirmation() }
        } catch {
            let error = Self.reason(error, word, limit, lastError())
            end()
            throw error
        }
    }

    private static func reason(
        _ error: any Error, _ word: String, _ limit: Duration, _ lastError: RedisError?
    ) -> RedisError {
        switch error {
        case let error as RedisError: return error.about(command: word)
        case is CancellationError:
            return RedisError(.cancelled, command: word, "the task was cancelled before it was subscribed")
        default:
            let why = lastError.map { ": \($0)" } ?? ""
            return RedisError(
                .timedOut, host: lastError?.host ?? "", command: word,
                "the server did not confirm the subscription within \(limit)\(why)", cause: lastError ?? error)
        }
    }
}
