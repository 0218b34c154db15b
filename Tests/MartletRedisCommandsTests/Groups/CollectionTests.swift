import MartletRedis
import Testing

@Suite("hashes, lists and sets")
struct CollectionTests {
    @Test("hashes keep fields", arguments: [2, 3])
    func hashes(protocolVersion: Int) async throws {
        try await withClient(protocolVersion: protocolVersion) { (client) async throws in
            #expect(try await client.hset("h", "name", "Ada") == 1)
            #expect(try await client.hset("h", ["born": 1815, "name": "Ada L."]) == 1)
            #expect(try await client.hget("h", "name") == "Ada L.")
            #expect(try await client.hget("h", "none") == nil)
            #expect(try await client.hgetall("h") == ["name": "Ada L.", "born": "1815"])
            #expect(try await client.hgetall("none").isEmpty)
            #expect(try await client.hmget("h", "born", "none", as: Int.self) == [1815, nil])
            #expect(try await client.hincrby("h", "born", 1) == 1816)
            #expect(try await client.hincrbyfloat("h", "born", 0.25) == 1816.25)
            #expect(try await client.hsetnx("h", "name", "x") == false)
            #expect(Set(try await client.hkeys("h")) == ["name", "born"])
            #expect(try await client.hvals("h").count == 2)
            #expect(try await client.hexists("h", "name"))
            #expect(try await client.hstrlen("h", "name") == 6)
            #expect(try await client.hrandfield("none") == nil)
            #expect(try await client.hrandfield("h", count: -5).count == 5)
            let fields = try await client.hrandfieldWithValues("h", count: 5)
            #expect(Set(fields) == [RedisField("name", "Ada L."), RedisField("born", "1816.25")])
            #expect(try await client.hdel("h", "name", "none") == 1)
            #expect(try await client.hlen("h") == 1)
        }
    }

    @Test("lists grow and shrink at both ends", arguments: [2, 3])
    func lists(protocolVersion: Int) async throws {
        try await withClient(protocolVersion: protocolVersion) { (client) async throws in
            #expect(try await client.rpush("l", "b", "c") == 2)
            #expect(try await client.lpush("l", ["a"]) == 3)
            #expect(try await client.lrange("l", start: 0, stop: -1) == ["a", "b", "c"])
            #expect(try await client.linsert("l", position: .before, "c", "bb") == 4)
            #expect(try await client.lpos("l", "c") == 3)
            #expect(try await client.lpos("l", "z") == nil)
            #expect(try await client.lposAll("l", "c", count: 0) == [3])
            #expect(try await client.lmove("l", "m", from: .left, to: .right) == "a")
            #expect(
                try await client.lmpop(["none", "l"], from: .right, count: 2)
                    == RedisPopped(key: "l", value: ["c", "bb"]))
            #expect(try await client.lmpop(["none"], from: .left) == nil)
            #expect(try await client.lpop("l") == "b")
            #expect(try await client.lpop("l") == nil)
            #expect(try await client.rpop("none", count: 2) == nil)
            #expect(try await client.rpop("m", count: 2) == ["a"])
            #expect(try await client.lpushx("none", "x") == 0)
        }
    }

    @Test("waiting commands get what is there, what comes, or nothing", arguments: [2, 3])
    func waiting(protocolVersion: Int) async throws {
        try await withClient(protocolVersion: protocolVersion) { (client) async throws in
            try await client.rpush("l", 1, 2, 3)
            #expect(try await client.blpop(["none", "l"], timeout: .seconds(5)) == RedisPopped(key: "l", value: "1"))
            #expect(try await client.brpop(["l"], timeout: .zero, as: Int.self) == RedisPopped(key: "l", value: 3))
            #expect(try await client.blmove("l", "m", from: .left, to: .left, timeout: .seconds(5)) == "2")
            #expect(try await client.blpop(["none"], timeout: .milliseconds(1)) == nil)
            #expect(try await client.blmove("none", "m", from: .left, to: .left, timeout: .milliseconds(1)) == nil)
            async let later = client.blmpop(timeout: .seconds(30), keys: ["n"], from: .left)
            try await client.rpush("n", "came")
            #expect(try await later == RedisPopped(key: "n", value: ["came"]))

            try await client.zadd("z", ["a": 1, "b": 2])
            let highest = try await client.bzpopmax(["z"], timeout: .seconds(5))
            #expect(highest?.key == "z" && highest?.member == "b" && highest?.score == 2)
            let lowest = try await client.bzmpop(timeout: .seconds(5), keys: ["none", "z"], take: .lowest)
            #expect(lowest == RedisPopped(key: "z", value: [RedisScored("a", 1)]))
            #expect(try await client.bzpopmin(["z"], timeout: .milliseconds(1)) == nil)
        }
    }

    @Test("sets have members once, and are combined", arguments: [2, 3])
    func sets(protocolVersion: Int) async throws {
        try await withClient(protocolVersion: protocolVersion) { (client) async throws in
            #expect(try await client.sadd("s", "a", "b", "a") == 2)
            #expect(try await client.sadd("t", ["b", "c"]) == 2)
            #expect(Set(try await client.smembers("s")) == ["a", "b"])
            #expect(try await client.smismember("s", "a", "z") == [true, false])
            #expect(try await client.sismember("s", "a"))
            #expect(try await client.sinter("s", "t") == ["b"])
            #expect(try await client.sdiff("s", "t") == ["a"])
            #expect(Set(try await client.sunion("s", "t")) == ["a", "b", "c"])
            #expect(try await client.sintercard(["s", "t"], limit: 5) == 1)
            #expect(try await client.sunionstore("u", ["s", "t"]) == 3)
            #expect(try await client.smove("s", "t", "a"))
            #expect(try await client.srem("t", "a", "b", "c") == 3)
            #expect(Set(try await client.spop("u", count: 9)) == ["a", "b", "c"])
            #expect(try await client.spop("u") == nil)
            #expect(try await client.srandmember("s") == "b")
            #expect(try await client.srandmember("s", count: -3) == ["b", "b", "b"])
        }
    }

    @Test("distinct elements are counted about", arguments: [2, 3])
    func hyperLogLogs(protocolVersion: Int) async throws {
        try await withClient(protocolVersion: protocolVersion) { (client) async throws in
            #expect(try await client.pfadd("p", ["a", "b"]))
            #expect(try await client.pfadd("p", ["a"]) == false)
            #expect(try await client.pfadd("q", ["c"]))
            #expect(try await client.pfcount("p", "q") == 3)
            try await client.pfmerge("r", ["p", "q"])
            #expect(try await client.pfcount("r") == 3)
        }
    }
}
