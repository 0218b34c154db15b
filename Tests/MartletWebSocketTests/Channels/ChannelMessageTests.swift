import MartletWebSocketCodec
import Testing

@testable import MartletWebSocket

@Suite("What workers tell each other about channels")
struct ChannelMessageTests {
    private nonisolated static let longName = String(repeating: "ä", count: 127) + "x"

    private nonisolated static let messages: [ChannelMessage] = [
        .published(channel: "room/1", .text, ArraySlice("hello".utf8)),
        .published(channel: longName, .binary, [0xFF, 0, 1]),
        .published(channel: "a", .binary, []),
        .joined(channel: "room", member("alice", "{\"name\":\"Alice\"}"), sequence: 0),
        .joined(channel: longName, member(longName, String(repeating: "i", count: 1024)), sequence: .max),
        .left(channel: "room", id: "alice", sequence: 7),
        .stateBegins(sequence: 1), .stateEnds(sequence: 0xFFFF_FFFF), .stateWanted(of: 0), .stateWanted(of: .max),
    ]

    private nonisolated static func member(_ id: String, _ info: String) -> PresenceMember {
        guard let member = PresenceMember(id: id, info: info) else { fatalError("\(id) is no member") }
        return member
    }

    @Test("is read back as it was written", arguments: messages)
    func roundTrip(message: ChannelMessage) {
        #expect(ChannelMessage(decoding: message.encoded) == message)
    }

    @Test("is at most what the bus carries")
    func longest() {
        let payload = [UInt8](repeating: 1, count: ChannelMessage.longestPayload)
        #expect(ChannelMessage.published(channel: Self.longName, .binary, payload[...]).encoded.count == 1 << 20)
    }

    @Test(
        "is refused when it is garbled",
        arguments: [
            [], [0], [8], [0xFF], [1], [1, 0], [1, 0, 65], [1, 2, 65], [1, 1, 0xFF], [2, 255, 65],
            [3, 0, 0, 0], [3, 0, 0, 0, 0, 1, 65], [3, 0, 0, 0, 0, 1, 65, 0], [3, 0, 0, 0, 0, 1, 65, 1, 66, 0xC0],
            [3, 0, 0, 0, 0, 1, 65, 1, 66] + [UInt8](repeating: 65, count: 1025),
            [4, 0, 0, 0, 0, 1, 65], [4, 0, 0, 0, 0, 1, 65] + [UInt8](repeating: 65, count: 256), [5], [5, 0, 0, 0],
            [5, 0, 0, 0, 0, 0], [6, 1], [7, 0, 0, 0, 0, 0, 0, 0], [7, 0, 0, 0, 0, 0, 0, 0, 0, 0],
        ] as [[UInt8]])
    func garbled(bytes: [UInt8]) {
        #expect(ChannelMessage(decoding: bytes) == nil)
    }

    @Test("whatever the bytes: none, or one that encodes to them")
    func anyBytes() {
        var numbers = TestNumbers(state: 5)
        for _ in 0..<20_000 {
            var bytes = Self.messages[Int.random(in: 0..<Self.messages.count, using: &numbers)].encoded
            for _ in 0..<Int.random(in: 1...4, using: &numbers) {
                switch Int.random(in: 0..<3, using: &numbers) {
                case 0 where !bytes.isEmpty: bytes.removeLast(Int.random(in: 0..<bytes.count, using: &numbers))
                case 1: bytes.append(.random(in: 0...255, using: &numbers))
                default:
                    guard !bytes.isEmpty else { continue }
                    bytes[Int.random(in: 0..<min(12, bytes.count), using: &numbers)] = .random(
                        in: 0...255, using: &numbers)
                }
            }
            guard let message = ChannelMessage(decoding: bytes) else { continue }
            #expect(message.encoded == bytes)
        }
    }
}

@Suite("Patterns for the names of channels")
struct ChannelNamePatternTests {
    @Test(
        "are filled with parameters",
        arguments: [
            ("chat", [], "chat"), ("chat/{room}", ["room"], "chat/<room>"),
            ("{a}{b}-{a}", ["a", "b", "a"], "<a><b>-<a>"),
            ("{a}!", ["a"], "<a>!"),
        ] as [(String, [String], String)])
    func filled(text: String, parameters: [String], name: String) throws {
        let pattern = try ChannelNamePattern(text)
        #expect(pattern.parameters == parameters)
        #expect(pattern.name { "<\($0)>" } == name)
        #expect((pattern.name { _ in nil } == nil) == !parameters.isEmpty)
    }

    @Test("are refused when they are wrong", arguments: ["", "{", "}", "{}", "a{b", "a}b", "{a{b}}", "{a}}"])
    func refused(text: String) {
        #expect(throws: ChannelNamePatternError.self) { try ChannelNamePattern(text) }
    }
}
