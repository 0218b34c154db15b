import MartletLoop
import Testing

@Suite("Select")
struct SelectTests {
    @Test("what is ready is done at once, and nothing else")
    func ready() async throws {
        let numbers = Channel<Int>(capacity: 1)
        let words = Channel<String>()
        try await numbers.send(1)
        try await expectNoSuspension {
            let got = try await select(
                .receive(from: words) { $0 ?? "end" },
                .receive(from: numbers) { "\($0 ?? 0)" })
            #expect(got == "1")
        }
        #expect(words.waitingReceivers == 0)
        #expect(try await trySelect(.receive(from: numbers) { _ in true }, .send("word", to: words) { false }) == nil)
    }

    @Test("it waits for whichever comes first, a receive or a send, and leaves the other lines")
    func waits() async throws {
        let numbers = Channel<Int>()
        let words = Channel<String>()
        func selecting() -> Task<String, any Error> {
            Task.immediate {
                try await select(
                    .receive(from: numbers) { "received \($0 ?? 0)" },
                    .send("word", to: words) { "sent" })
            }
        }
        let first = selecting()
        #expect(numbers.waitingReceivers == 1 && words.waitingSenders == 1)
        #expect(try numbers.trySend(5))
        // Its send is withdrawn though it has not gone on yet: nobody can receive it.
        #expect(words.tryReceive() == nil)
        #expect(try await first.value == "received 5")

        let second = selecting()
        #expect(words.tryReceive() == "word")
        #expect(try !numbers.trySend(6))
        #expect(try await second.value == "sent")
        #expect(numbers.waitingReceivers == 0 && words.waitingSenders == 0)
    }

    @Test("two selects meet each other, each in one case")
    func meet() async throws {
        let one = Channel<Int>()
        let other = Channel<Int>()
        let left = Task.immediate {
            try await select(.send(1, to: one) { "sent" }, .receive(from: other) { "received \($0 ?? 0)" })
        }
        let right = Task.immediate {
            try await select(.receive(from: one) { "received \($0 ?? 0)" }, .send(2, to: other) { "sent" })
        }
        let ends = [try await left.value, try await right.value].sorted()
        #expect(ends == ["received 1", "sent"] || ends == ["received 2", "sent"])
        #expect(one.waitingSenders + one.waitingReceivers + other.waitingSenders + other.waitingReceivers == 0)
    }

    @Test("it does not meet itself: a channel in both directions waits for another task")
    func notItself() async throws {
        let channel = Channel<Int>()
        let task = Task.immediate {
            try await select(.send(1, to: channel) { "sent" }, .receive(from: channel) { "received \($0 ?? 0)" })
        }
        #expect(channel.waitingSenders == 1 && channel.waitingReceivers == 1)
        #expect(channel.tryReceive() == 1)
        #expect(try await task.value == "sent")
    }

    @Test("a closed channel is ready: a receive gets the end, a send throws, also while it waits")
    func closed() async throws {
        let channel = Channel<Int>()
        let receiving = Task.immediate { try await select(.receive(from: channel) { $0 == nil }) }
        let another = Channel<Int>()
        let sending = Task.immediate { try await select(.send(1, to: another) {}, .receive(from: channel) { _ in }) }
        channel.close()
        #expect(try await receiving.value)
        try await sending.value
        let late = Task.immediate { try await select(.send(1, to: another) {}) }
        another.close()
        await #expect(throws: ChannelError.self) { try await late.value }
        #expect(try await select(.receive(from: channel) { $0 == nil }))
        await #expect(throws: ChannelError.self) { try await select(.send(1, to: channel) {}) }
    }

    @Test("a busy channel does not starve another")
    func unbiased() async throws {
        let busy = Channel<Int>(capacity: 1000)
        let other = Channel<Int>(capacity: 1000)
        for number in 0..<1000 {
            try await busy.send(number)
            try await other.send(number)
        }
        var counts = [0, 0]
        for _ in 0..<1000 {
            try await select(
                .receive(from: busy) { _ in counts[0] += 1 },
                .receive(from: other) { _ in counts[1] += 1 })
        }
        for count in counts { #expect(count > 400) }
    }

    @Test("a delay ends the wait, exactly then, and is not waited for when another case was first")
    func delays() async throws {
        try await withVirtualClock { clock in
            let start = clock.now
            let channel = Channel<Int>()
            #expect(
                try await select(.receive(from: channel) { _ in false }, .after(.seconds(5)) { true }))
            #expect(clock.now - start == .seconds(5))
            #expect(channel.waitingReceivers == 0)
            let sender = Task.immediate { try await channel.send(1) }
            #expect(try await select(.receive(from: channel) { $0 }, .after(.seconds(5)) { nil }) == 1)
            try await sender.value
            #expect(clock.now - start == .seconds(5))
            #expect(clock.armedTimers == 0)
        }
    }

    @Test("a case may be kept and used again, by several tasks at a time as well")
    func reused() async throws {
        let channel = Channel<Int>()
        let quiet = Channel<Int>()
        let cases: [SelectCase<Int?>] = [.receive(from: channel) { $0 }, .receive(from: quiet) { $0 }]
        let tasks = (0..<3).map { _ in Task.immediate { try await select(cases) } }
        for number in 0..<3 { try await channel.send(number) }
        for (number, task) in tasks.enumerated() { #expect(try await task.value == number) }
        #expect(quiet.waitingReceivers == 0)
    }

    @Test("no cases at all end the program and name the place")
    func misuse() async {
        let empty = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
            try await select([SelectCase<Void>]())
        }
        expect(empty, says: "a select of no cases would wait for ever", "SelectTests.swift:\(#line - 3)")
    }
}
