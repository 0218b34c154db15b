import MartletLoop
import MartletRedis
import MartletServer
import MartletWebSocket
import RedisFixture
import Testing

@testable import MartletRedisChannels

@Suite("Channels over Redis")
struct RedisChannelTransportTests {
    /// A worker's channels, and what carries them.
    private struct Hub {
        let transport: RedisChannelTransport
        let channels: Channels

        init(_ server: RedisServer, bus: (any WorkerBus)? = nil, prefix: String = "test") throws {
            var settings = try RedisChannelSettings(url: server.url)
            settings.prefix = prefix
            settings.heartbeat = .milliseconds(200)
            transport = RedisChannelTransport(settings, bus: bus)
            channels = Channels(transport: transport)
        }
    }

    private func eventually(_ what: String, _ condition: () async throws -> Bool) async throws {
        let deadline = EventLoop.Instant.readClock() + .seconds(30)
        while try await !condition() {
            try #require(EventLoop.Instant.readClock() < deadline, "not within 30 s: \(what)")
            try await Task.sleep(for: .milliseconds(5))
        }
    }

    /// Publishes until somebody hears of it: a subscription takes a moment to reach the server.
    private func connect(
        _ publisher: Hub, _ subscriber: ChannelSubscription<WebSocketMessage>, _ channel: String
    ) async throws {
        try await eventually("the hubs know each other") { publisher.transport.hasOthers }
        var hasHeard = false
        let first = Task {
            while try await subscriber.next() != .text("sync") {}
            hasHeard = true
        }
        try await eventually("the subscription has reached the server") {
            publisher.channels[channel].publish("sync")
            return hasHeard
        }
        try await first.value
        // What else was published meanwhile, up to a mark that comes once.
        publisher.channels[channel].publish("ready")
        while try await subscriber.next() != .text("ready") {}
    }

    @Test("what is published on one machine reaches subscribers of the others, once and in order")
    func publishing() async throws {
        try await RedisServer.with { server in
            let hubs = try (0..<3).map { _ in try Hub(server) }
            let subscriptions = hubs.map { $0.channels["room"].subscribe(limit: 1000) }
            for index in 1...2 { try await connect(hubs[0], subscriptions[index], "room") }
            // Those of the first hub have heard of all that as well.
            hubs[0].channels["room"].publish("begin")
            for subscription in subscriptions { while try await subscription.next() != .text("begin") {} }
            for number in 0..<500 { #expect(hubs[0].channels["room"].publish("\(number)")) }
            #expect(hubs[0].channels["room"].publish([0, 255]))
            for subscription in subscriptions {
                for number in 0..<500 { #expect(try await subscription.next() == .text("\(number)")) }
                #expect(try await subscription.next() == .binary([0, 255]))
            }
            for hub in hubs { await hub.transport.close() }
        }
    }

    @Test("only what is wanted is subscribed to, and another prefix is another world")
    func interest() async throws {
        try await RedisServer.with { server in
            let client = try RedisClient(url: server.url)
            defer { client.close() }
            let (here, there, elsewhere) = (try Hub(server), try Hub(server), try Hub(server, prefix: "else"))
            var wanted: ChannelSubscription<WebSocketMessage>? = there.channels["wanted"].subscribe()
            try await connect(here, try #require(wanted), "wanted")
            let channels = try await client.send(RedisCommand("PUBSUB CHANNELS", "test:*"))
            let names = Set(channels.elements?.compactMap(\.text) ?? [])
            #expect(names == ["test:all", "test:channel:wanted"])
            wanted = nil
            try await eventually("nobody subscribes any more") {
                let answer = try await client.send(RedisCommand("PUBSUB NUMSUB", "test:channel:wanted"))
                return answer.elements?[1] == .integer(0)
            }
            #expect(!elsewhere.transport.hasOthers)
            for hub in [here, there, elsewhere] { await hub.transport.close() }
        }
    }

    @Test("a hub that leaves, or dies, is missed")
    func leaving() async throws {
        try await RedisServer.with { server in
            let (here, there) = (try Hub(server), try Hub(server))
            try await eventually("they know each other") { here.transport.hasOthers && there.transport.hasOthers }
            await there.transport.close()
            try await eventually("the other has left") { !here.transport.hasOthers }
            // One that says nothing any more: killed, say.
            let client = try RedisClient(url: server.url)
            defer { client.close() }
            let ghost = RedisChannelFrame(.alive, from: 42)
            _ = try await client.send(RedisCommand("PUBLISH", "test:all", ghost.encoded))
            try await eventually("the ghost is there") { here.transport.hasOthers }
            try await eventually("the ghost is gone") { !here.transport.hasOthers }
            await here.transport.close()
        }
    }

    @Test("hubs that the server refuses begin again when they may")
    func refused() async throws {
        try await RedisServer.with { server in
            let client = try RedisClient(url: server.url)
            defer { client.close() }
            _ = try await client.send(RedisCommand("ACL SETUSER", "default", "resetchannels"))
            let (here, there) = (try Hub(server), try Hub(server))
            try await eventually("they were refused") {
                try await client.send(RedisCommand("ACL LOG")).elements?.isEmpty == false
            }
            _ = try await client.send(RedisCommand("ACL SETUSER", "default", "allchannels"))
            try await eventually("they know each other") { here.transport.hasOthers && there.transport.hasOthers }
            for hub in [here, there] { await hub.transport.close() }
        }
    }

    @Test("what is no frame is passed over, whatever it is")
    func garbage() async throws {
        try await RedisServer.with { server in
            let (here, there) = (try Hub(server), try Hub(server))
            let subscription = there.channels["room"].subscribe()
            try await connect(here, subscription, "room")
            let client = try RedisClient(url: server.url)
            defer { client.close() }
            for bytes in [
                [], [1], [9, 9, 9], [UInt8](repeating: 1, count: 100), [1, 1, 0, 0, 0, 0, 0, 0, 0, 1, 4, 0xFF],
            ] {
                for channel in ["test:all", "test:channel:room"] {
                    _ = try await client.send(RedisCommand("PUBLISH", channel, bytes))
                }
            }
            here.channels["room"].publish("still")
            #expect(try await subscription.next() == .text("still"))
            for hub in [here, there] { await hub.transport.close() }
        }
    }

    @Test("after the server was away the hubs find each other again")
    func restart() async throws {
        try await RedisServer.with { server in
            let (here, there) = (try Hub(server), try Hub(server))
            let subscription = there.channels["room"].subscribe()
            try await connect(here, subscription, "room")
            await server.kill()
            try await eventually("nobody is reached") { !here.transport.hasOthers && !there.transport.hasOthers }
            // Whoever is here is reached as before.
            here.channels["room"].publish("into the void")
            try await server.start()
            try await connect(here, subscription, "room")
            for hub in [here, there] { await hub.transport.close() }
        }
    }

    @Test("workers that a bus joins hear nothing twice, and speak over Redis only once they know each other")
    func bus() async throws {
        try await RedisServer.with { server in
            let bus = LocalBus()
            let (one, two) = (try Hub(server, bus: bus.join()), try Hub(server, bus: bus.join()))
            let remote = try Hub(server)
            let subscriptions = [one, two, remote].map { $0.channels["room"].subscribe() }
            try await connect(remote, subscriptions[0], "room")
            try await connect(remote, subscriptions[1], "room")
            try await connect(one, subscriptions[2], "room")
            for (name, hub) in [("one", one), ("two", two), ("remote", remote)] {
                hub.channels["room"].publish("begin \(name)")
                for subscription in subscriptions { while try await subscription.next() != .text("begin \(name)") {} }
                for number in 0..<50 { hub.channels["room"].publish("\(name) \(number)") }
                for subscription in subscriptions {
                    for number in 0..<50 { #expect(try await subscription.next() == .text("\(name) \(number)")) }
                }
            }
            for hub in [one, two, remote] { await hub.transport.close() }
        }
    }
}

/// A bus in one process.
final class LocalBus {
    private var members: [Member] = []

    deinit {}

    func join() -> any WorkerBus {
        let member = Member(UInt64(members.count + 1), self)
        for other in members {
            other.hear(.joined(member.identity))
            member.hear(.joined(other.identity))
        }
        members.append(member)
        return member
    }

    final class Member: WorkerBus {
        let identity: UInt64
        let longestMessage = 1 << 20
        private let bus: LocalBus
        private var listener: ((WorkerBusEvent) -> Void)?
        private var early: [WorkerBusEvent] = []

        init(_ identity: UInt64, _ bus: LocalBus) {
            self.identity = identity
            self.bus = bus
        }

        deinit {}

        var others: Set<UInt64> { Set(bus.members.map(\.identity)).subtracting([identity]) }

        func broadcast(_ message: [UInt8], to service: WorkerBusService) -> Bool {
            for member in bus.members where member !== self { member.hear(.message(message, from: identity)) }
            return true
        }

        func listen(to service: WorkerBusService, _ onEvent: @escaping (WorkerBusEvent) -> Void) {
            listener = onEvent
            let events = early
            early = []
            for event in events { hear(event) }
        }

        func stopListening(to service: WorkerBusService) { listener = nil }

        func hear(_ event: WorkerBusEvent) {
            guard listener != nil else { return early.append(event) }
            EventLoop.main.callSoon { [weak self] in self?.listener?(event) }
        }
    }
}
