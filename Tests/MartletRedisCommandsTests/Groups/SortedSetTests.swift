import MartletRedis
import Testing

@Suite("sorted sets and places")
struct SortedSetTests {
    @Test("members have scores and ranks", arguments: [2, 3])
    func scores(protocolVersion: Int) async throws {
        try await withClient(protocolVersion: protocolVersion) { (client) async throws in
            #expect(try await client.zadd("z", ["a": 1, "b": 2.5, "c": 3]) == 3)
            #expect(
                try await client.zadd(
                    "z", condition: .ifPresent, comparison: .ifGreater, changed: true, ["a": 0, "c": 4]) == 1)
            #expect(try await client.zaddIncrement("z", by: 1, member: "a") == 2)
            #expect(try await client.zaddIncrement("z", condition: .ifAbsent, by: 1, member: "a") == nil)
            #expect(try await client.zincrby("z", -1, "a") == 1)
            #expect(try await client.zscore("z", "b") == 2.5)
            #expect(try await client.zscore("z", "none") == nil)
            #expect(try await client.zmscore("z", "a", "none") == [1, nil])
            #expect(try await client.zrank("z", "c") == 2)
            #expect(try await client.zrevrank("z", "none") == nil)
            #expect(try await client.zcount("z", min: 2.5, max: .highest) == 2)
            #expect(try await client.zcard("z") == 3)
        }
    }

    @Test("ranges go by rank, by score and by name", arguments: [2, 3])
    func ranges(protocolVersion: Int) async throws {
        try await withClient(protocolVersion: protocolVersion) { (client) async throws in
            let scores = ["a": 1.0, "b": 2, "c": 3]
            try await client.zadd("z", scores)
            #expect(try await client.zrange("z", .all) == ["a", "b", "c"])
            #expect(try await client.zrange("z", .ranks(0, 0), reversed: true) == ["c"])
            #expect(
                try await client.zrange("z", .scores(.excluding(1), .highest), limit: (offset: 1, count: 1)) == ["c"])
            #expect(try await client.zrange("z", .scores(.highest, 2), reversed: true) == ["c", "b"])
            #expect(
                try await client.zrangeWithScores("z", .scores(.lowest, 2)) == [
                    RedisScored("a", 1), RedisScored("b", 2),
                ])
            #expect(try await client.zrangestore("y", "z", .ranks(1, 2)) == 2)
            try await client.zadd("n", ["a": 0, "b": 0, "c": 0])
            #expect(try await client.zrange("n", .names(.excluding("a"), .highest)) == ["b", "c"])
            #expect(try await client.zlexcount("n", min: .lowest, max: .including("b")) == 2)
            #expect(try await client.zremrangebylex("n", min: .lowest, max: .excluding("b")) == 1)
            #expect(try await client.zremrangebyrank("n", start: 0, stop: 0) == 1)
            #expect(try await client.zremrangebyscore("n", min: .lowest, max: .highest) == 1)
        }
    }

    @Test("members are taken and combined", arguments: [2, 3])
    func taking(protocolVersion: Int) async throws {
        try await withClient(protocolVersion: protocolVersion) { (client) async throws in
            try await client.zadd("z", ["a": 1, "b": 2, "c": 3])
            try await client.zadd("y", ["b": 10, "d": 5])
            #expect(try await client.zinterWithScores(["z", "y"], weights: [1, 2]) == [RedisScored("b", 22)])
            #expect(try await client.zunion(["z", "y"], aggregate: .maximum) == ["a", "c", "d", "b"])
            #expect(try await client.zdiffWithScores(["z", "y"]) == [RedisScored("a", 1), RedisScored("c", 3)])
            #expect(try await client.zintercard(["z", "y"]) == 1)
            #expect(try await client.zunionstore("x", ["z", "y"]) == 4)
            #expect(try await client.zpopmin("z") == RedisScored("a", 1))
            #expect(try await client.zpopmin("none") == nil)
            #expect(try await client.zpopmax("z", count: 5) == [RedisScored("c", 3), RedisScored("b", 2)])
            #expect(
                try await client.zmpop(["z", "y"], take: .highest)
                    == RedisPopped(key: "y", value: [RedisScored("b", 10)]))
            #expect(try await client.zmpop(["z"], take: .highest) == nil)
            #expect(try await client.zrandmember("y") == "d")
            #expect(
                try await client.zrandmemberWithScores("y", count: -2) == [RedisScored("d", 5), RedisScored("d", 5)])
        }
    }

    @Test("places are found around a point", arguments: [2, 3])
    func places(protocolVersion: Int) async throws {
        try await withClient(protocolVersion: protocolVersion) { (client) async throws in
            let places = [
                RedisPlace("Palermo", longitude: 13.361389, latitude: 38.115556),
                RedisPlace("Catania", longitude: 15.087269, latitude: 37.502669),
            ]
            #expect(try await client.geoadd("g", places) == 2)
            let distance = try #require(try await client.geodist("g", "Palermo", "Catania", unit: .kilometres))
            #expect(abs(distance - 166.2742) < 0.01)
            #expect(try await client.geodist("g", "Palermo", "none") == nil)
            #expect(try await client.geohash("g", "Palermo", "none") == ["sqc8b49rny0", nil])
            let positions = try await client.geopos("g", "Palermo", "none")
            #expect(positions.count == 2 && positions[1] == nil)
            #expect(abs((positions[0]?.longitude ?? 0) - 13.361389) < 0.0001)
            let centre = RedisGeoCenter.position(longitude: 15, latitude: 37)
            #expect(
                try await client.geosearch("g", from: centre, within: .circle(radius: 100, .kilometres)) == ["Catania"])
            let matches = try await client.geosearchWithDistances(
                "g", from: centre, within: .box(width: 400, height: 400, .kilometres), order: .ascending)
            #expect(matches.map(\.member) == ["Catania", "Palermo"])
            #expect(abs((matches.first?.distance ?? 0) - 56.4413) < 0.01 && matches[0].hash > 0)
            let count = try await client.geosearchstore(
                "d", "g", from: .member("Palermo"), within: .circle(radius: 10, .kilometres), storesDistances: true)
            #expect(count == 1)
            #expect(try await client.zrangeWithScores("d", .all) == [RedisScored("Palermo", 0)])
        }
    }
}
