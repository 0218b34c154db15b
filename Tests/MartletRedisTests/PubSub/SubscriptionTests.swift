import MartletLoop
import MartletRESP
import RedisFixture
import Testing

@testable import MartletRedis

@Suite("Subscriptions")
struct SubscriptionTests {
    private func client(_ server: RedisServer, _ change: (inout RedisSettings) -> Void = { _ in }) throws -> RedisClient
    {
        var settings = try RedisSettings(url: server.url)
        settings.timeouts.command = .seconds(30)
        change(&settings)
        return RedisClient(settings)
    }

    private func publish(_ text: String, on channel: String, _ client: RedisClient) async throws {
        _ = try await client.send(RedisCommand("PUBLISH", channel, text))
    }

    private func eventually(_ what: String, _ condition: () async throws -> Bool) async throws {
        let deadline = EventLoop.Instant.readClock() + .seconds(30)
        while try await !condition() {
            try #require(EventLoop.Instant.readClock() < deadline, "not within 30 s: \(what)")
            try await Task.sleep(for: .milliseconds(5))
        }
    }

    private func subscribers(of channel: String, _ client: RedisClient) async throws -> Int {
        let answer = try await client.send(RedisCommand("PUBSUB NUMSUB", channel))
        return try answer.elements.map { try Int(redis: $0[1]) } ?? 0
    }

    @Test("messages of channels, patterns and sharded channels come, in both versions", arguments: [2, 3])
    func messages(version: Int) async throws {
        try await RedisServer.with { server in
            let client = try client(server) { $0.protocolVersion = version == 2 ? .resp2 : .resp3 }
            defer { client.close() }
            let news = try await client.subscribe(to: "news", "weather")
            let all = try await client.subscribe(toPatterns: "n*")
            let sharded = try await client.subscribe(toShardChannels: "news")
            try await publish("one", on: "news", client)
            try await publish("two", on: "weather", client)
            _ = try await client.send(RedisCommand("SPUBLISH", "news", "three"))
            let first = try #require(try await news.next()?.message)
            #expect(first.channelName == "news")
            #expect(first.text == "one")
            #expect(first.pattern == nil)
            #expect(try await news.next()?.message?.text == "two")
            let matched = try #require(try await all.next()?.message)
            #expect(matched.pattern == Array("n*".utf8))
            #expect(matched.channelName == "news")
            #expect(try await sharded.next()?.message?.text == "three")
        }
    }

    @Test("who drops a subscription is unsubscribed, unless somebody else wants the channel")
    func dropping() async throws {
        try await RedisServer.with { server in
            let client = try client(server)
            defer { client.close() }
            var first: RedisSubscription? = try await client.subscribe(to: "a", "b")
            let second = try await client.subscribe(to: "b", "c")
            #expect(try await subscribers(of: "a", client) == 1)
            #expect(first != nil)
            first = nil
            try await eventually("a is not subscribed to") { try await self.subscribers(of: "a", client) == 0 }
            #expect(try await subscribers(of: "b", client) == 1)
            try await publish("still", on: "b", client)
            #expect(try await second.next()?.message?.text == "still")
            second.cancel()
            #expect(try await second.next() == nil)
            try await eventually("the connection is closed") { try await self.subscribers(of: "c", client) == 0 }
            // And everything can begin anew.
            let third = try await client.subscribe(to: "a")
            try await publish("again", on: "a", client)
            #expect(try await third.next()?.message?.text == "again")
        }
    }

    @Test("who subscribes in the turn in which the last one leaves is confirmed, and gets what comes")
    func handover() async throws {
        try await RedisServer.with { server in
            let client = try client(server)
            defer { client.close() }
            let old = try await client.subscribe(to: "a", "b")
            old.cancel()
            let new = try await client.subscribe(to: "a")
            try await eventually("b is not subscribed to") { try await self.subscribers(of: "b", client) == 0 }
            try await publish("here", on: "a", client)
            #expect(try await new.next()?.message?.text == "here")
        }
    }

    private final class Counter {
        var count = 0
    }

    @Test("a server that refuses is asked again no sooner than the backoff says, whoever comes")
    func refused() async throws {
        let attempts = Counter()
        let hub = PubSubHub(backoff: .constant(.seconds(3600))) { () async throws(RedisError) in
            attempts.count += 1
            throw RedisError(.authentication, "wrong password")
        }
        let buffer = RedisSubscriptionBuffer()
        let first = await failure { try await hub.subscribe(.channels(["a"]), buffer, within: .seconds(30)) }
        #expect(first?.code == .authentication)
        let second = await failure { try await hub.subscribe(.channels(["a"]), buffer, within: .milliseconds(20)) }
        #expect(second?.code == .timedOut)
        #expect(attempts.count == 1)
        hub.close(because: RedisError(.closed, "over"))
    }

    @Test("a server that does not answer when it is subscribed to again ends no subscription")
    func unanswered() async throws {
        let subscribed = Counter()
        let server = try ScriptedServer.old { command, _ in
            guard command[0] == "SUBSCRIBE" else { return "+OK\r\n" }
            subscribed.count += 1
            return subscribed.count == 2 ? "" : "*3\r\n$9\r\nsubscribe\r\n$1\r\na\r\n:1\r\n"
        }
        var settings = try patient(server.url)
        settings.timeouts.command = .milliseconds(100)
        let hub = PubSubHub(backoff: .none) { [settings] () async throws(RedisError) in
            try await RedisConnection.connect(settings)
        }
        let subscription = try await hub.subscribe(.channels(["a"]), RedisSubscriptionBuffer(), within: .seconds(60))
        hub.reconnect()
        #expect(try await subscription.next() == .gap(.reconnected))
        hub.close(because: RedisError(.closed, "over"))
        await server.close()
    }

    @Test("many channels and many subscribers share one connection")
    func many() async throws {
        try await RedisServer.with { server in
            let client = try client(server)
            defer { client.close() }
            let names = (0..<1000).map { "c\($0)" }
            let wide = try await client.subscribe(.channels(names), buffer: RedisSubscriptionBuffer(messages: 5000))
            var narrow: [RedisSubscription] = []
            for name in names.prefix(50) { narrow.append(try await client.subscribe(to: name)) }
            let clients = try await client.send(RedisCommand("CLIENT LIST", "TYPE", "pubsub")).text ?? ""
            #expect(clients.split(separator: "\n").count == 1)
            for name in names { try await publish("to \(name)", on: name, client) }
            for name in names { #expect(try await wide.next()?.message?.text == "to \(name)") }
            for (index, subscription) in narrow.enumerated() {
                #expect(try await subscription.next()?.message?.text == "to c\(index)")
            }
        }
    }

    @Test("what was missed is told of before what comes with the confirmation")
    func gapFirst() async throws {
        let server = try ScriptedServer.old { command, connection in
            guard command[0] == "SUBSCRIBE" else { return "+OK\r\n" }
            // What is subscribed to second ends the first connection.
            if connection == 1, command.contains("b") { return nil }
            let acknowledgements = command.dropFirst().enumerated().map { number, name in
                "*3\r\n$9\r\nsubscribe\r\n$1\r\n\(name)\r\n:\(number + 1)\r\n"
            }
            return acknowledgements.joined() + "*3\r\n$7\r\nmessage\r\n$1\r\na\r\n$1\r\n\(connection)\r\n"
        }
        let client = RedisClient(try patient(server.url))
        let subscription = try await client.subscribe(to: "a")
        #expect(try await subscription.next()?.message?.text == "1")
        let other = try await client.subscribe(to: "b")
        #expect(try await subscription.next() == .gap(.reconnected))
        #expect(try await subscription.next()?.message?.text == "2")
        other.cancel()
        client.close()
        await server.close()
    }

    @Test("a lost connection is made anew, everything is subscribed to again, and a gap says so")
    func reconnecting() async throws {
        try await RedisServer.with { server in
            let client = try client(server) { $0.retries.attempts = 100 }
            defer { client.close() }
            let subscription = try await client.subscribe(to: "a", "b")
            let pattern = try await client.subscribe(toPatterns: "a*")
            _ = try await client.send(RedisCommand("CLIENT KILL", "TYPE", "pubsub"))
            #expect(try await subscription.next() == .gap(.reconnected))
            #expect(try await pattern.next() == .gap(.reconnected))
            try await publish("after", on: "a", client)
            #expect(try await subscription.next()?.message?.text == "after")
            await server.kill()
            try await server.start()
            #expect(try await subscription.next() == .gap(.reconnected))
            #expect(try await pattern.next()?.message?.text == "after")
            #expect(try await pattern.next() == .gap(.reconnected))
            try await publish("anew", on: "a", client)
            #expect(try await subscription.next()?.message?.text == "anew")
            #expect(try await pattern.next()?.message?.text == "anew")
        }
    }

    @Test("whoever may not subscribe is told so, and others are not disturbed")
    func denied() async throws {
        try await RedisServer.with { server in
            let admin = try client(server)
            defer { admin.close() }
            _ = try await admin.send(
                RedisCommand("ACL SETUSER", "guest", "on", ">secret", "+@all", "~*", "resetchannels", "&open*"))
            let guest = try client(server) {
                $0.user = "guest"
                $0.password = "secret"
            }
            defer { guest.close() }
            let open = try await guest.subscribe(to: "open")
            let error = await #expect(throws: RedisError.self) {
                try await guest.subscribe(to: "open2", "closed", "open3")
            }
            #expect(error?.serverCode == "NOPERM")
            try await publish("hello", on: "open", admin)
            #expect(try await open.next()?.message?.text == "hello")
        }
    }

    @Test("without a server a subscription times out, and says why")
    func noServer() async throws {
        var settings = RedisSettings(.unix("/nonexistent/redis.sock"))
        settings.timeouts.command = .milliseconds(100)
        let client = RedisClient(settings)
        defer { client.close() }
        let error = await #expect(throws: RedisError.self) { try await client.subscribe(to: "a") }
        #expect(error?.code == .timedOut)
        #expect(error.map { "\($0)".contains("/nonexistent/redis.sock") } == true)
        let nothing = await #expect(throws: RedisError.self) {
            try await client.subscribe(.channels([]), buffer: RedisSubscriptionBuffer())
        }
        #expect(nothing?.code == .invalidCommand)
    }

    @Test("closing the client ends subscriptions with an error, behind what they hold")
    func closing() async throws {
        try await RedisServer.with { server in
            let client = try client(server)
            let other = try self.client(server)
            defer { other.close() }
            let subscription = try await client.subscribe(to: "a", "b")
            try await publish("one", on: "a", other)
            #expect(try await subscription.next()?.message?.text == "one")
            client.close()
            let error = await #expect(throws: RedisError.self) { try await subscription.next() }
            #expect(error?.code == .closed)
            await #expect(throws: RedisError.self) { try await client.subscribe(to: "a") }
        }
    }

    @Test("a reader that is too slow loses the oldest messages and is told how many")
    func slowReader() async throws {
        try await RedisServer.with { server in
            let client = try client(server)
            defer { client.close() }
            let slow = try await client.subscribe(to: "a", buffer: RedisSubscriptionBuffer(messages: 10))
            let quick = try await client.subscribe(to: "a", buffer: RedisSubscriptionBuffer(messages: 1000))
            for number in 0..<100 { try await publish("\(number)", on: "a", client) }
            for number in 0..<100 { #expect(try await quick.next()?.message?.text == "\(number)") }
            #expect(slow.dropped == 90)
            #expect(try await slow.next() == .gap(.overflow(90)))
            for number in 90..<100 { #expect(try await slow.next()?.message?.text == "\(number)") }
        }
    }

    @Test("a reader that is cancelled stops waiting, and the subscription goes on")
    func cancelling() async throws {
        try await RedisServer.with { server in
            let client = try client(server)
            defer { client.close() }
            let subscription = try await client.subscribe(to: "a")
            let reader = Task { try await subscription.next() }
            await EventLoop.yield()
            reader.cancel()
            await #expect(throws: CancellationError.self) { try await reader.value }
            try await publish("one", on: "a", client)
            #expect(try await subscription.next()?.message?.text == "one")
        }
    }
}
