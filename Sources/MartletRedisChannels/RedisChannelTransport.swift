import Logging
import MartletLoop
import MartletRedis
import MartletServer
import MartletWebSocket

/// Carries channels between machines by publish/subscribe of a Redis server, and between the workers of a machine by
/// its own bus.
///
///     worker ──bus──▶ workers of this machine
///        └───Redis──▶ workers of others
///
/// Each worker subscribes to what its sockets want, and to one channel for all: who lives, and who is present. What
/// comes back from Redis of a worker itself, or of one that the bus reaches, is passed over, so that nothing arrives
/// twice. Who that is workers tell each other over the bus before they say anything over Redis.
///
/// Delivery is at most once, as Redis' is. While the server is away, the workers of a machine reach each other as
/// before. Afterwards everybody says hello, and is told who is present elsewhere.
public final class RedisChannelTransport: ChannelTransport {
    /// This hub's identity: random.
    public let identity = UInt64.random(in: 1...UInt64.max)

    private let settings: RedisChannelSettings
    private let bus: (any WorkerBus)?
    private let client: RedisClient
    private let queue: PublishQueue
    private var feed: RedisFeed?
    private var onEvent: ((WorkerBusEvent) -> Void)?
    /// What sockets here want.
    private var wanted: Set<String> = []
    /// By what identities workers of this machine are known, by those of the bus.
    private var locals: [UInt64: UInt64] = [:]
    /// Workers of other machines, and until when they live without another word.
    private var remotes: [UInt64: EventLoop.Instant] = [:]
    private var beginning = EventLoop.Instant.distantFuture
    private var timer: LoopTimer?
    /// When the timer is to fire.
    private var due = EventLoop.Instant.distantFuture
    /// When to begin again, at the earliest, after the server has refused.
    private var earliestBeginning = EventLoop.Instant(nanoseconds: 0)
    private var waits = RedisChannelTransport.backoff.waits()
    /// Whether it has been said that the server refuses.
    private var isTroubled = false
    /// Since when others are heard; `nil` when they are not.
    private var heardSince: EventLoop.Instant?
    private var isClosed = false

    /// How long workers of the machine have for their introduction: those that know nothing of it, because they run
    /// without Redis yet, are not waited for longer.
    private static let introductionTime: Duration = .seconds(2)
    /// How long the end may take.
    private static let goodbyeTime: Duration = .seconds(2)
    /// How long the bus has to say who there is.
    private static let busTime: Duration = .milliseconds(50)

    /// How long to wait after the server has refused.
    private static let backoff = Backoff.exponential(from: .seconds(1), to: .seconds(30), jitter: .none)

    /// A transport that begins when its hub listens.
    ///
    /// - Parameters:
    ///   - settings: which server, and how.
    ///   - bus: what carries messages between the workers of this machine, if there are others.
    public init(_ settings: RedisChannelSettings, bus: (any WorkerBus)? = nil) {
        self.settings = settings
        self.bus = bus
        client = RedisClient(settings.redis)
        queue = PublishQueue(client, limit: settings.queueBytes)
    }

    isolated deinit {
        timer?.cancel()
        client.close()
    }

    /// Says goodbye to the others, and ends. What was published before is sent, if the server is there.
    public func close() async {
        guard !isClosed else { return }
        isClosed = true
        timer?.cancel()
        bus?.stopListening(to: .channels)
        say(.leaving)
        // A server that does not answer is not waited for.
        try? await withTimeout(Self.goodbyeTime) { [queue] in await queue.drain() }
        feed?.close()
        client.close()
    }

    /// How many messages could not be published.
    public var dropped: Int { queue.dropped }

    // MARK: The hub's side

    /// Whether there are others, on this machine or elsewhere.
    public var hasOthers: Bool { !remotes.isEmpty || bus?.others.isEmpty == false }

    /// Sends to all other hubs.
    public func broadcast(_ message: [UInt8]) -> Bool {
        broadcast(message, on: nil)
    }

    /// Sends to all other hubs, or to those that have subscribers of a channel.
    public func broadcast(_ message: [UInt8], on channel: String?) -> Bool {
        var isTaken = true
        if let bus, !bus.others.isEmpty { isTaken = bus.broadcast(message, to: .channels) }
        if !remotes.isEmpty { isTaken = send(.message, message[...], on: channel) && isTaken }
        return isTaken
    }

    /// Takes what comes from the others, and what becomes of them, from now on.
    public func listen(_ onEvent: @escaping (WorkerBusEvent) -> Void) {
        self.onEvent = onEvent
        bus?.listen(to: .channels) { [weak self] in self?.takeFromBus($0) }
        introduce(asking: true)
        beginning = EventLoop.main.time()
        tick(after: bus == nil ? .zero : Self.busTime)
    }

    /// Subscribes to what is wanted here, and to nothing else.
    public func interestChanged(in channel: String, isWanted: Bool) {
        if isWanted { wanted.insert(channel) } else { wanted.remove(channel) }
        guard let feed else { return }
        if isWanted { feed.subscribe(to: name(of: channel)) } else { feed.unsubscribe(from: name(of: channel)) }
    }

    // MARK: This machine

    private func introduce(asking: Bool) {
        _ = bus?.broadcast(LocalIntroduction(identity, asks: asking).encoded, to: .channels)
    }

    private func takeFromBus(_ event: WorkerBusEvent) {
        switch event {
        case .message(let bytes, let worker):
            guard let introduction = LocalIntroduction(decoding: bytes) else {
                onEvent?(.message(bytes, from: locals[worker] ?? worker))
                return
            }
            locals[worker] = introduction.identity
            remotes[introduction.identity] = nil
            if introduction.asks { introduce(asking: false) }
        case .joined(let worker):
            introduce(asking: true)
            onEvent?(.joined(worker))
        case .left(let worker):
            onEvent?(.left(locals.removeValue(forKey: worker) ?? worker))
        }
    }

    private var isIntroduced: Bool {
        guard let bus, EventLoop.main.time() < beginning + Self.introductionTime else { return true }
        return bus.others.allSatisfy { locals[$0] != nil }
    }

    // MARK: Redis

    private func tick(after delay: Duration) {
        due = EventLoop.main.time() + delay
        timer = EventLoop.main.callLater(delay) { [weak self] in self?.tick() }
    }

    private func tick() {
        guard !isClosed else { return }
        guard feed != nil else {
            if isIntroduced, EventLoop.main.time() >= earliestBeginning { begin() }
            return tick(after: Self.busTime)
        }
        say(.alive)
        let now = EventLoop.main.time()
        noteRecovery(now)
        let lateness = due.duration(to: now)
        if lateness > settings.heartbeat / 2 {
            // It is this process that was late: what the others have said meanwhile is still to be read.
            for (remote, deadline) in remotes { remotes[remote] = deadline + lateness }
        }
        for (remote, deadline) in remotes where deadline < now { remove(remote) }
        tick(after: settings.heartbeat)
    }

    /// Only after a while without trouble, so that a server that confirms and refuses in turn is no recovery each time.
    private func noteRecovery(_ now: EventLoop.Instant) {
        guard isTroubled, let heardSince, now >= heardSince + settings.heartbeat else { return }
        isTroubled = false
        waits = Self.backoff.waits()
        settings.redis.logger.notice("channels hear of other machines again")
    }

    private func begin() {
        let feed = RedisFeed(client)
        self.feed = feed
        feed.onEvent = { [weak self] event in
            if case .message(let message) = event { self?.take(message) }
        }
        feed.onConfirmation = { [weak self] channel in
            // Also after the connection was lost: what was said in the meantime is missing.
            guard let self, channel == common else { return }
            if heardSince == nil { heardSince = EventLoop.main.time() }
            say(.hello)
        }
        feed.onEnd = { [weak self] error in
            guard let self, !isClosed else { return }
            if !isTroubled {
                settings.redis.logger.error(
                    "channels do not hear of other machines", metadata: ["reason": "\(error.map { "\($0)" } ?? "")"])
            }
            isTroubled = true
            heardSince = nil
            earliestBeginning = EventLoop.main.time() + (waits.next() ?? .zero)
            self.feed = nil
        }
        feed.subscribe(to: common)
        for channel in wanted { feed.subscribe(to: name(of: channel)) }
    }

    private var common: [UInt8] { Array("\(settings.prefix):all".utf8) }

    private func name(of channel: String) -> [UInt8] { Array("\(settings.prefix):channel:\(channel)".utf8) }

    private func say(_ kind: RedisChannelFrame.Kind) {
        _ = send(kind, [], on: nil)
    }

    private func send(_ kind: RedisChannelFrame.Kind, _ message: ArraySlice<UInt8>, on channel: String?) -> Bool {
        queue.publish(
            RedisChannelFrame(kind, from: identity, message).encoded, on: channel.map { name(of: $0) } ?? common)
    }

    private func take(_ message: RedisMessage) {
        guard let frame = RedisChannelFrame(decoding: message.payload), frame.sender != identity else { return }
        guard !locals.values.contains(frame.sender) else { return }
        if frame.kind == .leaving { return remove(frame.sender) }
        let isNew =
            remotes.updateValue(
                EventLoop.main.time() + settings.heartbeat * 3, forKey: frame.sender) == nil
        switch frame.kind {
        case .hello:
            say(.alive)
            onEvent?(.joined(frame.sender))
        case .alive: if isNew { onEvent?(.joined(frame.sender)) }
        case .message:
            if isNew { onEvent?(.joined(frame.sender)) }
            onEvent?(.message(Array(frame.message), from: frame.sender))
        case .leaving: return
        }
    }

    private func remove(_ remote: UInt64) {
        guard remotes.removeValue(forKey: remote) != nil else { return }
        onEvent?(.left(remote))
    }
}
