import MartletRESP
import Testing

@testable import MartletRedis

@Suite("Where a cluster's commands go")
struct RouteTests {
    private func command(_ name: String, keys: [String] = [], _ arguments: [String] = []) -> RedisCommand {
        var command = RedisCommand(name)
        command.append(keys: keys)
        command.append(contentsOf: arguments)
        return command
    }

    @Test("a command with keys of one slot goes to that")
    func oneSlot() {
        guard case .slot(let slot) = ClusterRoute(command("GET", keys: ["foo"])) else { return #expect(Bool(false)) }
        #expect(slot.number == 12182)
        guard case .slot = ClusterRoute(command("SINTER", keys: ["{a}1", "{a}2"])) else { return #expect(Bool(false)) }
    }

    @Test(
        "one with keys of several slots that cannot be divided is refused", arguments: ["SINTER", "MSETNX", "RENAME"])
    func refused(_ name: String) {
        guard case .refused(let reason) = ClusterRoute(command(name, keys: ["a", "b"])) else {
            return #expect(Bool(false))
        }
        #expect(reason.contains("hash tag"))
    }

    @Test("what concerns one connection is refused", arguments: ["MULTI", "EXEC", "WATCH", "SELECT", "WAIT"])
    func connection(_ name: String) {
        guard case .refused = ClusterRoute(command(name)) else { return #expect(Bool(false)) }
    }

    @Test("MGET is divided by slots, and its values come in the order of its keys")
    func mget() throws {
        let keys = ["foo", "bar", "{foo}1", "baz", "{bar}1", "foo"]
        guard case .split(let split) = ClusterRoute(command("MGET", keys: keys)) else { return #expect(Bool(false)) }
        #expect(split.parts.map(\.slot.number) == ["foo", "bar", "baz"].map { RedisSlot(of: $0).number })
        let answers = split.parts.map { part in
            RESPValue.array(part.command.argumentBytes.dropFirst().map { .bulk($0) })
        }
        #expect(try split.merge(answers) == .array(keys.map { .bulk($0) }))
        // Answers that are too short, too long, or none at all.
        for answer in [RESPValue.null, .array([]), .array([.null, .null, .null, .null]), .integer(3)] {
            #expect(throws: RedisMismatch.self) { try split.merge([answer] + answers.dropFirst()) }
        }
    }

    @Test("numbers of keys are added", arguments: ["DEL", "UNLINK", "EXISTS", "TOUCH"])
    func sums(_ name: String) throws {
        let split = try #require(CommandSplit(command(name, keys: ["a", "b", "c"])))
        #expect(split.parts.count == 3)
        #expect(try split.merge([.integer(1), .integer(0), .integer(1)]) == .integer(2))
        #expect(throws: RedisMismatch.self) { try split.merge([.integer(.max), .integer(1), .integer(0)]) }
        #expect(throws: RedisMismatch.self) { try split.merge([.bulk("x"), .integer(1), .integer(0)]) }
    }

    @Test("MSET keeps keys and values together")
    func mset() throws {
        var whole = RedisCommand("MSET")
        for key in ["a", "b", "{a}2"] {
            whole.append(key: key)
            whole.append("value of \(key)")
        }
        let split = try #require(CommandSplit(whole))
        let texts = split.parts.map { $0.command.argumentBytes.map { String(decoding: $0, as: UTF8.self) } }
        #expect(texts == [["MSET", "a", "value of a", "{a}2", "value of {a}2"], ["MSET", "b", "value of b"]])
        #expect(split.parts[0].command.keyBytes == [Array("a".utf8), Array("{a}2".utf8)])
        #expect(try split.merge([.simple("OK"), .simple("OK")]) == .simple("OK"))
        #expect(CommandSplit(command("MSET", keys: ["a"])) == nil)
        #expect(CommandSplit(command("MGET")) == nil)
    }

    @Test("masters' answers become one")
    func merging() throws {
        #expect(try ClusterRoute.Merging.sum.merge([.integer(1), .integer(2)]) == .integer(3))
        #expect(try ClusterRoute.Merging.first.merge([.simple("OK"), .simple("OK")]) == .simple("OK"))
        #expect(try ClusterRoute.Merging.joined.merge([.array([.bulk("a")]), .array([])]) == .array([.bulk("a")]))
        #expect(
            try ClusterRoute.Merging.every.merge([
                .array([.integer(1), .integer(1)]), .array([.integer(0), .integer(1)]),
            ])
                == .array([.integer(0), .integer(1)]))
        for merging in [ClusterRoute.Merging.sum, .joined, .every] {
            #expect(throws: RedisMismatch.self) { try merging.merge([.null]) }
        }
        #expect(throws: RedisMismatch.self) {
            try ClusterRoute.Merging.every.merge([.array([.integer(1)]), .array([])])
        }
    }

    @Test("a cursor goes through the masters one after the other")
    func cursors() throws {
        let start = try #require(ClusterCursor("0"))
        #expect(start == .start)
        let next = try #require(start.next(after: 17, of: 2))
        let second = try #require(ClusterCursor(String(next)))
        #expect(second.master == 0)
        #expect(second.cursor == 17)
        let later = try #require(second.next(after: 0, of: 2))
        let third = try #require(ClusterCursor(String(later)))
        #expect(third.master == 1)
        #expect(third.cursor == 0)
        #expect(third.next(after: 0, of: 2) == 0)
        #expect(third.next(after: 1 << 48, of: 2) == nil)
        #expect(third.next(after: .max, of: 2) == nil)
        #expect(ClusterCursor("-1") == nil)
        #expect(ClusterCursor("18446744073709551616") == nil)
        #expect(ClusterCursor("18446744073709551615")?.next(after: 1, of: 2) == nil)
    }

    @Test(
        "a URL may name several nodes",
        arguments: ["redis://u:p@a:1,b:2,c", "redis://u:p@a:1,b:2,c/0", "redis://u:p@a:1,b:2,c?timeout=3"])
    func urls(_ url: String) throws {
        let settings = try RedisClusterSettings(url: url)
        #expect(settings.seeds.map(\.description) == ["a:1", "b:2", "c:6379"])
        #expect(settings.node.user == "u")
        #expect(settings.node.password == "p")
    }

    @Test(
        "a URL of a cluster has no database and no Unix socket",
        arguments: ["redis://a/1", "unix:///a", "http://a", ""])
    func brokenURLs(_ url: String) {
        #expect(throws: RedisError.self) { try RedisClusterSettings(url: url) }
    }
}
