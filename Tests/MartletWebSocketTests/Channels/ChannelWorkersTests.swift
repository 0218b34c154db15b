import MartletLoop
import MartletServer
import MartletWebSocketCodec
import Testing

@testable import MartletWebSocket

@Suite("Channels of several workers")
struct ChannelWorkersTests {
    private let network = FakeNetwork()

    @Test("carry what is published on one to the subscribers of all, in its order")
    func carry() async throws {
        let workers = (0..<3).map { _ in Channels(transport: network.join()) }
        let sockets = try workers.map { worker in
            let socket = try TestSocket()
            worker["room"].subscribe(socket.socket)
            return socket
        }
        for number in 0..<50 { workers[1]["room"].publish("\(number)") }
        workers[1]["elsewhere"].publish("nobody wants this")
        for socket in sockets {
            await socket.receive(until: 50)
            #expect(socket.texts == (0..<50).map { "\($0)" })
            socket.close()
        }
    }

    @Test("say which channels they want")
    func interest() throws {
        let transport = network.join()
        let channels = Channels(transport: transport)
        let socket = try TestSocket()
        channels["a"].subscribe(socket.socket)
        let subscription = channels["b"].subscribe()
        #expect(transport.wanted == ["a", "b"])
        subscription.cancel()
        #expect(transport.wanted == ["a"])
        socket.close()
        #expect(transport.wanted.isEmpty)
    }

    @Test("pass over what is garbled, and texts that are none")
    func garbled() async throws {
        let transport = network.join()
        let channels = Channels(transport: network.join())
        let socket = try TestSocket()
        channels["room"].subscribe(socket.socket)
        var numbers = TestNumbers(state: 9)
        for _ in 0..<2000 {
            let count = Int.random(in: 0...40, using: &numbers)
            _ = transport.broadcast((0..<count).map { _ in .random(in: 0...9, using: &numbers) })
        }
        _ = transport.broadcast(ChannelMessage.published(channel: "room", .text, [0xFF]).encoded)
        _ = transport.broadcast(ChannelMessage.published(channel: "room", .text, ArraySlice("fine".utf8)).encoded)
        await socket.receive(until: 1)
        #expect(socket.received == [.text("fine")])
        socket.close()
    }

    @Test("are one set for a worker, over its bus")
    func bus() async throws {
        let bus = FakeBus()
        let worker = Worker(bus: bus)
        let channels = worker.channels
        #expect(channels === worker.channels)
        #expect(bus.sent == [.channels: [ChannelMessage.stateWanted(of: 0).encoded]])
        let subscription = channels["room"].subscribe()
        channels["room"].publish("out")
        #expect(
            bus.sent[.channels]?.last
                == ChannelMessage.published(channel: "room", .text, ArraySlice("out".utf8)).encoded)
        let listener = try #require(bus.listeners[.channels])
        listener(.message(ChannelMessage.published(channel: "room", .binary, [1]).encoded, from: 8))
        #expect(try await subscription.next() == .text("out"))
        #expect(try await subscription.next() == .binary([1]))
        let member = try #require(PresenceMember(id: "alice"))
        listener(.message(ChannelMessage.joined(channel: "room", member, sequence: 0).encoded, from: 8))
        #expect(channels["room"].members == [member])
        listener(.left(8))
        #expect(channels["room"].members.isEmpty)
    }

    @Test("serve their own subscribers when the way to the others is full, and say so")
    func full() async throws {
        let counters = Counters<HTTPCounter>.allocate()
        let transport = network.join()
        _ = network.join()
        let channels = Channels(transport: transport, counters: counters)
        let socket = try TestSocket()
        channels["room"].subscribe(socket.socket)
        transport.isFull = true
        #expect(!channels["room"].publish("here"))
        await socket.receive(until: 1)
        #expect(socket.texts == ["here"])
        #expect(counters.load(.channelMessagesDropped) == 1)
        socket.close()
    }
}

@Suite("Presence", .timeLimit(.minutes(5)))
struct PresenceTests {
    private let network = FakeNetwork()

    private func member(_ id: String, _ info: String = "") throws -> PresenceMember {
        try #require(PresenceMember(id: id, info: info))
    }

    private func ids(_ channels: Channels) -> [String] {
        channels["room"].members.map(\.id).sorted()
    }

    @Test("needs an identifier of 1 to 255 bytes and at most 1 KiB of information")
    func bounds() {
        #expect(PresenceMember(id: "") == nil)
        #expect(PresenceMember(id: String(repeating: "x", count: 255)) != nil)
        #expect(PresenceMember(id: String(repeating: "x", count: 256)) == nil)
        #expect(PresenceMember(id: "x", info: String(repeating: "x", count: 1024)) != nil)
        #expect(PresenceMember(id: "x", info: String(repeating: "x", count: 1025)) == nil)
    }

    @Test("is seen on all workers, with what changes")
    func seen() async throws {
        let workers = (0..<2).map { _ in Channels(transport: network.join()) }
        let changes = workers[1]["room"].presenceChanges()
        let sockets = try (0..<3).map { _ in try TestSocket() }
        workers[0]["room"].subscribe(sockets[0].socket, as: try member("alice", "away"))
        workers[0]["room"].subscribe(sockets[1].socket, as: try member("alice", "away"))
        workers[1]["room"].subscribe(sockets[2].socket, as: try member("bob"))
        for worker in workers { #expect(await eventually { ids(worker) == ["alice", "bob"] }) }
        workers[0]["room"].subscribe(sockets[0].socket, as: try member("alice", "back"))
        #expect(await eventually { workers[1]["room"].members.contains { $0.info == "back" } })
        // Another socket is here with that identifier still.
        sockets[0].close()
        await turn(5)
        for worker in workers { #expect(ids(worker) == ["alice", "bob"]) }
        workers[0]["room"].unsubscribe(sockets[1].socket)
        for worker in workers { #expect(await eventually { ids(worker) == ["bob"] }) }
        #expect(try await changes.next() == .joined(member("bob")))
        #expect(try await changes.next() == .joined(member("alice", "away")))
        #expect(try await changes.next() == .updated(member("alice", "back")))
        #expect(try await changes.next() == .left(member("alice", "back")))
        for socket in sockets[1...] { socket.close() }
        #expect(await eventually { ids(workers[0]).isEmpty })
    }

    @Test("goes over from one member to another with the same socket")
    func another() async throws {
        let workers = (0..<2).map { _ in Channels(transport: network.join()) }
        let socket = try TestSocket()
        workers[0]["room"].subscribe(socket.socket)
        #expect(ids(workers[0]).isEmpty)
        workers[0]["room"].subscribe(socket.socket, as: try member("alice"))
        workers[0]["room"].subscribe(socket.socket, as: try member("bob"))
        for worker in workers { #expect(await eventually { ids(worker) == ["bob"] }) }
        socket.close()
        for worker in workers { #expect(await eventually { ids(worker).isEmpty }) }
    }

    @Test("ends with the worker, but for those who are present elsewhere, too")
    func crash() async throws {
        let transports = (0..<3).map { _ in network.join() }
        let workers = transports.map { Channels(transport: $0) }
        let sockets = try (0..<4).map { _ in try TestSocket() }
        workers[0]["room"].subscribe(sockets[0].socket, as: try member("alice"))
        workers[1]["room"].subscribe(sockets[1].socket, as: try member("alice"))
        workers[1]["room"].subscribe(sockets[2].socket, as: try member("bob"))
        workers[1]["other"].subscribe(sockets[3].socket, as: try member("carol"))
        #expect(await eventually { ids(workers[2]) == ["alice", "bob"] && !workers[2]["other"].members.isEmpty })
        network.crash(transports[1])
        #expect(await eventually { ids(workers[2]) == ["alice"] && workers[2]["other"].members.isEmpty })
        #expect(await eventually { ids(workers[0]) == ["alice"] })
        for socket in sockets { socket.close() }
    }

    @Test("is told to a worker that joins, all of it")
    func joining() async throws {
        let workers = (0..<2).map { _ in Channels(transport: network.join()) }
        let context = TestSocket.context()
        let sockets = try (0..<700).map { _ in try TestSocket(context: context) }
        for (index, socket) in sockets.enumerated() {
            workers[index % 2]["room"].subscribe(socket.socket, as: try member("\(index)"))
        }
        await turn(5)
        let late = Channels(transport: network.join())
        #expect(await eventually { late["room"].members.count == 700 })
        let changes = late["room"].presenceChanges()
        // Nothing is told twice.
        for socket in sockets[1...] { socket.close() }
        #expect(await eventually { ids(late) == ["0"] })
        for _ in 1..<700 {
            guard case .left = try await changes.next() else {
                Issue.record("somebody has joined")
                break
            }
        }
        sockets[0].close()
    }

    @Test("is put right after messages were lost")
    func lost() async throws {
        let transports = (0..<2).map { _ in network.join() }
        let workers = transports.map { Channels(transport: $0) }
        let sockets = try (0..<6).map { _ in try TestSocket() }
        for (index, socket) in sockets[..<4].enumerated() {
            workers[0]["room"].subscribe(socket.socket, as: try member("\(index)"))
        }
        #expect(await eventually { ids(workers[1]).count == 4 })
        // On the way to the other worker, which notices with what comes next.
        network.loses = { _, receiver in receiver == transports[1].identity }
        sockets[0].close()
        workers[0]["room"].subscribe(sockets[4].socket, as: try member("4"))
        await turn(5)
        #expect(ids(workers[1]) == ["0", "1", "2", "3"])
        network.loses = { _, _ in false }
        sockets[1].close()
        #expect(await eventually { ids(workers[1]) == ["2", "3", "4"] })
        // On this side, which knows it.
        transports[0].isFull = true
        sockets[2].close()
        workers[0]["room"].subscribe(sockets[5].socket, as: try member("5"))
        transports[0].isFull = false
        #expect(await eventually { ids(workers[1]) == ["3", "4", "5"] })
        // What is asked for is lost, too, and asked for again.
        network.loses = { _, _ in true }
        sockets[3].close()
        await turn(3)
        network.loses = { message, _ in message[0] >= ChannelMessage.Kind.stateBegins.rawValue }
        sockets[4].close()
        await turn(5)
        network.loses = { _, _ in false }
        #expect(await eventually { ids(workers[1]) == ["5"] })
        sockets[5].close()
    }
}
