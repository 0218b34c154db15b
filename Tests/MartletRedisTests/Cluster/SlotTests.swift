import MartletRESP
import Testing

@testable import MartletRedis

@Suite("Slots of a cluster")
struct SlotTests {
    // As `CLUSTER KEYSLOT` of redis-server 7.0 says.
    @Test(
        "keys have the slots that Redis gives them",
        arguments: [
            ("foo", 12182), ("bar", 5061), ("123456789", 12739), ("", 0), ("{user1000}.following", 3443),
            ("user1000", 3443), ("foo{}{bar}", 8363), ("foo{{bar}}zap", 4015), ("foo{bar}{zap}", 5061), ("{", 4092),
        ])
    func slots(_ key: String, _ slot: Int) {
        #expect(RedisSlot(of: key) == RedisSlot(slot))
        #expect(RedisSlot(of: Array(key.utf8)[...]) == RedisSlot(slot))
        #expect(RedisSlot(of: key.utf8.lazy.map { $0 }) == RedisSlot(slot))
    }

    @Test("there are no slots but those from 0 to 16383")
    func bounds() {
        #expect(RedisSlot(-1) == nil)
        #expect(RedisSlot(16384) == nil)
        #expect(RedisSlot(.max) == nil)
        #expect(RedisSlot(16383)?.number == 16383)
    }

    @Test(
        "a redirection names a slot and an address",
        arguments: [
            ("MOVED 3999 127.0.0.1:6381", "127.0.0.1", 6381), ("ASK 3999 127.0.0.1:6381", "127.0.0.1", 6381),
            ("MOVED 3999 :6381", "asked", 6381), ("MOVED 3999 fe80::1:6381", "fe80::1", 6381),
            ("MOVED 3999 [::1]:6381", "::1", 6381), ("MOVED 3999 node.example.org:65535", "node.example.org", 65535),
        ])
    func redirections(_ text: String, _ host: String, _ port: UInt16) throws {
        let redirection = try #require(RedisRedirection(text, from: "asked"))
        #expect(redirection.kind == (text.hasPrefix("ASK") ? .ask : .moved))
        #expect(redirection.slot == RedisSlot(3999))
        #expect(redirection.address == RedisNodeAddress(host: host, port: port))
    }

    @Test(
        "a redirection that leads nowhere is none",
        arguments: [
            "", "MOVED", "MOVED 1", "MOVED 16384 a:1", "MOVED -1 a:1", "MOVED +1 a:1", "MOVED 1 a:0", "MOVED 1 a:65536",
            "MOVED 1 a:99999999999999999999", "MOVED 1 a", "MOVED 1 a:", "MOVED 1 ?:1", "MOVED 1 a b:1", "MOVED x a:1",
            "MOVED 1 a:-1", "MOVED 1 a:+1", "MOVED 99999999999999999999 a:1", "moved 1 a:1", "ERR MOVED 1 a:1",
            "MOVED 1 \u{0}:1", "MOVED 1 a/b:1", "MOVED  1 a:1", "MOVED 1 \(String(repeating: "a", count: 256)):1",
        ])
    func brokenRedirections(_ text: String) {
        #expect(RedisRedirection(text, from: "asked") == nil)
    }
}

@Suite("Slot maps")
struct SlotMapTests {
    private func range(_ from: Int64, _ to: Int64, _ nodes: (RESPValue, RESPValue)...) -> RESPValue {
        .array(
            [.integer(from), .integer(to)]
                + nodes.map { .array([$0.0, $0.1, .bulk("0123456789012345678901234567890123456789"), .array([])]) })
    }

    @Test("CLUSTER SLOTS says which nodes have which slots")
    func slots() throws {
        let answer = RESPValue.array([
            range(5461, 10922, (.bulk("b"), .integer(2)), (.bulk("e"), .integer(5))),
            range(0, 5460, (.bulk("a"), .integer(1)), (.bulk("d"), .integer(4)), (.bulk("?"), .integer(7))),
            range(10923, 16383, (.null, .integer(3)), (.bulk(""), .integer(6))),
        ])
        let map = try RedisSlotMap(slots: answer, from: "asked")
        #expect(map.isComplete)
        #expect(map.shards.map(\.master.description) == ["a:1", "b:2", "asked:3"])
        #expect(map.shards.map { $0.replicas.map(\.description) } == [["d:4"], ["e:5"], ["asked:6"]])
        #expect(map.shard(of: RedisSlot(5460)!)?.master.host == "a")
        #expect(map.shard(of: RedisSlot(5461)!)?.master.host == "b")
        #expect(map.shard(of: RedisSlot(16383)!)?.master.host == "asked")
        #expect(map.nodes.count == 6)
    }

    @Test("what is no map is an error, whatever it is")
    func brokenSlots() {
        let a = (RESPValue.bulk("a"), RESPValue.integer(1))
        let broken: [RESPValue] = [
            .null, .integer(1), .bulk("x"), .array([.null]), .array([.array([])]), .array([range(0, 1)]),
            .array([range(0, 16384, a)]), .array([range(-1, 0, a)]), .array([range(2, 1, a)]),
            .array([range(.min, .max, a)]), .array([range(0, 16383, a), range(5, 5, a)]),
            .array([range(0, 1, (.bulk("a"), .integer(0)))]),
            .array([range(0, 1, (.bulk("a"), .integer(99999)))]), .array([range(0, 1, (.bulk("a"), .integer(.min)))]),
            .array([range(0, 1, (.bulk("?"), .integer(1)))]), .array([range(0, 1, (.bulk("a"), .null))]),
            .array([range(0, 1, (.bulk("\u{1}"), .integer(1)))]),
            .array([.array([.null, .null, .null])]), .array([.array([.integer(0), .integer(1), .array([])])]),
        ]
        for answer in broken {
            #expect(throws: RedisMismatch.self, "\(answer)") { try RedisSlotMap(slots: answer, from: "asked") }
        }
        #expect(throws: Never.self) { try RedisSlotMap(slots: .array([]), from: "asked") }
    }

    private func node(_ host: String, _ port: Int64, _ role: String, health: String = "online") -> RESPValue {
        .map([
            .init(.bulk("id"), .bulk("x")), .init(.bulk("port"), .integer(port)), .init(.bulk("ip"), .bulk("ignored")),
            .init(.bulk("endpoint"), .bulk(host)), .init(.bulk("role"), .bulk(role)),
            .init(.bulk("replication-offset"), .integer(7)), .init(.bulk("health"), .bulk(health)),
        ])
    }

    private func shard(_ slots: [Int64], _ nodes: [RESPValue]) -> RESPValue {
        .map([
            .init(.bulk("slots"), .array(slots.map { .integer($0) })), .init(.bulk("nodes"), .array(nodes)),
        ])
    }

    @Test("CLUSTER SHARDS says it, too, with those that have failed")
    func shards() throws {
        let answer = RESPValue.array([
            shard([0, 10, 20, 30], [node("b", 2, "replica"), node("a", 1, "master")]),
            shard([11, 19], [node("c", 3, "master", health: "fail"), node("d", 4, "replica")]),
            shard([], [node("e", 5, "master")]),
        ])
        let map = try RedisSlotMap(shards: answer, from: "asked")
        #expect(map.shard(of: RedisSlot(25)!)?.master == RedisNodeAddress(host: "a", port: 1))
        #expect(map.shard(of: RedisSlot(25)!)?.replicas == [RedisNodeAddress(host: "b", port: 2)])
        #expect(map.shard(of: RedisSlot(15)!) == nil)
        #expect(map.coveredCount == 22)
        let broken: [RESPValue] = [
            .null, .array([.null]), .array([shard([0], [])]), .array([shard([0, 99999], [node("a", 1, "master")])]),
            .array([shard([0, 1], [node("a", 0, "master")])]), .array([shard([0, 1], [node("a", 70000, "master")])]),
        ]
        for answer in broken {
            #expect(throws: RedisMismatch.self, "\(answer)") { try RedisSlotMap(shards: answer, from: "asked") }
        }
    }

    @Test("a slot goes to whom a redirection names")
    func assignment() {
        var map = RedisSlotMap()
        let slot = RedisSlot(7)!
        #expect(map.shard(of: slot) == nil)
        map.assign(slot, to: RedisNodeAddress(host: "a", port: 1))
        map.assign(slot, to: RedisNodeAddress(host: "b", port: 1))
        map.assign(slot, to: RedisNodeAddress(host: "b", port: 1))
        #expect(map.shard(of: slot)?.master.host == "b")
        #expect(map.coveredCount == 1)
        #expect(map.shards.count == 2)
    }
}
