import MartletRESP
import MartletRedis
import Testing

/// What servers know that are newer than the one that the other tests ask: as bytes, and as the answers that are documented.
@Suite("commands of newer servers")
struct NewerTests {
    /// The words of a command.
    private func words<Output>(_ operation: RedisOperation<Output>) -> String {
        operation.command.argumentBytes.map { String(decoding: $0, as: UTF8.self) }.joined(separator: " ")
    }

    @Test("fields of hashes expire, and are asked for it, as the server wants it said")
    func fields() {
        #expect(words(.hexpire("h", seconds: 10, ["a", "b"])) == "HEXPIRE h 10 FIELDS 2 a b")
        #expect(
            words(.hexpire("h", seconds: 10, condition: .ifNone, ["a"])) == "HEXPIRE h 10 NX FIELDS 1 a")
        #expect(words(.hpexpire("h", milliseconds: 1, condition: .ifLater, "a")) == "HPEXPIRE h 1 GT FIELDS 1 a")
        #expect(words(.hexpireat("h", seconds: 2_000_000_000, "a")) == "HEXPIREAT h 2000000000 FIELDS 1 a")
        #expect(
            words(.hpexpireat("h", milliseconds: 2_000_000_000_000, condition: .ifEarlier, "a", "b"))
                == "HPEXPIREAT h 2000000000000 LT FIELDS 2 a b")
        #expect(words(.httl("h", "a")) == "HTTL h FIELDS 1 a")
        #expect(words(.hpttl("h", "a", "b", "c")) == "HPTTL h FIELDS 3 a b c")
        #expect(words(.hexpiretime("h", "a")) == "HEXPIRETIME h FIELDS 1 a")
        #expect(words(.hpexpiretime("h", "a")) == "HPEXPIRETIME h FIELDS 1 a")
        #expect(words(.hpersist("h", "a", "b")) == "HPERSIST h FIELDS 2 a b")
        #expect(
            words(.hscanNames("h", cursor: .start, pattern: "a*", count: 5)) == "HSCAN h 0 MATCH a* COUNT 5 NOVALUES")
    }

    @Test("each is repeated only where that leaves the same, and asked of replicas only where it changes nothing")
    func traits() {
        for operation: RedisOperation<[Int]> in [
            .httl("h", "a"), .hpttl("h", "a"), .hexpiretime("h", "a"), .hpexpiretime("h", "a"),
        ] {
            #expect(operation.command.traits == .readOnly && operation.command.keys.positions == [1])
        }
        #expect(RedisOperation.hexpire("h", seconds: 1, "a").command.traits == [])
        #expect(RedisOperation.hexpireat("h", seconds: 1, "a").command.traits == .idempotent)
        #expect(RedisOperation.hexpireat("h", seconds: 1, condition: .ifNone, "a").command.traits == [])
        #expect(RedisOperation.clientNoTouch(true).command.traits == .connection)
        let wait = RedisOperation.waitaof(local: 1, replicas: 2, timeout: .seconds(3)).command
        #expect(wait.traits == [.blocking, .connection] && wait.blockingTime == .seconds(3))
    }

    @Test("what else is new is said as the server wants it")
    func others() {
        #expect(words(.clientSetinfo(attribute: .libraryName("martlet"))) == "CLIENT SETINFO LIB-NAME martlet")
        #expect(words(.clientSetinfo(attribute: .libraryVersion("1.0"))) == "CLIENT SETINFO LIB-VER 1.0")
        #expect(words(.clientNoTouch(false)) == "CLIENT NO-TOUCH OFF")
        #expect(words(.clientKill([.olderThan(seconds: 60), .user("u")])) == "CLIENT KILL MAXAGE 60 USER u")
        #expect(words(.clusterMyshardid()) == "CLUSTER MYSHARDID")
        #expect(words(.waitaof(local: 1, replicas: 0, timeout: .milliseconds(5))) == "WAITAOF 1 0 5")
        #expect(words(.zrankWithScore("z", "m")) == "ZRANK z m WITHSCORE")
        #expect(words(.zrevrankWithScore("z", "m")) == "ZREVRANK z m WITHSCORE")
        #expect(
            words(.xread(count: 1, streams: [.last(of: "s"), RedisStreamPosition("t", after: nil)]))
                == "XREAD COUNT 1 STREAMS s t + $")
    }

    @Test("their answers are understood, as both versions of the protocol have them")
    func answers() throws {
        let rank = RedisRank(rank: 3, score: 1.5)
        #expect(try RedisRank?(redis: .array([.integer(3), .bulk("1.5")])) == rank)
        #expect(try RedisRank?(redis: .array([.integer(3), .double(1.5)])) == rank)
        #expect(try RedisRank?(redis: .null) == nil)
        #expect(throws: RedisMismatch.self) { try RedisRank(redis: .array([.integer(3)])) }
        #expect(
            try RedisPersisted(redis: .array([.integer(1), .integer(2)])) == RedisPersisted(isLocal: true, replicas: 2))
        #expect(throws: RedisMismatch.self) { try RedisPersisted(redis: .integer(1)) }
        let page = try RedisScanPage<String>(redis: .array([.bulk("7"), .array([.bulk("a"), .bulk("b")])]))
        #expect(page.next.rawValue == 7 && page.elements == ["a", "b"])
    }

    @Test("names of fields are scanned without their values")
    func scan() async throws {
        let pages = PageServer(position: 2, pages: [["a", "b"], [], ["c"]])
        var names: [String] = []
        for try await name in pages.scanFieldNames("h") { names.append(name) }
        #expect(names == ["a", "b", "c"] && pages.asked == 3)
    }
}
