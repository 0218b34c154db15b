import MartletRedis
import Testing

@Suite("streams")
struct StreamTests {
    @Test("entries are added, read and trimmed", arguments: [2, 3])
    func entries(protocolVersion: Int) async throws {
        try await withClient(protocolVersion: protocolVersion) { (client) async throws in
            #expect(try await client.xadd("s", createsStream: false, ["f": "v"]) == nil)
            #expect(try await client.xread(streams: [RedisStreamPosition("s", after: .zero)]) == [])
            let first = try await client.xadd("s", id: .id(RedisStreamID(1, 1)), ["name": "x", "n": 5])
            #expect(first == RedisStreamID(1, 1))
            #expect(try await client.xadd("s", id: .milliseconds(2), ["name": "y"]) == RedisStreamID(2, 0))
            #expect(try #require(try await client.xadd("s", ["name": "z"])).milliseconds > 1_000_000)

            let range = try await client.xrange("s", from: .first, through: .milliseconds(2))
            #expect(range.map(\.id) == [RedisStreamID(1, 1), RedisStreamID(2, 0)])
            #expect(range[0].fields == [RedisField("name", "x"), RedisField("n", "5")])
            #expect(range[0]["n"] == "5" && range[0]["none"] == nil && !range[0].isDeleted)
            #expect(try await client.xrevrange("s", from: .last, through: .first, count: 1).first?["name"] == "z")
            let after = try await client.xrange(
                "s", from: .excluding(RedisStreamID(1, 1)), through: .id(RedisStreamID(2, 0)))
            #expect(after.count == 1)

            let read = try await client.xread(
                count: 1,
                streams: [RedisStreamPosition("s", after: RedisStreamID(1, 1)), RedisStreamPosition("t", after: nil)])
            #expect(read.map(\.key) == ["s"] && read[0].entries.map(\.id) == [RedisStreamID(2, 0)])
            #expect(try await client.xlen("s") == 3)
            #expect(try await client.xdel("s", ids: [RedisStreamID(1, 1), RedisStreamID(9)]) == 1)
            #expect(try await client.xtrim("s", to: .length(1)) == 1)
            #expect(try await client.xinfoStream("s")["length"].map { try Int(redis: $0) } == 1)
        }
    }

    @Test("reading waits for entries that come", arguments: [2, 3])
    func waiting(protocolVersion: Int) async throws {
        try await withClient(protocolVersion: protocolVersion) { (client) async throws in
            async let read = client.xread(block: .seconds(30), streams: [RedisStreamPosition("s", after: .zero)])
            try await client.xadd("s", ["f": "v"])
            #expect(try await read.first?.entries.first?["f"] == "v")
            let nothing = try await client.xread(
                block: .milliseconds(1), streams: [RedisStreamPosition("s", after: nil)])
            #expect(nothing.isEmpty)
        }
    }

    @Test("groups hand out entries, know what is pending, and hand it over", arguments: [2, 3])
    func groups(protocolVersion: Int) async throws {
        try await withClient(protocolVersion: protocolVersion) { (client) async throws in
            for number in 1...3 {
                try await client.xadd("s", id: .id(RedisStreamID(UInt64(number), 0)), ["n": number])
            }
            try await client.xgroupCreate("s", group: "g", from: .beginning)
            #expect(try await client.xpending("s", group: "g").count == 0)
            let read = try await client.xreadgroup(group: "g", consumer: "one", count: 2, streams: [.new("s")])
            #expect(read.first?.entries.count == 2)
            let pending = try await client.xpending("s", group: "g")
            #expect(pending.count == 2 && pending.consumers == ["one": 2])
            #expect(pending.first == RedisStreamID(1) && pending.last == RedisStreamID(2))
            let entries = try await client.xpending("s", group: "g", from: .first, through: .last, count: 10)
            #expect(entries.map(\.consumer) == ["one", "one"] && entries.map(\.deliveries) == [1, 1])
            #expect(try await client.xack("s", group: "g", ids: [RedisStreamID(1)]) == 1)
            let group = try #require(try await client.xinfoGroups("s").first)
            #expect(group.pending == 1 && group.entriesRead == 2 && group.lag == 1)
            #expect(group.lastDelivered == RedisStreamID(2) && group.consumers == 1)

            let claimed = try await client.xautoclaim("s", group: "g", consumer: "two", idle: .zero, from: .zero)
            #expect(claimed.next == .zero && claimed.elements.map { $0["n"] } == ["2"] && claimed.deleted == [])
            try await client.xdel("s", ids: [RedisStreamID(2)])
            let gone = try await client.xautoclaim("s", group: "g", consumer: "one", idle: .zero, from: .zero)
            #expect(gone.elements.isEmpty && gone.deleted == [RedisStreamID(2)])

            let info = try await client.xinfoGroups("s")
            #expect(info.map(\.name) == ["g"] && info[0].pending == 0)
            #expect(Set(try await client.xinfoConsumers("s", group: "g").map(\.name)) == ["one", "two"])
            #expect(try await client.xgroupDestroy("s", group: "g"))
        }
    }
}
