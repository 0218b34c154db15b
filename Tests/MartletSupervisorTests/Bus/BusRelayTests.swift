import Glibc
import MartletLoop
import MartletServer
import Testing

@testable import MartletSupervisor

@Suite("Bus relay")
struct BusRelayTests {
    @Test("a message reaches all others, with its sender, and not the sender itself")
    func broadcast() async throws {
        let office = TestBus()
        let parties = try [11, 12, 13].map { try office.join($0) }
        #expect(parties.map(\.bus.identity) == [11, 12, 13])
        #expect(parties[1].say("hello"))
        #expect(await soon { !parties[0].messages.isEmpty && !parties[2].messages.isEmpty })
        for index in [0, 2] { #expect(parties[index].events.last == .message(Array("hello".utf8), from: 12)) }
        #expect(parties[1].messages.isEmpty)
        #expect(office.relay.figures.messages == 1)
        #expect(office.relay.figures.bytes == 5)
    }

    @Test("everyone knows who is there: those who were there before, and those who come and go")
    func membership() async throws {
        let office = TestBus()
        let first = try office.join(1)
        let second = try office.join(2)
        let third = try office.join(3)
        #expect(
            await soon { first.bus.others == [2, 3] && second.bus.others == [1, 3] && third.bus.others == [1, 2] })
        #expect(first.events == [.joined(2), .joined(3)])
        office.remove(2)
        #expect(await soon { first.bus.others == [3] && third.bus.others == [1] })
        #expect(first.events.last == .left(2))
        #expect(await soon { second.bus.others.isEmpty })
        #expect(Set(second.events.suffix(2)) == [.left(1), .left(3)])
        #expect(!second.say("nobody hears this"))
        #expect(office.relay.memberCount == 2)
    }

    @Test("each sender's messages arrive in their order, few or many, short or of the largest size")
    func order() async throws {
        let office = TestBus()
        let parties = try [1, 2, 3].map { try office.join($0) }
        for index in 0..<2000 {
            parties[0].say("a\(index)")
            parties[1].say("b\(index)" + String(repeating: "x", count: index % 7 == 0 ? 1000 : 0))
            if index.isMultiple(of: 100) { await EventLoop.yield() }
        }
        for filler in ["y", "z"] {
            #expect(
                parties[0].bus.broadcast(
                    [UInt8](filler.utf8) + [UInt8](repeating: 0, count: (1 << 20) - 1), to: TestBus.service))
        }
        #expect(await soon { parties[2].messages.count == 4002 })
        let heard = parties[2].messages
        #expect(heard.filter { $0.hasPrefix("a") } == (0..<2000).map { "a\($0)" })
        #expect(
            heard.compactMap { $0.hasPrefix("b") ? Int($0.dropFirst().prefix { $0 != "x" }) : nil } == Array(0..<2000))
        #expect(heard.filter { $0.hasPrefix("y") || $0.hasPrefix("z") }.map(\.utf8.count) == [1 << 20, 1 << 20])
        #expect(office.relay.figures.dropped == 0)
    }

    @Test("a message that is too long is refused, and the others go on")
    func tooLong() async throws {
        let office = TestBus()
        let (first, second) = (try office.join(1), try office.join(2))
        #expect(!first.bus.broadcast([UInt8](repeating: 0, count: first.bus.longestMessage + 1), to: TestBus.service))
        #expect(first.say("after"))
        #expect(await soon { second.messages == ["after"] })
    }

    @Test("services do not hear each other, and nobody hears a service that it does not listen to")
    func services() async throws {
        let office = TestBus()
        let (first, second) = (try office.join(1), try office.join(2))
        var others: [WorkerBusEvent] = []
        second.bus.listen(to: .channels) { others.append($0) }
        first.bus.broadcast([1], to: .channels)
        first.bus.broadcast([2], to: WorkerBusService(rawValue: 129))
        first.say("mine")
        #expect(await soon { second.messages == ["mine"] })
        #expect(others.contains(.message([1], from: 1)) && others.allSatisfy { $0 != .message([2], from: 1) })
        second.bus.stopListening(to: .channels)
        let before = others.count
        first.bus.broadcast([3], to: .channels)
        first.say("more")
        #expect(await soon { second.messages.count == 2 })
        #expect(others.count == before)
    }

    @Test("what comes before a worker listens waits for it")
    func late() async throws {
        let office = TestBus()
        let first = try office.join(1)
        let second = try office.join(2, listens: false)
        first.say("early")
        #expect(await soon { office.relay.figures.messages == 1 })
        #expect(second.bus.others.isEmpty)
        second.listen()
        #expect(await soon { second.messages == ["early"] })
        #expect(second.events.first == .joined(1))
    }

    @Test("a worker that takes nothing costs a bounded queue and none of the others' messages, and is told of once")
    func stopped() async throws {
        let office = TestBus()
        let (sender, reader) = (try office.join(1), try office.join(2))
        let stopped = try office.admit(3)
        defer { close(stopped) }
        let message = [UInt8](repeating: 7, count: 100_000)
        for round in 1...30 {
            for _ in 0..<10 { #expect(sender.bus.broadcast(message, to: TestBus.service)) }
            try #require(await soon { reader.messages.count == round * 10 })
        }
        let dropped = Int(office.relay.figures.dropped)
        // What it has is what the queue and the socket hold.
        #expect((300 - dropped) * 100_000 <= BusRelay.longestQueue + (1 << 20))
        #expect((300 - dropped) * 100_000 >= BusRelay.longestQueue - (1 << 20))
        #expect(office.notes == ["warning: messages on the bus are dropped: worker 3 does not take them in time"])
        #expect(office.relay.memberCount == 3)
        // Who comes and goes it learns all the same: after all that was kept for it.
        _ = try office.join(4)
        office.remove(4)
        let late = try #require(try? BusConnection(stopped, accepting: [.welcome, .joined, .message, .left]))
        var heard: [BusFrame] = []
        late.onFrames = { run in heard += run.withUnsafeBytes { BusFrames($0).map(\.frame) } }
        late.startReading()
        #expect(await soon { heard.last == BusFrame(.left, worker: 4) })
        #expect(heard.first == BusFrame(.welcome, worker: 3))
        #expect(heard.count { $0.kind == .message } == 300 - dropped)
        #expect(heard.allSatisfy { $0.kind != .message || $0.worker == 1 })
    }

    @Test("a worker that not even news can be told of any more loses the bus")
    func hopeless() async throws {
        let office = TestBus()
        let sender = try office.join(1)
        let stopped = try office.admit(2)
        defer { close(stopped) }
        for _ in 0..<12 {
            #expect(sender.bus.broadcast([UInt8](repeating: 7, count: 1 << 20), to: TestBus.service))
            let sent = office.relay.figures.messages
            try #require(await soon { office.relay.figures.messages > sent })
        }
        var comings: UInt64 = 0
        while office.relay.memberCount > 1, comings < 100_000 {
            comings += 1
            let end = try office.admit(1000 + comings)
            office.remove(1000 + comings)
            close(end)
            if comings.isMultiple(of: 50) { await EventLoop.yield() }
        }
        #expect(office.relay.memberCount == 1)
        #expect(office.notes.last?.hasPrefix("error: worker 2 has lost the bus") == true)
    }

    @Test("a sender whose way is full is told so, and the drops are counted with its next message")
    func fullAtSender() async throws {
        let office = TestBus()
        let (sender, reader) = (try office.join(1), try office.join(2))
        let message = [UInt8](repeating: 1, count: 1 << 20)
        var taken = 0
        // Nothing leaves in this turn of the loop.
        while sender.bus.broadcast(message, to: TestBus.service) { taken += 1 }
        #expect(taken == 7)
        #expect(!sender.bus.broadcast(message, to: TestBus.service))
        #expect(await soon { reader.messages.count == taken })
        #expect(sender.say("there is room again"))
        #expect(await soon { reader.messages.count == taken + 1 })
        #expect(office.relay.figures.dropped == 2)
    }

    @Test(
        "a worker that sends what is no message loses the bus, after what came before it; the others are told",
        arguments: [
            ([0, 0, 0, 0, 9], "kind 9 is unknown"), ([0, 0, 0, 0, 3], "joined is not this side's to send"),
            ([0, 0, 32, 0, 1], "a length of 2097152 is too large"),
        ] as [([UInt8], String)])
    func broken(bytes: [UInt8], reason: String) async throws {
        let office = TestBus()
        let reader = try office.join(1)
        let hostile = try office.admit(2)
        defer { close(hostile) }
        var stream: [UInt8] = []
        BusFrame(messageOf: 4, service: TestBus.service.rawValue, dropped: 0).appendHeader(to: &stream)
        stream += Array("good".utf8) + bytes + [UInt8](repeating: 0, count: BusFrame.headerSize - bytes.count)
        #expect(stream.withUnsafeBytes { write(hostile, $0.baseAddress, $0.count) } == stream.count)
        #expect(await soon { reader.bus.others.isEmpty && !reader.messages.isEmpty })
        #expect(reader.events == [.joined(2), .message(Array("good".utf8), from: 2), .left(2)])
        #expect(office.notes == ["error: worker 2 has lost the bus: broken frame on the bus: \(reason)"])
        office.remove(2)
        #expect(office.relay.memberCount == 1)
    }

    @Test("a worker cannot send in another's name")
    func forged() async throws {
        let office = TestBus()
        let reader = try office.join(1)
        let hostile = try office.admit(2)
        defer { close(hostile) }
        var frame = BusFrame(messageOf: 0, service: TestBus.service.rawValue, dropped: 0)
        frame.worker = 77
        #expect(frame.header.withUnsafeBytes { write(hostile, $0.baseAddress, $0.count) } == frame.size)
        #expect(await soon { reader.events.last == .message([], from: 2) })
    }

    @Test("a process's last words arrive before the news that it is gone")
    func lastWords() async throws {
        let office = TestBus()
        let reader = try office.join(1)
        let leaving = try office.admit(2)
        var stream: [UInt8] = []
        for index in 0..<100 {
            let text = Array("\(index)".utf8)
            BusFrame(messageOf: text.count, service: TestBus.service.rawValue, dropped: 0).appendHeader(to: &stream)
            stream += text
        }
        #expect(stream.withUnsafeBytes { write(leaving, $0.baseAddress, $0.count) } == stream.count)
        close(leaving)
        office.remove(2)
        #expect(await soon { reader.events.last == .left(2) })
        #expect(reader.messages == (0..<100).map { "\($0)" })
    }

    @Test("an end on which nobody has said who the worker is cannot be joined")
    func noWelcome() throws {
        let (ours, theirs) = try BusConnection.pair()
        defer {
            close(ours)
            close(theirs)
        }
        #expect(throws: SystemError.self) { try RelayedBus(theirs) }
    }
}
