import MartletRESP
import MartletRedis
import RedisFixture
import Testing

@Suite("keys, scripts, connections and the server")
struct ServerTests {
    @Test("keys are copied, renamed, sorted and expire", arguments: [2, 3])
    func keys(protocolVersion: Int) async throws {
        try await withClient(protocolVersion: protocolVersion) { (client) async throws in
            try await client.rpush("l", 3, 1, 2)
            #expect(try await client.type("l") == "list")
            #expect(try await client.sort("l", order: .descending, as: Int.self) == [3, 2, 1])
            #expect(try await client.sort("l", get: ["x*"]) == [nil, nil, nil])
            #expect(try await client.sortStore("l", limit: (offset: 0, count: 2), into: "m") == 2)
            #expect(try await client.copy("l", "m") == false)
            #expect(try await client.copy("l", "m", replace: true))
            #expect(try await client.expire("m", seconds: 100, condition: .ifNone))
            #expect(try await client.expire("m", seconds: 200, condition: .ifNone) == false)
            #expect(try await client.expiretime("m") > 1_000_000)
            #expect(try await client.persist("m"))
            #expect(try await client.renamenx("m", to: "l") == false)
            try await client.rename("m", to: "n")
            #expect(try await client.objectEncoding("n") == "quicklist")
            let serialized = try #require(try await client.dump("n"))
            try await client.restore("o", milliseconds: 0, serialized)
            #expect(try await client.lrange("o", start: 0, stop: -1) == ["3", "1", "2"])
            #expect(try await client.touch("n", "o", "none") == 2)
            #expect(try await client.del("n", "none") == 1)
            #expect(try await client.unlink(["o"]) == 1)
            #expect(try await client.dump("none") == nil)
        }
    }

    @Test("scripts and functions run with keys and arguments", arguments: [2, 3])
    func scripting(protocolVersion: Int) async throws {
        try await withClient(protocolVersion: protocolVersion) { (client) async throws in
            let script = "redis.call('SET', KEYS[1], ARGV[1]) return {KEYS[1], ARGV[2]}"
            #expect(try await client.eval(script, keys: ["k"], arguments: [1, "x"], as: [String].self) == ["k", "x"])
            let sha1 = try await client.scriptLoad("return 1")
            #expect(try await client.scriptExists([sha1, "none"]) == [true, false])
            #expect(try await client.evalsha(sha1) == .integer(1))
            #expect(try await client.evalshaReadOnly(sha1, as: Bool.self))
            let library = "#!lua name=lib\nredis.register_function('twice', function(k, a) return a[1] * 2 end)"
            #expect(try await client.functionLoad(library) == "lib")
            #expect(try await client.fcall("twice", arguments: [21], as: Int.self) == 42)
            #expect(try await client.functionList().count == 1)
            let dump = try await client.functionDump()
            try await client.functionFlush(mode: .synchronous)
            try await client.functionRestore(dump, policy: .append)
            try await client.functionDelete("lib")
        }
    }

    @Test("the server tells of itself, of its clients and of its commands", arguments: [2, 3])
    func introspection(protocolVersion: Int) async throws {
        try await withClient(protocolVersion: protocolVersion) { (client) async throws in
            #expect(try await client.ping() == "PONG")
            #expect(try await client.ping("there") == "there")
            #expect(try await client.echo("there") == "there")
            #expect(try await client.info(["server"])["redis_version"]?.hasPrefix("7.") == true)
            #expect(try await client.configGet(["maxmemory*"])["maxmemory"] == "0")
            try await client.configSet(["maxmemory": "100mb", "maxmemory-policy": "allkeys-lru"])
            #expect(try await client.configGet(["maxmemory"]) == ["maxmemory": "104857600"])
            let id = try await client.clientID()
            #expect(try await client.clientList().contains { $0.id == id })
            #expect(try await client.clientList(ids: [id]).map(\.id) == [id])
            #expect(try await client.clientInfo().id == id)
            #expect(try await client.time().seconds > 1_600_000_000)
            #expect(try await client.commandCount() > 200)
            #expect(try await client.commandGetkeys("mset", arguments: ["a", 1, "b", 2]) == ["a", "b"])
            try await client.configSet(["slowlog-log-slower-than": 0])
            try await client.set("slow", "call")
            let slow = try await client.slowlogGet(count: -1)
            #expect(
                slow.contains { $0.arguments == ["set", "slow", "call"] || $0.arguments == ["SET", "slow", "call"] })
            #expect(try await client.memoryUsage("slow") ?? 0 > 0)
            #expect(try await client.memoryUsage("none") == nil)
            #expect(try await client.aclWhoami() == "default")
            #expect(try await client.aclGetuser("none") == nil)
            try await client.aclSetuser("reader", ["on", "nopass", "~*", "+@read"])
            #expect(try await client.aclUsers() == ["default", "reader"])
            #expect(try await client.aclDryrun("reader", "SET", arguments: ["a", 1]) != "OK")
            #expect(try await client.aclDeluser("reader") == 1)
            #expect(try await client.dbsize() == 1)
            try await client.flushall()
            #expect(try await client.randomkey() == nil)
        }
    }

    @Test("messages are published to those who listen, here nobody", arguments: [2, 3])
    func publishing(protocolVersion: Int) async throws {
        try await withClient(protocolVersion: protocolVersion) { (client) async throws in
            #expect(try await client.publish("news", "hello") == 0)
            #expect(try await client.pubsubChannels(pattern: "n*") == [])
            #expect(try await client.pubsubNumsub(["news"]) == ["news": 0])
            #expect(try await client.pubsubNumpat() == 0)
        }
    }

    @Test("a node of a cluster tells of it, and keeps slots", arguments: [2, 3])
    func cluster(protocolVersion: Int) async throws {
        try await withClient(protocolVersion: protocolVersion, ["--cluster-enabled", "yes"]) { (client) async throws in
            #expect(try await client.clusterInfo()["cluster_enabled"] == nil)
            #expect(try await client.clusterInfo()["cluster_state"] == "fail")
            try await client.clusterAddslotsrange([RedisSlotRange(0, 16383)])
            #expect(try await client.clusterKeyslot("foo") == 12182)
            #expect(try await client.clusterCountkeysinslot(slot: 12182) == 0)
            #expect(try await client.clusterMyid().count == 40)
            #expect(try await client.clusterNodes().contains("myself"))
            #expect(try await client.clusterShards().count == 1)
            #expect(try await client.clusterSlots().count == 1)
            try await client.clusterSetslot(slot: 5, to: .stable)
        }
    }

    @Test("transactions and what else belongs to a connection go over one of one's own", arguments: [2, 3])
    func connections(protocolVersion: Int) async throws {
        try await withClient(protocolVersion: protocolVersion) { (client) async throws in
            try await client.withConnection { (connection) async throws in
                try await connection.clientSetname("own")
                #expect(try await connection.clientGetname() == "own")
                try await connection.select(database: 3)
                try await connection.watch("n")
                try await connection.multi()
                _ = try await connection.send(RedisOperation.incr("n").command)
                #expect(try await connection.exec() == [.integer(1)])
                try await connection.multi()
                try await connection.discard()
                #expect(try await connection.wait(replicas: 0, timeout: .milliseconds(10)) == 0)
            }
            #expect(try await client.get("n") == nil)
        }
    }
}
