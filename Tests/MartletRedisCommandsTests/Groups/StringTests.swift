import MartletRESP
import MartletRedis
import Testing

@Suite("strings, numbers and bits")
struct StringTests {
    @Test("what a command does with the expiry anyway it is not told")
    func expiryWords() {
        func words<Output>(_ operation: RedisOperation<Output>) -> String {
            operation.command.argumentBytes.map { String(decoding: $0, as: UTF8.self) }.joined(separator: " ")
        }
        #expect(words(.set("k", "v", expiry: .seconds(5))) == "SET k v EX 5")
        #expect(words(.set("k", "v", expiry: .after(.milliseconds(1.5)))) == "SET k v PX 2")
        #expect(words(.set("k", "v", expiry: .kept)) == "SET k v KEEPTTL")
        #expect(words(.set("k", "v", expiry: .never)) == "SET k v")
        #expect(words(.getex("k", expiry: .atMilliseconds(9))) == "GETEX k PXAT 9")
        #expect(words(.getex("k", expiry: .never)) == "GETEX k PERSIST")
        #expect(words(.getex("k", expiry: .kept)) == "GETEX k")
    }

    @Test("values are set and read back, with conditions and expiry", arguments: [2, 3])
    func setting(protocolVersion: Int) async throws {
        try await withClient(protocolVersion: protocolVersion) { (client) async throws in
            #expect(try await client.get("k") == nil)
            #expect(try await client.set("k", "one"))
            #expect(try await client.get("k") == "one")
            #expect(try await client.set("k", "two", condition: .ifAbsent) == false)
            #expect(try await client.set("k", "two", condition: .ifPresent, expiry: .after(.seconds(100))))
            #expect((99_000...100_000).contains(try await client.pttl("k")))
            #expect(try await client.setGet("k", "three", expiry: .kept) == "two")
            #expect(try await client.ttl("k") > 0)
            #expect(try await client.getex("k", expiry: .never) == "three")
            #expect(try await client.ttl("k") == -1)
            #expect(try await client.getdel("k") == "three")
            #expect(try await client.exists("k") == 0)
        }
    }

    @Test("bytes that are no text come back as they were", arguments: [2, 3])
    func bytes(protocolVersion: Int) async throws {
        try await withClient(protocolVersion: protocolVersion) { (client) async throws in
            let bytes: [UInt8] = [0, 13, 10, 255, 36]
            try await client.set(bytes, bytes)
            #expect(try await client.get(bytes, as: [UInt8].self) == bytes)
            #expect(try await client.keys("*", as: [UInt8].self) == [bytes])
        }
    }

    @Test("many keys are set and read at once, whatever holds the pairs", arguments: [2, 3])
    func many(protocolVersion: Int) async throws {
        try await withClient(protocolVersion: protocolVersion) { (client) async throws in
            try await client.mset(["a": 1, "b": "two"])
            #expect(try await client.mget("a", "none", "b") == ["1", nil, "two"])
            #expect(try await client.msetnx(["b": 3, "c": 3]) == false)
            let more = ["d": "4", "e": "5"]
            #expect(try await client.msetnx(more))
            try await client.mset(RedisPairs([("f", 1.5)]))
            #expect(try await client.mget(["d", "e"], as: Int.self) == [4, 5])
            #expect(try await client.get("f", as: Double.self) == 1.5)
        }
    }

    @Test("numbers count", arguments: [2, 3])
    func numbers(protocolVersion: Int) async throws {
        try await withClient(protocolVersion: protocolVersion) { (client) async throws in
            #expect(try await client.incr("n") == 1)
            #expect(try await client.incrby("n", 41) == 42)
            #expect(try await client.decr("n") == 41)
            #expect(try await client.decrby("n", 1) == 40)
            #expect(try await client.incrbyfloat("n", 0.5) == 40.5)
            #expect(try await client.append("n", "!") == 5)
            #expect(try await client.getrange("n", start: -2, end: -1) == "5!")
            #expect(try await client.setrange("n", offset: 0, "9") == 5)
            #expect(try await client.strlen("n") == 5)
        }
    }

    @Test("what two strings have in common is found in both", arguments: [2, 3])
    func commonSubsequence(protocolVersion: Int) async throws {
        try await withClient(protocolVersion: protocolVersion) { (client) async throws in
            try await client.mset(["{s}1": "ohmytext", "{s}2": "mynewtext"])
            #expect(try await client.lcs("{s}1", "{s}2") == "mytext")
            #expect(try await client.lcsLength("{s}1", "{s}2") == 6)
            let common = try await client.lcsMatches("{s}1", "{s}2", minimumLength: 4)
            #expect(common.length == 6 && common.matches.count == 1)
            #expect(common.matches.first?.first == 4...7 && common.matches.first?.second == 5...8)
        }
    }

    @Test("bits are set, counted and combined", arguments: [2, 3])
    func bits(protocolVersion: Int) async throws {
        try await withClient(protocolVersion: protocolVersion) { (client) async throws in
            #expect(try await client.setbit("b", offset: 7, value: 1) == 0)
            #expect(try await client.getbit("b", offset: 7) == 1)
            #expect(try await client.bitcount("b") == 1)
            #expect(try await client.bitcount("b", range: .bits(0, 6)) == 0)
            #expect(try await client.bitpos("b", bit: 1, range: .bytes(0, -1)) == 7)
            #expect(try await client.bitop(.not, "c", ["b"]) == 1)
            #expect(try await client.bitcount("c") == 7)
            let results = try await client.bitfield(
                "f",
                [
                    .set(.unsigned(8, index: 0), 250), .overflow(.fail), .increment(.unsigned(8, index: 0), by: 10),
                    .overflow(.saturate), .increment(.unsigned(8, index: 0), by: 10), .get(.unsigned(8, bit: 0)),
                ])
            #expect(results == [0, nil, 255, 255])
            #expect(try await client.bitfieldReadOnly("f", [.get(.signed(8, bit: 0))]) == [-1])
        }
    }

    @Test("an operation sends what the method of its name sends")
    func operations() async throws {
        try await withClient(protocolVersion: 3) { (client) async throws in
            #expect(try await client.send(.set("k", 5)))
            #expect(try await client.send(.get("k")) == "5")
            #expect(try await client.send(.get("k", as: Int.self)) == 5)
            let increment: RedisOperation<Int> = .incr("k")
            #expect(try await client.send(increment) == 6)
            #expect(increment.command.argumentBytes == [Array("INCR".utf8), Array("k".utf8)])
        }
    }

    @Test("an answer that is not of the type is an error that shows no value")
    func mismatch() async throws {
        try await withClient(protocolVersion: 3) { (client) async throws in
            try await client.set("k", "secret")
            let error = await #expect(throws: RedisError.self) { try await client.get("k", as: Int.self) }
            #expect(error?.code == .unexpectedAnswer)
            #expect(error?.description.contains("secret") == false)
        }
    }
}
