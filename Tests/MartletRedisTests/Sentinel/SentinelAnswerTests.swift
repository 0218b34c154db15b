import MartletRESP
import Testing

@testable import MartletRedis

@Suite("What sentinels say")
struct SentinelAnswerTests {
    private func fields(_ pairs: [String]) -> RESPValue { .array(pairs.map { .bulk($0) }) }

    @Test("a sentinel names the master, or knows of none")
    func master() throws {
        let answer = RESPValue.array([.bulk("10.0.0.1"), .bulk("6379")])
        #expect(try SentinelAnswers.master(answer, from: "s") == RedisNodeAddress(host: "10.0.0.1", port: 6379))
        #expect(try SentinelAnswers.master(.null, from: "s") == nil)
        let broken: [RESPValue] = [
            .integer(1), .array([]), .array([.bulk("a")]), .array([.bulk("a"), .bulk("0")]),
            .array([.bulk("a"), .bulk("99999")]), .array([.bulk("a"), .null]), .array([.bulk("a"), .bulk("x")]),
            .array([.bulk("a b"), .bulk("1")]), .array([.array([]), .array([])]),
        ]
        for answer in broken {
            #expect(throws: RedisMismatch.self, "\(answer)") { try SentinelAnswers.master(answer, from: "s") }
        }
    }

    @Test("replicas that are down, disconnected or without their master are passed over")
    func replicas() throws {
        let answer = RESPValue.array([
            fields(["name", "a", "ip", "a", "port", "1", "flags", "slave", "master-link-status", "ok"]),
            fields(["name", "b", "ip", "b", "port", "2", "flags", "s_down,slave"]),
            fields(["name", "c", "ip", "c", "port", "3", "flags", "slave,disconnected"]),
            fields(["name", "d", "ip", "d", "port", "4", "flags", "slave", "master-link-status", "err"]),
            fields(["name", "e", "ip", "e", "port", "70000", "flags", "slave"]),
            .map([.init(.bulk("ip"), .bulk("f")), .init(.bulk("port"), .bulk("6"))]),
        ])
        #expect(try SentinelAnswers.replicas(answer, from: "s").map(\.host) == ["a", "f"])
        for answer in [RESPValue.null, .array([.integer(1)]), .bulk("x"), .array([.array([.null])])] {
            #expect(throws: RedisMismatch.self, "\(answer)") { try SentinelAnswers.replicas(answer, from: "s") }
        }
    }

    @Test("a server says what it is")
    func roles() throws {
        #expect(try SentinelAnswers.role(.array([.bulk("master"), .integer(1), .array([])])) == .master)
        let replica: [RESPValue] = [.bulk("slave"), .bulk("a"), .integer(1), .bulk("connected"), .integer(1)]
        #expect(try SentinelAnswers.role(.array(replica)) == .replica(isConnected: true))
        #expect(try SentinelAnswers.role(.array([.bulk("slave")])) == .replica(isConnected: false))
        #expect(try SentinelAnswers.role(.array([.bulk("sentinel"), .array([])])) == .sentinel)
        for answer in [RESPValue.null, .array([]), .array([.integer(1)]), .array([.bulk("king")])] {
            #expect(throws: RedisMismatch.self, "\(answer)") { try SentinelAnswers.role(answer) }
        }
    }

    @Test("+switch-master names the new master of one name")
    func switches() {
        let text = "mymaster 10.0.0.1 6379 10.0.0.2 6380"
        #expect(
            SentinelAnswers.switchedMaster(text, of: "mymaster") == RedisNodeAddress(host: "10.0.0.2", port: 6380))
        #expect(SentinelAnswers.switchedMaster(text, of: "other") == nil)
        for text in ["", "mymaster", "mymaster a 1 b", "mymaster a 1 b 0", "mymaster a 1 b x", "mymaster a 1 b 1 c"] {
            #expect(SentinelAnswers.switchedMaster(text, of: "mymaster") == nil)
        }
    }
}
