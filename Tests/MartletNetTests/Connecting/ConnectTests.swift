import Glibc
import MartletLoop
import Testing

@testable import MartletNet

@Suite("Connecting", .timeLimit(.minutes(5)))
struct ConnectTests {
    @Test(
        "a server is reached at its address and answers",
        arguments: ["127.0.0.1:0", "[::1]:0", "unix:/tmp/martlet-connect.sock", "unix:@martlet-connect"])
    func reaches(text: String) async throws {
        let server = try StreamServer(at: SocketAddress(parsing: text)) { stream in
            try await stream.write("hello")
        }
        let answer = try await withConnection(to: server.address) { stream in
            #expect(stream.peerAddress == server.address)
            return try await stream.readToEnd(limit: 100)
        }
        #expect(answer == Array("hello".utf8))
        await server.close()
    }

    @Test("what cannot be reached is said with its address, the reason and advice")
    func refused() async throws {
        let socket = try ListeningSocket.bind("127.0.0.1:0", options: ListenOptions())
        socket.close()
        let refused = await #expect(throws: SystemError.self) { try await connect(to: socket.address) }
        #expect(
            refused?.description
                == "cannot connect to \(socket.address): connection refused; "
                + "nobody listens on that port: start the server or check the port"
        )
        let absent = await #expect(throws: SystemError.self) { try await connect(to: "unix:/tmp/martlet-nobody") }
        #expect(absent?.code == ENOENT)
        var options = ConnectOptions()
        options.localAddress = "192.0.2.1:0"
        let foreign = await #expect(throws: SystemError.self) {
            try await connect(to: socket.address, options: options)
        }
        #expect(foreign?.description.contains("cannot connect from 192.0.2.1:0") == true)
    }

    @Test("the local address and TCP's options are those that were asked for")
    func options() async throws {
        let server = try StreamServer(at: "127.0.0.1:0") { stream in
            try await stream.write("\(stream.peerAddress?.description ?? "")\n")
        }
        var options = ConnectOptions()
        options.localAddress = "127.0.0.2:0"
        options.noDelay = false
        options.keepAlive = ListenOptions.KeepAlive(idle: .seconds(9))
        let stream = try await connect(to: server.address, options: options)
        #expect(try await stream.readLine()?.hasPrefix("127.0.0.2:") == true)
        #expect(SocketOptions.get(stream.descriptor, Int32(IPPROTO_TCP), TCP_NODELAY) == 0)
        #expect(SocketOptions.get(stream.descriptor, Int32(IPPROTO_TCP), TCP_KEEPIDLE) == 9)
        stream.close()
        await server.close()
    }

    @Test("an attempt that gets no answer can be cancelled, and leaves nothing behind")
    func cancellation() async throws {
        let blackhole = try await Blackhole("127.0.0.1:0")
        defer { blackhole.close() }
        let leaks = try await leaksDescriptors {
            let connecting = Task.immediate { try await connect(to: blackhole.address) }
            connecting.cancel()
            await #expect(throws: CancellationError.self) { try await connecting.value }
        }
        #expect(!leaks)
        let early = Task {
            withUnsafeCurrentTask { $0?.cancel() }
            return try await connect(to: blackhole.address)
        }
        await #expect(throws: CancellationError.self) { try await early.value }
    }

    @Test("a Unix socket whose queue is full is tried until there is room")
    func unixQueue() async throws {
        var options = ListenOptions()
        options.backlog = 0
        let socket = try ListeningSocket.bind("unix:@martlet-full", options: options)
        defer { socket.close() }
        let first = try await connect(to: socket.address)
        let second = Task.immediate { try await connect(to: socket.address) }
        let third = Task.immediate { try await connect(to: socket.address) }
        await settle()
        third.cancel()
        await #expect(throws: CancellationError.self) { try await third.value }
        guard case .moved(let accepted) = EventLoop.main.poller.accept(socket.descriptor) else {
            Issue.record("nobody is in the queue")
            return
        }
        try await second.value.close()
        close(Int32(accepted))
        first.close()
    }

    // MARK: Hosts

    @Test("a host is reached at the address that answers, after those before it had their time")
    func raceIsWonByTheOneThatAnswers() async throws {
        let server = try StreamServer(at: "127.0.0.1:0") { try await $0.write("hello") }
        let port = try #require(server.address.port)
        let blackhole = try await Blackhole(SocketAddress.ipv6(.init(high: 0, low: 1), port: port))
        let resolver = Self.resolver([.ipv6: ["[::1]:0"], .ipv4: ["127.0.0.1:0"]])
        try await withVirtualClock { clock in
            let start = clock.now
            let stream = try await connect(host: "two.example", port: port, resolver: resolver)
            #expect(clock.now - start >= .milliseconds(250) && clock.now - start <= .milliseconds(252))
            #expect(stream.peerAddress == server.address)
            #expect(try await stream.readToEnd(limit: 9) == Array("hello".utf8))
            stream.close()
        }
        blackhole.close()
        await server.close()
    }

    @Test("an address that refuses costs no time")
    func refusalIsFast() async throws {
        let server = try StreamServer(at: "127.0.0.1:0") { try await $0.write("hello") }
        let port = try #require(server.address.port)
        let resolver = Self.resolver([.ipv6: ["[::1]:0"], .ipv4: ["127.0.0.2:0", "127.0.0.1:0"]])
        try await withVirtualClock { clock in
            let start = clock.now
            let stream = try await connect(host: "two.example", port: port, resolver: resolver)
            #expect(clock.now - start < .milliseconds(10))
            #expect(stream.peerAddress == server.address)
            stream.close()
        }
        await server.close()
    }

    @Test("when no address answers, the error names each and why")
    func namesAll() async throws {
        let socket = try ListeningSocket.bind("127.0.0.1:0", options: ListenOptions())
        socket.close()
        let port = try #require(socket.address.port)
        let resolver = Self.resolver([.ipv6: ["[::1]:0"], .ipv4: ["127.0.0.1:0", "0.0.0.0:0"]])
        let error = await #expect(throws: ConnectError.self) {
            try await connect(host: "all.example", port: port, resolver: resolver)
        }
        #expect(
            error?.description
                == "cannot connect to all.example:\(port), tried 3 addresses: [::1]:\(port): connection refused; "
                + "127.0.0.1:\(port): connection refused; 0.0.0.0:\(port): connection refused")
    }

    @Test("a name that does not exist, or has no address of the family, is the resolver's error")
    func unresolvable() async throws {
        let nothing = Resolver { query in
            throw ResolutionError(
                query.family == .ipv4 ? .notFound : .noAddress, host: query.host, reason: "as the test says")
        }
        let error = await #expect(throws: ResolutionError.self) {
            try await connect(host: "no.example", port: 1, resolver: nothing)
        }
        #expect(error?.code == .notFound)
        let empty = Self.resolver([:])
        let none = await #expect(throws: ResolutionError.self) {
            try await connect(host: "no.example", port: 1, resolver: empty)
        }
        #expect(none?.code == .noAddress)
    }

    @Test("a race can be cancelled while it looks up, connects or waits, and leaves nothing behind", arguments: 0...2)
    func cancelledRace(stage: Int) async throws {
        let blackhole = try await Blackhole("127.0.0.1:0")
        defer { blackhole.close() }
        let port = try #require(blackhole.address.port)
        var lookups = 0
        let resolver = Resolver { query in
            lookups += 1
            if stage == 0 || (stage == 1 && query.family == .ipv6) { try await Task.sleep(for: .seconds(1)) }
            return query.family == .ipv4 ? ["127.0.0.1:0"] : []
        }
        await withVirtualClock { clock in
            let start = clock.now
            let connecting = Task.immediate {
                try await connect(host: "slow.example", port: port, resolver: resolver)
            }
            await settle()
            connecting.cancel()
            await #expect(throws: CancellationError.self) { try await connecting.value }
            #expect(clock.now - start < .seconds(2))
        }
        #expect(lookups == 2)
        let unused = Self.resolver([.ipv4: ["127.0.0.1:0"]])
        let leaks = try await leaksDescriptors {
            let connecting = Task.immediate {
                try await connect(host: "slow.example", port: port, resolver: unused)
            }
            await Task.yield()
            connecting.cancel()
            await #expect(throws: CancellationError.self) { try await connecting.value }
        }
        #expect(!leaks)
    }

    @Test("a host in digits, and one that only /etc/hosts knows, are reached")
    func realNames() async throws {
        let server = try StreamServer(at: ":0") { try await $0.write("hello") }
        let port = try #require(server.address.port)
        for host in ["127.0.0.1", "::1", "[::1]", "localhost"] {
            let answer = try await withConnection(host: host, port: port) { try await $0.readToEnd(limit: 9) }
            #expect(answer == Array("hello".utf8))
        }
        await server.close()
    }

    private static func resolver(_ table: [AddressFamily: [SocketAddress]]) -> Resolver {
        Resolver { query in table[query.family] ?? [] }
    }
}
