import MartletRESP
import Testing

@testable import MartletRedis

@Suite("Answers that no server gives")
struct HostileAnswerTests {
    /// Values that mean something somewhere, and values that mean nothing anywhere.
    private static let leaves: [RESPValue] = [
        .null, .integer(0), .integer(16383), .integer(16384), .integer(-1), .integer(.min), .integer(.max),
        .integer(6379), .integer(65535), .integer(65536), .bulk(""), .bulk("?"), .bulk("127.0.0.1"), .bulk("slots"),
        .bulk("nodes"), .bulk("port"), .bulk("ip"), .bulk("endpoint"), .bulk("role"), .bulk("master"), .bulk("health"),
        .bulk("flags"), .bulk("slave,s_down"), .bulk("99999999999999999999"), .bulk("6379"), .bulk("message"),
        .bulk("pmessage"), .bulk("sunsubscribe"), .bulk([0xFF, 0xFE]), .double(.nan), .double(.infinity),
        .boolean(true),
        .bigNumber("123456789012345678901234567890"), .simple("OK"), .error(RESPErrorReply("ERR")),
        .verbatim(format: "txt", text: [1]),
    ]

    private func value(_ depth: Int, _ generator: inout some RandomNumberGenerator) -> RESPValue {
        guard depth > 0, Int.random(in: 0..<3, using: &generator) > 0 else {
            return Self.leaves.randomElement(using: &generator) ?? .null
        }
        let count = Int.random(in: 0..<6, using: &generator)
        switch Int.random(in: 0..<5, using: &generator) {
        case 0:
            return .map(
                (0..<count).map { _ in
                    RESPValue.Entry(value(0, &generator), value(depth - 1, &generator))
                })
        case 1: return .set((0..<count).map { _ in value(depth - 1, &generator) })
        default: return .array((0..<count).map { _ in value(depth - 1, &generator) })
        }
    }

    @Test("whatever comes is understood or refused, and what is understood makes sense")
    func anything() {
        var generator = SystemRandomNumberGenerator()
        for _ in 0..<20_000 {
            let answer = value(4, &generator)
            for map in [
                try? RedisSlotMap(slots: answer, from: "h"), try? RedisSlotMap(shards: answer, from: "h"),
            ] {
                guard let map else { continue }
                #expect(map.nodes.allSatisfy { $0.port > 0 && !$0.host.isEmpty })
                #expect((0...RedisSlot.count).contains(map.coveredCount))
            }
            if let master = try? SentinelAnswers.master(answer, from: "h") { #expect(master.port > 0) }
            for node in (try? SentinelAnswers.replicas(answer, from: "h")) ?? [] { #expect(node.port > 0) }
            _ = try? SentinelAnswers.role(answer)
            if let parts = answer.elements { _ = PubSubReply(parts) }
            _ = answer.memorySize
            for merging in [ClusterRoute.Merging.first, .sum, .joined, .every] {
                _ = try? merging.merge([answer, answer])
            }
        }
    }

    @Test("whatever an error says, it leads to a slot and a node that can be, or nowhere")
    func redirections() {
        var generator = SystemRandomNumberGenerator()
        let pieces = [
            "MOVED", "ASK", " ", "3999", "16384", "-1", "127.0.0.1", ":", "::1", "[", "]", "6379", "0", "65536", "?",
            "\u{0}", "é",
        ]
        for _ in 0..<20_000 {
            let text = (0..<Int.random(in: 0..<9, using: &generator)).map { _ in
                pieces.randomElement(using: &generator) ?? ""
            }.joined()
            guard let redirection = RedisRedirection(text, from: "h") else { continue }
            #expect(redirection.address.port > 0)
            #expect(!redirection.address.host.isEmpty)
        }
    }
}
