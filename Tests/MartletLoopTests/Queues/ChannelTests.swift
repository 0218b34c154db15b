import MartletLoop
import Testing

@Suite("Channel")
struct ChannelTests {
    @Test("without a capacity, a sender goes on only when its element was received")
    func rendezvous() async throws {
        let channel = Channel<Int>()
        #expect(try !channel.trySend(0))
        #expect(channel.tryReceive() == nil)
        let senders = (1...3).map { number in Task.immediate { try await channel.send(number) } }
        #expect(channel.waitingSenders == 3)
        #expect(channel.count == 0)
        for number in 1...3 { #expect(try await channel.receive() == number) }
        for sender in senders { try await sender.value }

        var got: [Int?] = []
        let receivers = (0..<2).map { _ in Task.immediate { got.append(try await channel.receive()) } }
        #expect(channel.waitingReceivers == 2)
        try await expectNoSuspension { try await channel.send(7) }
        #expect(try channel.trySend(8))
        for receiver in receivers { try await receiver.value }
        #expect(got == [7, 8])
    }

    @Test("with a capacity, senders wait when it is used up, and elements keep their order")
    func buffered() async throws {
        let channel = Channel<Int>(capacity: 2)
        try await expectNoSuspension {
            try await channel.send(0)
            try await channel.send(1)
        }
        let senders = (2...3).map { number in Task.immediate { try await channel.send(number) } }
        #expect(channel.waitingSenders == 2)
        #expect(try await channel.receive() == 0)
        #expect(channel.waitingSenders == 1)
        #expect(try !channel.trySend(9))
        for number in 1...3 { #expect(try await channel.receive() == number) }
        for sender in senders { try await sender.value }
        #expect(channel.count == 0)
    }

    @Test("a task that is cancelled while it waits leaves nothing in the line")
    func cancelled() async throws {
        final class Parcel: Sendable {}
        let channel = Channel<Parcel>()
        weak var parcel: Parcel?
        do {
            let sent = Parcel()
            parcel = sent
            let sender = Task.immediate { try await channel.send(sent) }
            sender.cancel()
            _ = await sender.result
        }
        await Task.yield()
        #expect(parcel == nil)
        #expect(channel.tryReceive() == nil)
    }

    @Test("closed, it gives out what is in it and then the end, and takes nothing")
    func closed() async throws {
        let channel = Channel<Int>(capacity: 1)
        try await channel.send(1)
        let sender = Task.immediate { try await channel.send(2) }
        channel.close()
        channel.close()
        #expect(channel.isClosed)
        await #expect(throws: ChannelError.self) { try await sender.value }
        await #expect(throws: ChannelError.self) { try await channel.send(3) }
        var got: [Int] = []
        for try await element in channel { got.append(element) }
        #expect(got == [1])
        #expect(try await channel.receive() == nil)
    }

    @Test("closed while it is empty, those who wait to receive get the end")
    func closedEmpty() async throws {
        let channel = Channel<Int>()
        let receiver = Task.immediate { try await channel.receive() }
        channel.close()
        #expect(try await receiver.value == nil)
    }

    @Test("elements that are optional keep a nil apart from the end")
    func optionals() async throws {
        let channel = Channel<Int?>(capacity: 3)
        try await channel.send(nil)
        try await channel.send(1)
        channel.close()
        var got: [Int?] = []
        for try await element in channel { got.append(element) }
        #expect(got == [nil, 1])
    }

    @Test("a negative capacity ends the program and names the place")
    func misuse() async {
        let negative = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
            await MainActor.run { _ = Channel<Int>(capacity: -1) }
        }
        expect(negative, says: "a channel cannot hold -1 elements", "ChannelTests.swift:\(#line - 3)")
    }
}
