import MartletLoop
import MartletRedis
import RedisFixture
import Testing

@Suite("consuming streams")
struct ConsumeTests {
    /// Quick enough for tests; nothing idles unless a test says so.
    private func settings(idle: Duration? = .seconds(60)) -> RedisConsumerSettings {
        var settings = RedisConsumerSettings()
        settings.block = .milliseconds(200)
        settings.claimsIdle = idle
        settings.backoff = .milliseconds(5)
        settings.maximumBackoff = .milliseconds(50)
        return settings
    }

    @Test(
        "entries come in order, those that are there and those that come, and are done when acknowledged",
        arguments: [2, 3])
    func order(protocolVersion: Int) async throws {
        try await withClient(protocolVersion: protocolVersion) { (client) async throws in
            for number in 0..<50 { try await client.xadd("s", ["n": number]) }
            let adding = Task {
                for number in 50..<60 { try await client.xadd("s", ["n": number]) }
            }
            var numbers: [Int] = []
            for try await delivery in client.consume(
                "s", group: "g", consumer: "one", settings: settings(), as: Int.self)
            {
                #expect(delivery.deliveries == 1)
                numbers.append(try #require(delivery["n"]))
                #expect(try await delivery.acknowledge())
                #expect(try await delivery.acknowledge() == false)
                if numbers.count == 60 { break }
            }
            try await adding.value
            #expect(numbers == Array(0..<60))
            #expect(try await client.xpending("s", group: "g").count == 0)
        }
    }

    @Test("the group and the stream are made, from the beginning or the end")
    func creation() async throws {
        try await withClient(protocolVersion: 3) { (client) async throws in
            try await client.xadd("s", ["n": "old"])
            var fromEnd = settings()
            fromEnd.createsGroupFrom = .end
            let consumption = client.consume("s", group: "g", consumer: "one", settings: fromEnd)
            let first = Task {
                var iterator = consumption.makeAsyncIterator()
                return try await iterator.next()
            }
            try await until { try await client.xinfoGroups("s").isEmpty == false }
            try await client.xadd("s", ["n": "new"])
            #expect(try await first.value?["n"] == "new")

            var none = settings()
            none.createsGroupFrom = nil
            var iterator = client.consume("none", group: "g", consumer: "one", settings: none).makeAsyncIterator()
            let error = await #expect(throws: RedisError.self) { try await iterator.next() }
            #expect(error?.serverCode == "NOGROUP")
        }
    }

    @Test("a consumer that comes back gets what it had, with the number of its deliveries")
    func history() async throws {
        try await withClient(protocolVersion: 3) { (client) async throws in
            for number in 0..<5 { try await client.xadd("s", ["n": number]) }
            for try await delivery in client.consume("s", group: "g", consumer: "one", settings: settings()) {
                if delivery["n"] == "0" { try await delivery.acknowledge() }
                if delivery["n"] == "2" { break }
            }
            // One of those that are pending is deleted: it comes no more, and is pending no more.
            let entries = try await client.xrange("s", from: .first, through: .last)
            try await client.xdel("s", ids: [entries[1].id])
            var again: [String] = []
            for try await delivery in client.consume("s", group: "g", consumer: "one", settings: settings()) {
                #expect(delivery.deliveries == 2)
                again.append(delivery["n"] ?? "")
                try await delivery.acknowledge(deleting: true)
                if again.count == 3 { break }
            }
            #expect(again == ["2", "3", "4"])
            #expect(try await client.xpending("s", group: "g").count == 0)
            #expect(try await client.xlen("s") == 1)
        }
    }

    @Test(
        "what was read is given out, though the server was lost when it was asked about it",
        arguments: [("XACK", false), ("XPENDING", false), ("XPENDING", true)])
    func hiccup(lost: String, isTakenOver: Bool) async throws {
        try await withClient(protocolVersion: 3) { (client) async throws in
            for number in 0..<12 { try await client.xadd("s", ["n": number]) }
            try await client.xgroupCreate("s", group: "g", from: .beginning)
            try await client.xreadgroup(
                group: "g", consumer: isTakenOver ? "dead" : "one", count: 12, streams: [.new("s")])
            // Deleted ones are acknowledged before the others are given out.
            let entries = try await client.xrange("s", from: .first, through: .last)
            try await client.xdel("s", ids: [entries[1].id])
            // Nothing else would give them out within the test.
            var settings = settings(idle: isTakenOver ? .seconds(100) : nil)
            settings.batch = 4
            if isTakenOver {
                var claim = RedisCommand("XCLAIM", key: "s", "g", "dead", 0)
                claim.append(contentsOf: entries.map(\.id))
                claim.append(contentsOf: ["IDLE", "120000", "JUSTID"])
                _ = try await client.send(claim)
            }
            let unlucky = LosingCommands(client, losing: lost, times: 2)
            var numbers: [String] = []
            for try await delivery in unlucky.consume("s", group: "g", consumer: "one", settings: settings) {
                numbers.append(delivery["n"] ?? "")
                if numbers.count == 11 { break }
            }
            #expect(numbers == (0..<12).filter { $0 != 1 }.map(String.init))
            #expect(unlucky.lost == 2)
        }
    }

    @Test("what a dead consumer had goes to others, all of it, a batch at a time")
    func takingOver() async throws {
        try await withClient(protocolVersion: 3) { (client) async throws in
            for number in 0..<40 { try await client.xadd("s", ["n": number]) }
            try await client.xgroupCreate("s", group: "g", from: .beginning)
            try await client.xreadgroup(group: "g", consumer: "dead", count: 40, streams: [.new("s")])
            var numbers: Set<String> = []
            let consumption = client.consume(
                "s", group: "g", consumer: "alive", settings: settings(idle: .milliseconds(300)))
            for try await delivery in consumption {
                #expect(delivery.deliveries >= 2)
                numbers.insert(delivery["n"] ?? "")
                try await delivery.acknowledge()
                if numbers.count == 40 { break }
            }
            #expect(numbers.count == 40)
        }
    }

    @Test("what is renewed is not taken over, and what is not comes again")
    func renewal() async throws {
        try await withClient(protocolVersion: 3) { (client) async throws in
            try await client.xadd("s", ["n": 1])
            var iterator = client.consume("s", group: "g", consumer: "one", settings: settings()).makeAsyncIterator()
            let delivery = try #require(try await iterator.next())
            try await until {
                try await client.xpending("s", group: "g", from: .first, through: .last, count: 1)[0].idle
                    > .milliseconds(50)
            }
            #expect(try await delivery.renew())
            let idle = try await client.xpending("s", group: "g", from: .first, through: .last, count: 1)[0].idle
            #expect(idle < .milliseconds(50))
            // It was not acknowledged, so that it comes again, to whoever asks.
            var other = client.consume("s", group: "g", consumer: "two", settings: settings(idle: .milliseconds(60)))
                .makeAsyncIterator()
            #expect(try await other.next()?.id == delivery.id)
            #expect(try await delivery.acknowledge())
            #expect(try await delivery.renew() == false)
        }
    }

    @Test("a server that is killed and comes back empty is consumed on, with a new group")
    func serverRestart() async throws {
        try await RedisServer.with { server in
            let client = try RedisClient(url: server.url)
            defer { client.close() }
            try await client.xadd("s", ["n": 1])
            var iterator = client.consume("s", group: "g", consumer: "one", settings: settings()).makeAsyncIterator()
            #expect(try await iterator.next()?["n"] == "1")
            await server.kill()
            let restarting = Task {
                try await server.start()
                let other = try RedisClient(url: server.url)
                defer { other.close() }
                try await other.xadd("s", ["n": 2])
            }
            #expect(try await iterator.next()?["n"] == "2")
            try await restarting.value
        }
    }

    @Test("a stream that is deleted while it is waited for is made again")
    func deletedStream() async throws {
        try await withClient(protocolVersion: 3) { (client) async throws in
            try await client.xadd("s", ["n": 1])
            var iterator = client.consume("s", group: "g", consumer: "one", settings: settings()).makeAsyncIterator()
            #expect(try await iterator.next()?["n"] == "1")
            try await client.del("s")
            try await client.xadd("s", ["n": 2])
            #expect(try await iterator.next()?["n"] == "2")
        }
    }

    @Test("cancellation ends the waiting, and what is no stream is an error")
    func ends() async throws {
        try await withClient(protocolVersion: 3) { (client) async throws in
            let waiting = Task {
                for try await _ in client.consume("s", group: "g", consumer: "one", settings: settings()) {}
            }
            try await until { try await client.exists("s") == 1 }
            waiting.cancel()
            let error = await #expect(throws: RedisError.self) { try await waiting.value }
            #expect(error?.code == .cancelled)

            try await client.set("text", 1)
            var iterator = client.consume("text", group: "g", consumer: "one", settings: settings()).makeAsyncIterator()
            let wrongType = await #expect(throws: RedisError.self) { try await iterator.next() }
            #expect(wrongType?.serverCode == "WRONGTYPE")
        }
    }
}
