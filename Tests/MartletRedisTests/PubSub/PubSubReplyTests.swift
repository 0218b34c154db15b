import MartletRESP
import Testing

@testable import MartletRedis

@Suite("What a server says to subscribers")
struct PubSubReplyTests {
    private func bulks(_ texts: String...) -> [RESPValue] { texts.map { .bulk($0) } }
    private func bytes(_ text: String) -> [UInt8] { Array(text.utf8) }

    @Test("messages of channels, patterns and sharded channels are told apart")
    func messages() {
        #expect(
            PubSubReply(bulks("message", "c", "p"))
                == .message(.channel, RedisMessage(channel: bytes("c"), payload: bytes("p"))))
        #expect(
            PubSubReply(bulks("pmessage", "c*", "c1", "p"))
                == .message(.pattern, RedisMessage(channel: bytes("c1"), pattern: bytes("c*"), payload: bytes("p"))))
        #expect(
            PubSubReply(bulks("smessage", "c", "p"))
                == .message(.shard, RedisMessage(channel: bytes("c"), payload: bytes("p"))))
    }

    @Test("acknowledgements are told apart")
    func acknowledgements() {
        let kinds: [(String, PubSubReply.Kind)] = [("", .channel), ("p", .pattern), ("s", .shard)]
        for (letter, kind) in kinds {
            let count = [RESPValue.integer(1)]
            #expect(PubSubReply(bulks("\(letter)subscribe", "c") + count) == .subscribed(kind, bytes("c")))
            #expect(PubSubReply(bulks("\(letter)unsubscribe", "c") + count) == .unsubscribed(kind, bytes("c")))
            #expect(PubSubReply(bulks("\(letter)unsubscribe") + [.null, .integer(0)]) == .unsubscribed(kind, nil))
        }
    }

    @Test("anything else is nothing")
    func others() {
        let others: [[RESPValue]] = [
            [], bulks("message"), bulks("message", "c"), bulks("message", "c", "p", "q"), bulks("pmessage", "c", "p"),
            [.bulk("message"), .null, .null], [.bulk("subscribe"), .integer(1), .integer(1)], bulks("pong", "", ""),
            bulks("invalidate", "k", "l"), [.integer(1), .integer(1), .integer(1)],
        ]
        for parts in others { #expect(PubSubReply(parts) == nil, "\(parts)") }
    }
}

@Suite("What waits for a subscription's reader")
struct SubscriptionMailboxTests {
    private func message(_ text: String) -> RedisMessage { RedisMessage(channel: [1], payload: Array(text.utf8)) }

    private func rest(of mailbox: SubscriptionMailbox) async throws -> [String] {
        mailbox.end()
        var texts: [String] = []
        while let event = try await mailbox.next() {
            switch event {
            case .message(let message): texts.append(message.text)
            case .gap(.overflow(let count)): texts.append("\(count) dropped")
            case .gap(let gap): texts.append("\(gap)")
            }
        }
        return texts
    }

    @Test("the oldest messages make room, and where they were their number is told")
    func dropping() async throws {
        let mailbox = SubscriptionMailbox(for: [], RedisSubscriptionBuffer(messages: 2))
        for text in ["a", "b", "c", "d"] { mailbox.put(message(text)) }
        #expect(mailbox.dropped == 2)
        #expect(try await rest(of: mailbox) == ["2 dropped", "c", "d"])
    }

    @Test("bytes have a bound as well, which a single message may exceed")
    func bytes() async throws {
        let mailbox = SubscriptionMailbox(for: [], RedisSubscriptionBuffer(messages: 100, bytes: 10))
        mailbox.put(message("12345"))
        mailbox.put(message("1234"))
        mailbox.put(message("a message of more than ten bytes"))
        #expect(try await rest(of: mailbox) == ["2 dropped", "a message of more than ten bytes"])
    }

    @Test("a subscription that is to miss nothing ends behind what it holds")
    func failing() async throws {
        let mailbox = SubscriptionMailbox(for: [], RedisSubscriptionBuffer(messages: 1, overflow: .fail))
        mailbox.put(message("a"))
        mailbox.put(message("b"))
        mailbox.put(message("c"))
        #expect(try await mailbox.next()?.message?.text == "a")
        await #expect(throws: RedisError.self) { try await mailbox.next() }
    }

    @Test("gaps that follow each other are one")
    func gaps() async throws {
        let mailbox = SubscriptionMailbox(for: [], RedisSubscriptionBuffer())
        mailbox.put(.reconnected)
        mailbox.put(.reconnected)
        mailbox.put(message("a"))
        mailbox.put(.reconnected)
        #expect(try await rest(of: mailbox) == ["reconnected", "a", "reconnected"])
    }
}
