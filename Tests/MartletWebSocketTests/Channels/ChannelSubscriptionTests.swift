import MartletLoop
import MartletServer
import Testing

@testable import MartletWebSocket

@Suite("A subscription of code", .timeLimit(.minutes(5)))
struct ChannelSubscriptionTests {
    @Test("gives what is published, in its order, and ends when it is cancelled")
    func gives() async throws {
        let channels = Channels()
        let subscription = channels["orders"].subscribe()
        channels["orders"].publish("one")
        channels["orders"].publish([2])
        let reading = Task {
            var read: [WebSocketMessage] = []
            for try await message in subscription { read.append(message) }
            return read
        }
        await turn(3)
        channels["orders"].publish("three")
        subscription.cancel()
        #expect(try await reading.value == [.text("one"), .binary([2]), .text("three")])
        #expect(channels.names.isEmpty)
        channels["orders"].publish("four")
        #expect(try await subscription.next() == nil)
    }

    @Test("drops the oldest beyond its limit, and says how many")
    func dropsOldest() async throws {
        let channels = Channels()
        let subscription = channels["orders"].subscribe(limit: 3)
        for number in 0..<10 { channels["orders"].publish("\(number)") }
        #expect(subscription.dropped == 7)
        for number in 7..<10 { #expect(try await subscription.next() == .text("\(number)")) }
    }

    @Test("fails beyond its limit if it is told to, behind what it holds")
    func fails() async throws {
        let channels = Channels()
        let subscription = channels["orders"].subscribe(limit: 2, overflow: .fail)
        for number in 0..<4 { channels["orders"].publish("\(number)") }
        #expect(channels.names.isEmpty)
        #expect(try await subscription.next() == .text("0"))
        #expect(try await subscription.next() == .text("1"))
        await #expect(throws: ChannelOverflowError(limit: 2)) { try await subscription.next() }
    }

    @Test("ends with the last one who holds it")
    func endsWithItsHolder() async {
        let channels = Channels()
        var subscription: ChannelSubscription<WebSocketMessage>? = channels["orders"].subscribe()
        #expect(subscription != nil)
        #expect(channels["orders"].subscriberCount == 1)
        subscription = nil
        #expect(await eventually { channels.names.isEmpty })
    }

    @Test("stops waiting when the task is cancelled, and stays")
    func cancelledTask() async throws {
        let channels = Channels()
        let subscription = channels["orders"].subscribe()
        let waiting = Task { try await subscription.next() }
        await turn(2)
        waiting.cancel()
        await #expect(throws: CancellationError.self) { try await waiting.value }
        channels["orders"].publish("still here")
        #expect(try await subscription.next() == .text("still here"))
    }
}
