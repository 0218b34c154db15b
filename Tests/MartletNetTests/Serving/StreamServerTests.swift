import Glibc
import MartletLoop
import Testing

@testable import MartletNet

@Suite("Serving streams", .timeLimit(.minutes(5)))
struct StreamServerTests {
    struct Failure: Error {}

    @Test("every connection gets a task of its own, and is closed when its handler returns")
    func serves() async throws {
        let server = try StreamServer(at: "127.0.0.1:0") { stream in
            while let line = try await stream.readLine() {
                if line == "bye" { return }
                try await stream.write("\(line)\n")
            }
        }
        let clients = try await withStreams(3, server) { clients in
            for (index, client) in clients.enumerated() { try await client.write("\(index)\n") }
            for (index, client) in clients.enumerated() { #expect(try await client.readLine() == "\(index)") }
            #expect(server.connectionCount == 3)
            try await clients[0].write("bye\n")
            #expect(try await clients[0].read() == [])
            return clients.count
        }
        #expect(clients == 3)
        #expect(await eventually { server.connectionCount == 0 })
        await server.close()
    }

    @Test("beyond the limit, connections wait until others have ended")
    func limitsConnections() async throws {
        var options = ServerOptions()
        options.connectionLimit = 2
        let server = try StreamServer(at: "127.0.0.1:0", options: options) { stream in
            for try await chunk in stream.chunks { try await stream.write(chunk) }
        }
        try await withStreams(3, server) { clients in
            for client in clients { try await client.write("x") }
            #expect(try await clients[0].read() == Array("x".utf8))
            #expect(try await clients[1].read() == Array("x".utf8))
            await settle()
            #expect(server.connectionCount == 2)
            let third = Task.immediate { try await clients[2].read() }
            clients[0].close()
            #expect(try await third.value == Array("x".utf8))
        }
        await server.close()
    }

    @Test("a handler's error is reported with its peer, and closes its connection alone")
    func reportsErrors() async throws {
        var errors: [(any Error, SocketAddress?)] = []
        var options = ServerOptions()
        options.onError = { errors.append(($0, $1)) }
        let server = try StreamServer(at: "127.0.0.1:0", options: options) { stream in
            if try await stream.readLine() == "fail" { throw Failure() }
            try await stream.write("fine")
        }
        try await withStreams(2, server) { clients in
            let address = clients[0].localAddress
            try await clients[0].write("fail\n")
            #expect(try await clients[0].read() == [])
            try await clients[1].write("go on\n")
            #expect(try await clients[1].readToEnd(limit: 9) == Array("fine".utf8))
            #expect(errors.count == 1)
            #expect(errors.first?.0 is Failure && errors.first?.1 == address)
        }
        await server.close()
    }

    @Test("closing lets handlers finish, accepts nothing more, and removes a Unix socket's file")
    func drains() async throws {
        let path = "/tmp/martlet-drain-\(getpid()).sock"
        let server = try StreamServer(at: .unix(path)) { stream in
            let line = try await stream.readLine()
            try await stream.write("got \(line ?? "nothing")")
        }
        let client = try await connect(to: server.address)
        #expect(await eventually { server.connectionCount == 1 })
        let closing = Task.immediate { await server.close() }
        #expect(access(path, F_OK) != 0)
        let error = await #expect(throws: SystemError.self) { try await connect(to: server.address) }
        #expect(error?.code == ENOENT)
        try await client.write("it\n")
        #expect(try await client.readToEnd(limit: 99) == Array("got it".utf8))
        await closing.value
        client.close()
        await server.close()
    }

    @Test("handlers that do not finish in time are cancelled and waited for, without being reported")
    func cancelsHandlers() async throws {
        var ended = 0
        var errors = 0
        var options = ServerOptions()
        options.drainTime = .seconds(3600)
        options.onError = { _, _ in errors += 1 }
        try await withVirtualClock { clock in
            let server = try StreamServer(at: "127.0.0.1:0", options: options) { stream in
                defer { ended += 1 }
                _ = try await stream.read()
            }
            let client = try await connect(to: server.address)
            while server.connectionCount == 0 { await settle() }
            let start = clock.now
            await server.close()
            #expect(clock.now - start >= .seconds(3600))
            #expect(ended == 1 && errors == 0)
            client.close()
        }
    }

    @Test("handlers run on the clock, and see the task-local values, of whoever made the server")
    func inheritsTaskLocals() async throws {
        try await withVirtualClock { clock in
            let server = try StreamServer(at: "127.0.0.1:0") { stream in
                try await Task.sleep(for: .seconds(3600))
                try await stream.write("an hour later")
            }
            let start = clock.now
            let answer = try await withConnection(to: server.address) { try await $0.readToEnd(limit: 99) }
            #expect(answer == Array("an hour later".utf8))
            #expect(clock.now - start > .seconds(3590))
            await server.close()
        }
    }

    @Test("whoever is cancelled while the server closes cuts the time short, and all handlers have ended all the same")
    func closeIsCancelled() async throws {
        var ended = 0
        let server = try StreamServer(at: "127.0.0.1:0") { stream in
            _ = try? await stream.read()
            await settle()
            ended += 1
        }
        let client = try await connect(to: server.address)
        #expect(await eventually { server.connectionCount == 1 })
        let closing = Task.immediate { await server.close(drainTime: .seconds(3600)) }
        closing.cancel()
        await closing.value
        #expect(ended == 1 && server.connectionCount == 0)
        client.close()
    }

    @Test("serve serves until it is cancelled")
    func serveFunction() async throws {
        let address: SocketAddress = "unix:@martlet-serve-function"
        let serving = Task.immediate {
            try await serve(at: address) { stream in
                for try await line in stream.lines { try await stream.write("\(line)!\n") }
            }
        }
        let client = try await connect(to: address)
        try await client.write("hello\n")
        #expect(try await client.readLine() == "hello!")
        serving.cancel()
        try await client.finishWriting()
        await #expect(throws: CancellationError.self) { try await serving.value }
        client.close()
        await #expect(throws: SystemError.self) { try await connect(to: address) }
    }

    @Test("an address that is taken is refused with advice")
    func addressInUse() async throws {
        let server = try StreamServer(at: "127.0.0.1:0") { _ in }
        let error = #expect(throws: SystemError.self) { try StreamServer(at: server.address) { _ in } }
        #expect(error?.code == EADDRINUSE)
        await server.close()
    }

    @Test("no descriptor is left behind, however connections end")
    func leaksNothing() async throws {
        var options = ServerOptions()
        options.onError = { _, _ in }
        let leaks = try await leaksDescriptors {
            let server = try StreamServer(at: "127.0.0.1:0", options: options) { stream in
                if try await stream.read() == [1] { throw Failure() }
            }
            let first = try await connect(to: server.address)
            let second = try await connect(to: server.address)
            try await first.write([1])
            second.abort()
            first.close()
            await server.close(drainTime: .zero)
        }
        #expect(!leaks)
    }

    private func withStreams<Result: Sendable>(
        _ count: Int, _ server: StreamServer, _ body: ([ByteStream]) async throws -> Result
    ) async throws -> Result {
        var streams: [ByteStream] = []
        defer { for stream in streams { stream.close() } }
        for _ in 0..<count { streams.append(try await connect(to: server.address)) }
        return try await body(streams)
    }
}
