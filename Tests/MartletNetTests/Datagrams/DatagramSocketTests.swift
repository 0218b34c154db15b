import Glibc
import MartletLoop
import Testing

@testable import MartletNet

@Suite("Datagrams", .timeLimit(.minutes(5)))
struct DatagramSocketTests {
    @Test("what is sent arrives whole, with the sender's address", arguments: ["127.0.0.1:0", "[::1]:0", ":0"])
    func carries(text: String) async throws {
        let server = try DatagramSocket(boundTo: SocketAddress(parsing: text))
        defer { server.close() }
        let client = try DatagramSocket(connectedTo: try Self.loopback(server))
        defer { client.close() }
        try await client.send("hello")
        try await client.send([] as [UInt8])
        let hello = try await server.receive()
        #expect(hello.bytes == Array("hello".utf8) && hello.address == client.localAddress && !hello.isTruncated)
        #expect(try await server.receive().bytes == [])
        try await server.send("back", to: hello.address)
        let answer = try await client.receive()
        #expect(answer.bytes == Array("back".utf8) && answer.address == client.peerAddress)
    }

    @Test("Unix sockets do the same: paths, names and pairs")
    func unix() async throws {
        let path = "/tmp/martlet-datagrams-\(getpid())"
        defer { unlink(path) }
        let server = try DatagramSocket(boundTo: .unix(path))
        let client = try DatagramSocket(connectedTo: .unix(path), from: "unix:@martlet-datagram-client")
        try await client.send("a")
        let datagram = try await server.receive()
        #expect(datagram.bytes == [97] && datagram.address == "unix:@martlet-datagram-client")
        try await server.send("b", to: datagram.address)
        #expect(try await client.receive().bytes == [98])
        let nameless = try DatagramSocket(connectedTo: .unix(path))
        try await nameless.send("c")
        #expect(try await server.receive().address == nil)
        let (first, second) = try DatagramSocket.pair()
        try await first.send("d")
        #expect(try await second.receive() == Datagram([100], from: nil, isTruncated: false))
        for socket in [server, client, nameless, first, second] { socket.close() }
    }

    @Test("batches go and come in order, more of them than one call takes")
    func batches() async throws {
        let (sender, receiver) = try DatagramSocket.pair()
        defer {
            sender.close()
            receiver.close()
        }
        let datagrams = (0..<200).map { Datagram([UInt8](repeating: UInt8($0), count: $0 * 10)) }
        let sending = Task { try await sender.send(datagrams) }
        var received: [[UInt8]] = []
        var largest = 0
        while received.count < 200 {
            let batch = try await receiver.receiveBatch()
            largest = max(largest, batch.count)
            received += batch.map(\.bytes)
        }
        try await sending.value
        #expect(received == datagrams.map(\.bytes))
        #expect(largest > 1)
    }

    @Test("a batch may go to several addresses")
    func batchToMany() async throws {
        let first = try DatagramSocket(boundTo: "127.0.0.1:0")
        let second = try DatagramSocket(boundTo: "[::1]:0")
        let sender = try DatagramSocket(boundTo: ":0")
        try await sender.send([
            Datagram([1], to: first.localAddress), Datagram([2], to: second.localAddress),
            Datagram([3], to: first.localAddress),
        ])
        #expect(try await first.receive().bytes == [1])
        #expect(try await first.receive().bytes == [3])
        #expect(try await second.receive().bytes == [2])
        for socket in [first, second, sender] { socket.close() }
    }

    @Test(
        "segments arrive as datagrams of their own, with the kernel's help or without",
        arguments: [true, false], [true, false])
    func segments(canSegment: Bool, coalesces: Bool) async throws {
        var options = DatagramOptions()
        options.coalesces = coalesces
        options.receiveBuffer = 4 << 20
        let receiver = try DatagramSocket(boundTo: "127.0.0.1:0", options: options)
        let sender = try DatagramSocket(boundTo: "127.0.0.1:0")
        sender.canSegment = canSegment
        let bytes = (0..<200_500).map { UInt8(truncatingIfNeeded: $0 &* 13 &+ $0 >> 8) }
        try await sender.send(bytes, inSegmentsOf: 1000, to: receiver.localAddress)
        #expect(sender.canSegment == canSegment, "this kernel cuts datagrams")
        var received: [Datagram] = []
        while received.count < 201 { received.append(try await receiver.receive()) }
        #expect(received.flatMap(\.bytes) == bytes)
        #expect(received.allSatisfy { $0.bytes.count == 1000 || $0.bytes.count == 500 })
        #expect(received.allSatisfy { $0.address == sender.localAddress })
        sender.close()
        receiver.close()
    }

    @Test("a datagram that is longer than the largest is cut, and says so")
    func truncates() async throws {
        var options = DatagramOptions()
        options.largest = 4
        let receiver = try DatagramSocket(boundTo: "127.0.0.1:0", options: options)
        let sender = try DatagramSocket(connectedTo: try Self.loopback(receiver))
        try await sender.send("12345")
        try await sender.send("1234")
        let cut = try await receiver.receive()
        #expect(cut.bytes == Array("1234".utf8) && cut.isTruncated)
        #expect(try await receiver.receive().isTruncated == false)
        sender.close()
        receiver.close()
    }

    @Test("that nobody receives there is reported, and the socket goes on")
    func refused() async throws {
        var errors: [SystemError] = []
        var options = DatagramOptions()
        options.onError = { errors.append($0) }
        let gone = try DatagramSocket(boundTo: "127.0.0.1:0")
        let address = try Self.loopback(gone)
        gone.close()
        let client = try DatagramSocket(connectedTo: address, options: options)
        try await client.send("x")
        let error = await #expect(throws: SystemError.self) { try await client.receive() }
        #expect(error?.description == "cannot receive at \(address): connection refused; nobody receives there")
        try await client.send("y")
        let next = Task.immediate { () -> [UInt8]? in
            for try await datagram in client.datagrams { return datagram.bytes }
            return nil
        }
        #expect(await eventually { errors.count == 1 })
        let back = try DatagramSocket(boundTo: address)
        try await back.send("z", to: client.localAddress)
        #expect(try await next.value == [122])
        client.close()
        back.close()
    }

    @Test("what cannot be sent is an error with advice")
    func unsendable() async throws {
        let socket = try DatagramSocket(boundTo: "127.0.0.1:0")
        defer { socket.close() }
        let address = try Self.loopback(socket)
        let tooLong = await #expect(throws: SystemError.self) {
            try await socket.send([UInt8](repeating: 0, count: 70_000), to: address)
        }
        #expect(tooLong?.code == EMSGSIZE)
        let nowhere = await #expect(throws: SystemError.self) { try await socket.send("x") }
        #expect(nowhere?.code == EDESTADDRREQ)
        let broadcast = await #expect(throws: SystemError.self) { try await socket.send("x", to: "127.255.255.255:9") }
        #expect(broadcast?.description.contains("set DatagramOptions.broadcasts") == true)
    }

    @Test("a full queue holds the sender up, connected or not; cancelling ends the wait")
    func backPressure() async throws {
        let receiver = try DatagramSocket(boundTo: "unix:@martlet-slow-receiver")
        let connected = try DatagramSocket(connectedTo: "unix:@martlet-slow-receiver")
        let free = try DatagramSocket(boundTo: "unix:@martlet-fast-sender")
        var sent = 0
        let senders = [(connected, nil), (free, "unix:@martlet-slow-receiver")] as [(DatagramSocket, SocketAddress?)]
        for (sender, address) in senders {
            let sending = Task {
                while true {
                    try await sender.send("x", to: address)
                    sent += 1
                }
            }
            await settle()
            let held = sent
            await settle()
            #expect(sent == held)
            var received = 0
            while received < held + 50 { received += try await receiver.receiveBatch().count }
            #expect(sent > held)
            await settle()
            sending.cancel()
            await #expect(throws: CancellationError.self) { try await sending.value }
        }
        for socket in [receiver, connected, free] { socket.close() }
    }

    @Test("several tasks receive, each datagram going to one of them; a cancelled one takes none away")
    func manyReceivers() async throws {
        let (sender, receiver) = try DatagramSocket.pair()
        let tasks = (0..<4).map { _ in Task.immediate { try await receiver.receive().bytes } }
        tasks[1].cancel()
        await #expect(throws: CancellationError.self) { try await tasks[1].value }
        try await sender.send([Datagram([1]), Datagram([2]), Datagram([3]), Datagram([4])])
        var received: Set<[UInt8]> = []
        for index in [0, 2, 3] { received.insert(try await tasks[index].value) }
        received.insert(try await receiver.receive().bytes)
        #expect(received == [[1], [2], [3], [4]])
        sender.close()
        receiver.close()
    }

    @Test("a socket that is closed under a receiver or sender says so")
    func closed() async throws {
        let (sender, receiver) = try DatagramSocket.pair()
        let receiving = Task.immediate { try await receiver.receive() }
        let sending = Task.immediate { while true { try await sender.send("x") } }
        receiving.cancel()
        _ = await receiving.result
        let waiting = Task.immediate { for try await _ in sender.datagrams {} }
        await settle()
        sender.close()
        let sendError = await #expect(throws: DatagramError.self) { try await sending.value }
        #expect(sendError?.code == .closed)
        let receiveError = await #expect(throws: DatagramError.self) { try await waiting.value }
        #expect(receiveError?.code == .closed)
        receiver.close()
        await #expect(throws: DatagramError.self) { try await receiver.receiveBatch() }
        await #expect(throws: DatagramError.self) { try await receiver.send("x") }
        receiver.close()
    }

    @Test("the low level hands over what is there, where it lies")
    func lowLevel() async throws {
        let (sender, receiver) = try DatagramSocket.pair()
        var received: [[UInt8]] = []
        #expect(receiver.receive { _, _, _ in } == .wouldBlock)
        #expect([UInt8(1), 2].withUnsafeBytes { sender.sendNow($0, to: nil) } == .moved(2))
        #expect([UInt8(3)].withUnsafeBytes { sender.sendNow($0, to: nil) } == .moved(1))
        try await receiver.waitUntilReadable()
        #expect(receiver.receive { bytes, _, _ in received.append(Array(bytes)) } == .moved(2))
        #expect(received == [[1, 2], [3]])
        sender.close()
        receiver.close()
    }

    @Test(
        "members of a multicast group get what is sent to it until they leave", arguments: ["239.255.77.1", "ff12::77"])
    func multicast(group text: String) async throws {
        let isIPv6 = text.contains(":")
        // The loopback interface has no way for IPv6 groups.
        let interface = isIPv6 ? try #require(Self.ipv6Interface(), "this machine has no interface with IPv6") : "lo"
        var options = DatagramOptions()
        options.reusesAddress = true
        let first = try DatagramSocket(boundTo: isIPv6 ? "[::]:0" : "0.0.0.0:0", options: options)
        let port = try #require(first.localAddress?.port)
        let scoped = isIPv6 ? "\(text)%\(interface)" : text
        let group = try #require(SocketAddress(numeric: scoped, port: port))
        let second = try DatagramSocket(boundTo: group, options: options)
        try first.join(group, interface: interface)
        try second.join(group, interface: interface)
        let sender = try DatagramSocket(boundTo: isIPv6 ? "[::]:0" : "127.0.0.1:0")
        try sender.setMulticastInterface(interface)
        try await sender.send("to all", to: group)
        #expect(try await first.receive().bytes == Array("to all".utf8))
        #expect(try await second.receive().bytes == Array("to all".utf8))
        try second.leave(group, interface: interface)
        #expect(throws: SystemError.self) { try second.leave(group, interface: interface) }
        let noGroup = #expect(throws: DatagramError.self) { try first.join("127.0.0.1:0") }
        #expect(noGroup?.code == .noGroup)
        let noInterface = #expect(throws: DatagramError.self) { try first.join(group, interface: "nothing0") }
        #expect(noInterface?.code == .noInterface)
        for socket in [first, second, sender] { socket.close() }
    }

    @Test("a broadcast reaches those who are bound to any address")
    func broadcast() async throws {
        let receiver = try DatagramSocket(boundTo: "0.0.0.0:0")
        var options = DatagramOptions()
        options.broadcasts = true
        let sender = try DatagramSocket(boundTo: "127.0.0.1:0", options: options)
        let port = try #require(receiver.localAddress?.port)
        try await sender.send("x", to: .ipv4(.init(bits: 0x7fff_ffff), port: port))
        #expect(try await receiver.receive().bytes == [120])
        sender.close()
        receiver.close()
    }

    @Test("an address that is in use is refused with advice, and nothing is left open")
    func refusesUsedAddress() async throws {
        let first = try DatagramSocket(boundTo: "127.0.0.1:0")
        let address = try #require(first.localAddress)
        let error = #expect(throws: SystemError.self) { try DatagramSocket(boundTo: address) }
        #expect(error?.description.contains("address already in use; stop what receives there") == true)
        let leaks = try await leaksDescriptors {
            _ = try? DatagramSocket(boundTo: address)
            let socket = try DatagramSocket(connectedTo: address)
            socket.close()
        }
        #expect(!leaks)
        first.close()
    }

    /// A network interface with a link-local address.
    private static func ipv6Interface() -> String? {
        guard let lines = fopen("/proc/net/if_inet6", "r") else { return nil }
        defer { fclose(lines) }
        var line = [CChar](repeating: 0, count: 256)
        while fgets(&line, Int32(line.count), lines) != nil {
            let text = String(decoding: line.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
            if text.hasPrefix("fe80"), let name = text.split(whereSeparator: \.isWhitespace).last {
                return String(name)
            }
        }
        return nil
    }

    private static func loopback(_ socket: DatagramSocket) throws -> SocketAddress {
        let address = try #require(socket.localAddress)
        guard case .ipv6(let host, let port, _) = address, host.low == 0, host.high == 0 else { return address }
        return .ipv4(.init(bits: 0x7f00_0001), port: port)
    }
}
