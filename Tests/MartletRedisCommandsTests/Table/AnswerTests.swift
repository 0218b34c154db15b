import MartletRESP
import MartletRedis
import RedisFixture
import Testing

/// Every method that can do no harm, on a server that has something for it to find.
@Suite("answers to all commands")
struct AnswerTests {
    /// Those that would end, stop or change the server, or the connection on which the others come, or wait.
    private let harmful: Set = [
        "ACL LOAD", "ACL SAVE", "ASKING", "AUTH", "BGREWRITEAOF", "BGSAVE", "CLIENT CACHING", "CLIENT KILL",
        "CLIENT NO-EVICT", "CLIENT NO-TOUCH", "CLIENT PAUSE", "CLIENT SETINFO", "CLIENT SETNAME", "CLIENT TRACKING",
        "CONFIG REWRITE", "CONFIG SET",
        "DISCARD", "EXEC", "FAILOVER", "HELLO", "MIGRATE", "MODULE LOAD", "MODULE LOADEX", "MODULE UNLOAD", "MULTI",
        "READONLY", "READWRITE", "REPLICAOF", "SAVE", "SELECT", "SHUTDOWN", "SLAVEOF", "SWAPDB", "UNWATCH", "WAIT",
        "WAITAOF", "WATCH",
    ]

    /// Those to which the calls of the table mean nothing: no such thing, or no such state.
    private let refused: Set = [
        "ACL CAT", "ACL DRYRUN", "ACL SETUSER", "COMMAND GETKEYS", "COMMAND GETKEYSANDFLAGS", "EVAL", "EVAL_RO",
        "EVALSHA", "EVALSHA_RO",
        "FCALL",
        "FCALL_RO", "FUNCTION DELETE", "FUNCTION KILL", "FUNCTION LOAD", "FUNCTION RESTORE", "LATENCY GRAPH",
        "OBJECT FREQ", "RESTORE", "SCRIPT KILL", "SCRIPT LOAD", "XGROUP CREATE", "XSETID",
    ]

    /// What the calls of a group find: keys as the table's calls have them, of the group's type.
    private func seeds(_ group: String) -> [RedisCommand] {
        let keys = ["key1", "keys1", "keys2", "source1", "key11", "key21"].map { "{k}:\($0)" }
        return switch group {
        case "hash":
            keys.map { RedisOperation.hset($0, ["field": "1", "field1": "1", "fields1": "1", "fields2": "2"]).command }
        case "list": keys.map { RedisOperation.rpush($0, ["element1", "pivot1", "3"]).command }
        case "set": keys.map { RedisOperation.sadd($0, ["member1", "members1", "members2"]).command }
        case "sorted-set":
            keys.map { RedisOperation.zadd($0, ["member1": 1, "members1": 2, "members2": 3]).command }
        case "geo":
            keys.flatMap { key in
                ["member11", "member21", "member1", "members1", "members2"].map {
                    RedisOperation.geoadd(key, [RedisPlace($0, longitude: 15, latitude: 37)]).command
                }
            }
        case "stream":
            [
                RedisOperation.xadd("{k}:key1", id: .id(RedisStreamID(5, 1)), ["field": "value"]).command,
                RedisOperation.xadd("{k}:key1", id: .id(RedisStreamID(6, 1)), ["field": "value"]).command,
                RedisOperation.xgroupCreate("{k}:key1", group: "group1", from: .beginning).command,
                RedisOperation.xreadgroup(group: "group1", consumer: "other", count: 1, streams: [.new("{k}:key1")])
                    .command,
            ]
        case "hyperloglog": keys.map { RedisOperation.pfadd($0, ["element"]).command }
        case "generic": keys.map { RedisOperation.rpush($0, ["3", "1", "2"]).command }
        default: keys.map { RedisOperation.set($0, 5).command }
        }
    }

    @Test("every answer is of the type and of the kind that the table says", arguments: [2, 3])
    func answers(protocolVersion: Int) async throws {
        try await withClient(protocolVersion: protocolVersion) { (client) async throws in
            var count = 0
            for group in try await CommandGroup.known(to: client) where group.name != "cluster" {
                for command in group.commands where !harmful.contains(command.name) {
                    for sample in command.samples {
                        let commands = [RedisOperation.flushall().command] + seeds(group.name) + [sample.command]
                        let answer = try #require(try await client.send(commands).last)
                        count += check(answer, to: sample, of: command, protocolVersion) ? 1 : 0
                    }
                }
            }
            #expect(count > 350)
        }
    }

    private func check(
        _ answer: RESPValue, to sample: CommandSample, of command: TableCommand, _ protocolVersion: Int
    ) -> Bool {
        let call = sample.command.argumentBytes.map { String(decoding: $0, as: UTF8.self) }
        if case .error(let error) = answer {
            #expect(refused.contains(command.name), "\(call): \(error)")
            return false
        }
        #expect(throws: Never.self, "\(call): \(answer)") { try sample.decode(answer) }
        if let kinds = sample.kinds, !answer.isNull {
            let kind = protocolVersion == 2 ? kinds.0 : kinds.1
            #expect(isOf(kind, answer), "\(call) is no \(kind): \(answer)")
        }
        return true
    }

    /// `array` is an array; `arrays` an array of arrays, which may be empty.
    private func isOf(_ kind: String, _ value: RESPValue) -> Bool {
        if kind.hasSuffix("s") {
            guard case .array(let elements) = value else { return false }
            return elements.allSatisfy { $0.isNull || isOf(String(kind.dropLast()), $0) || isArray($0, of: kind) }
        }
        return value.kind == (kind == "bulk" ? "bulk string" : kind)
    }

    /// A position is an array of its own: of bulks in RESP2, of doubles in RESP3.
    private func isArray(_ value: RESPValue, of kind: String) -> Bool {
        guard case .array(let elements) = value, kind != "arrays" else { return false }
        return elements.allSatisfy { isOf(String(kind.dropLast()), $0) }
    }
}
