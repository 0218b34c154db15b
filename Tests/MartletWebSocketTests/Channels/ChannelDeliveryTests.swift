import MartletLoop
import MartletServer
import MartletWebSocketCodec
import Testing

@testable import MartletWebSocket

@Suite("What is published on a channel")
struct ChannelDeliveryTests {
    @Test("reaches every subscriber, the publisher too, and nobody else")
    func reachesSubscribers() async throws {
        let counters = Counters<HTTPCounter>.allocate()
        let channels = Channels(counters: counters)
        let sockets = try (0..<4).map { _ in try TestSocket() }
        for socket in sockets[..<3] { #expect(channels["room"].subscribe(socket.socket)) }
        #expect(channels["room"].subscribe(sockets[0].socket), "a second subscription changes nothing")
        channels["other"].subscribe(sockets[3].socket)
        #expect(channels["room"].subscriberCount == 3)
        #expect(channels["room"].publish("hello"))
        #expect(channels["room"].publish([1, 2, 3]))
        for socket in sockets[..<3] {
            await socket.receive(until: 2)
            #expect(socket.received == [.text("hello"), .binary([1, 2, 3])])
        }
        #expect(sockets[3].receive() == 0)
        #expect(counters.load(.channelMessagesPublished) == 2)
        #expect(counters.load(.channelMessagesDelivered) == 6)
        #expect(counters.load(.channelSubscribers) == 4)
        #expect(counters.load(.channelsActive) == 2)
        for socket in sockets { socket.close() }
        #expect(counters.load(.channelSubscribers) == 0)
        #expect(counters.load(.channelsActive) == 0)
        #expect(channels.names.isEmpty)
    }

    @Test("does not reach the one that is excepted, which gets what others publish in the same turn")
    func except() async throws {
        let channels = Channels()
        let sockets = try (0..<3).map { _ in try TestSocket() }
        for socket in sockets { channels["room"].subscribe(socket.socket) }
        for (index, socket) in sockets.enumerated() { channels["room"].publish("from \(index)", except: socket.socket) }
        channels["room"].publish("for all")
        for (index, socket) in sockets.enumerated() {
            await socket.receive(until: 3)
            let others = (0..<3).filter { $0 != index }.map { "from \($0)" }
            #expect(socket.texts == others + ["for all"])
        }
        channels["room"].publish("and on")
        for socket in sockets {
            await socket.receive(until: 4)
            #expect(socket.texts.last == "and on")
            socket.close()
        }
    }

    @Test("leaves in one send for each subscriber when it is published in one turn")
    func coalesces() async throws {
        let counters = Counters<HTTPCounter>.allocate()
        let channels = Channels(counters: counters)
        let socket = try TestSocket()
        channels["room"].subscribe(socket.socket)
        for number in 0..<20 { channels["room"].publish("\(number)") }
        var receives = 0
        await eventually {
            receives += socket.receive()
            return socket.received.count == 20
        }
        #expect(receives == 1)
        #expect(counters.load(.webSocketBytesSent) == UInt64((0..<20).reduce(0) { $0 + 2 + "\($1)".utf8.count }))
        socket.close()
    }

    @Test("reaches those who subscribe and unsubscribe meanwhile from there to there, in its order")
    func comingAndGoing() async throws {
        let channels = Channels()
        let channel = channels["room"]
        let context = TestSocket.context()
        var numbers = TestNumbers(state: 7)
        let sockets = try (0..<(Channels.slice * 2 + 300)).map { _ in try TestSocket(context: context) }
        // By socket: the messages that were published before it came, and before it went.
        var from = [Int?](repeating: nil, count: sockets.count)
        var to = [Int?](repeating: nil, count: sockets.count)
        for index in sockets.indices where index % 3 != 0 {
            channel.subscribe(sockets[index].socket)
            from[index] = 0
        }
        var published = 0
        for round in 0..<60 {
            for _ in 0..<Int.random(in: 0...2, using: &numbers) {
                channel.publish("\(published)")
                published += 1
            }
            for _ in 0..<40 {
                let index = Int.random(in: 0..<sockets.count, using: &numbers)
                if from[index] == nil {
                    channel.subscribe(sockets[index].socket)
                    from[index] = published
                } else if to[index] == nil, round > 5 {
                    channel.unsubscribe(sockets[index].socket)
                    to[index] = published
                }
            }
            // A turn delivers a slice, which is not all.
            if round % 2 == 0 { await turn() }
        }
        let last = published
        for (index, socket) in sockets.enumerated() {
            guard let start = from[index] else { continue }
            if to[index] == nil {
                await socket.receive(until: last - start)
                #expect(socket.texts == (start..<last).map { "\($0)" })
            }
        }
        for (index, socket) in sockets.enumerated() {
            guard let start = from[index], let end = to[index] else { continue }
            socket.receive()
            #expect(socket.received.count <= end - start)
            #expect(socket.texts == (start..<(start + socket.received.count)).map { "\($0)" })
        }
        for socket in sockets { socket.close() }
        #expect(channels.names.isEmpty)
    }

    @Test("reaches thousands of subscribers, while the loop turns in between")
    func thousands() async throws {
        let counters = Counters<HTTPCounter>.allocate()
        let channels = Channels(counters: counters)
        let context = TestSocket.context()
        let sockets = try (0..<2000).map { _ in try TestSocket(context: context) }
        for socket in sockets { channels["room"].subscribe(socket.socket) }
        var delivered: UInt64 = 0
        var mostInOneTurn: UInt64 = 0
        func watch() {
            let now = counters.load(.channelMessagesDelivered)
            mostInOneTurn = max(mostInOneTurn, now - delivered)
            delivered = now
            if now < 2000 * 5 { EventLoop.main.callSoon { watch() } }
        }
        for round in 0..<5 { channels["room"].publish("message \(round)") }
        watch()
        await sockets[1999].receive(until: 5)
        #expect(await eventually { delivered == 2000 * 5 })
        #expect(mostInOneTurn == UInt64(5 * Channels.slice))
        for socket in sockets {
            await socket.receive(until: 5)
            #expect(socket.texts == (0..<5).map { "message \($0)" })
            socket.close()
        }
    }

    @Test("goes behind what a socket was sent before, and before what it is sent after")
    func order() async throws {
        let channels = Channels()
        let socket = try TestSocket()
        channels["room"].subscribe(socket.socket)
        socket.socket.post("first")
        channels["room"].publish("second")
        await turn(2)
        channels["room"].publish("third")
        await turn(2)
        socket.socket.post("fourth")
        await socket.receive(until: 4)
        #expect(socket.texts == ["first", "second", "third", "fourth"])
        socket.close()
    }

    @Test("is dropped when too much waits already, or when it is too long")
    func bounds() async throws {
        let counters = Counters<HTTPCounter>.allocate()
        let channels = Channels(counters: counters)
        channels.backlogLimit = 1000
        let socket = try TestSocket()
        channels["room"].subscribe(socket.socket)
        let kilobyte = [UInt8](repeating: 1, count: 1000)
        #expect(channels["room"].publish(kilobyte))
        #expect(!channels["room"].publish(kilobyte))
        await socket.receive(until: 1)
        #expect(channels["room"].publish(kilobyte))
        #expect(!channels["room"].publish([UInt8](repeating: 1, count: ChannelMessage.longestPayload + 1)))
        #expect(counters.load(.channelMessagesDropped) == 2)
        socket.close()
    }

    @Test(
        "needs a name of 1 to 255 bytes",
        arguments: [
            ("", false), ("a", true), (String(repeating: "ä", count: 127), true),
            (String(repeating: "ä", count: 128), false),
        ])
    func names(name: String, isValid: Bool) throws {
        let channels = Channels()
        let socket = try TestSocket()
        #expect(channels[name].isValid == isValid)
        #expect(channels[name].subscribe(socket.socket) == isValid)
        #expect(channels[name].publish("x") == isValid)
        socket.close()
    }

    @Test("is counted with the server's figures, also if the server is made after it")
    func lateServer() throws {
        let worker = Worker()
        let subscription = worker.channels["room"].subscribe()
        worker.channels["room"].publish("early")
        let server = HTTPServer(router: Router(), worker: worker)
        worker.channels["room"].publish("late")
        #expect(server.counters.load(.channelMessagesPublished) == 2)
        #expect(server.counters.load(.channelsActive) == 1)
        #expect(server.counters.load(.channelSubscribers) == 1)
        subscription.cancel()
        #expect(server.counters.load(.channelsActive) == 0)
        #expect(server.counters.load(.channelSubscribers) == 0)
    }

    @Test("misses a socket that is sending a message in pieces, which goes on unharmed")
    func fragments() async throws {
        let counters = Counters<HTTPCounter>.allocate()
        let channels = Channels(counters: counters)
        let socket = try TestSocket()
        channels["room"].subscribe(socket.socket)
        try await socket.socket.sendStream(.text) { writer in
            try await writer.write("first, ")
            channels["room"].publish("between")
            await turn(3)
            try await writer.write("last")
        }
        channels["room"].publish("after")
        await socket.receive(until: 2)
        #expect(socket.texts == ["first, last", "after"])
        #expect(counters.load(.webSocketMessagesDropped) == 1)
        socket.close()
    }

    @Test("does not reach a socket that has ended, which cannot subscribe either")
    func ended() async throws {
        let channels = Channels()
        let socket = try TestSocket()
        channels["room"].subscribe(socket.socket)
        socket.client.close()
        // What is sent next fails, and the socket goes.
        await eventually {
            channels["room"].publish("x")
            return channels.names.isEmpty
        }
        #expect(channels.names.isEmpty)
        #expect(!channels["room"].subscribe(socket.socket))
    }
}
