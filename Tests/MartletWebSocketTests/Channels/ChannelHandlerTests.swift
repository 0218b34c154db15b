import Glibc
import MartletLoop
import MartletNet
import MartletServer
import MartletWebSocketCodec
import Testing

@testable import MartletWebSocket

@Suite("A route that publishes what its sockets send")
struct ChannelHandlerTests {
    /// Opens a WebSocket of a server, and gives the client's end of the connection.
    private func open(_ path: String, of server: HTTPServer) async throws -> ByteStream {
        var ends: [Int32] = [-1, -1]
        let type = Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue)
        guard socketpair(AF_UNIX, type, 0, &ends) == 0 else { throw SystemError("make a pair of sockets") }
        server.take(connection: ends[0])
        let client = try ByteStream(descriptor: ends[1])
        try await client.write(
            """
            GET \(path) HTTP/1.1\r\nHost: here\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
            Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n
            """)
        let head = try await client.read(until: Array("\r\n\r\n".utf8))
        #expect(String(decoding: head, as: UTF8.self).hasPrefix("HTTP/1.1 101 "))
        return client
    }

    /// A short text of a client's, masked with zeros.
    private func frame(_ text: String) -> [UInt8] {
        [0x81, 0x80 | UInt8(text.utf8.count), 0, 0, 0, 0] + text.utf8
    }

    private func server(_ handler: ChannelHandler, transport: FakeTransport? = nil) -> HTTPServer {
        let router = Router()
        router.webSocket("/rooms/{room}", handler: handler)
        let worker = Worker()
        if let transport { worker.provide(Channels(transport: transport) { worker.find() }) }
        return HTTPServer(router: router, worker: worker)
    }

    private func read(_ client: ByteStream) async throws -> String {
        let header = try await client.read(exactly: 2)
        return String(decoding: try await client.read(exactly: Int(header[1])), as: UTF8.self)
    }

    @Test("makes rooms of its parameters, on all workers", .timeLimit(.minutes(5)))
    func rooms() async throws {
        let network = FakeNetwork()
        let servers = try (0..<2).map { _ in
            server(try ChannelHandler(channel: "room/{room}"), transport: network.join())
        }
        let clients = [
            try await open("/rooms/a", of: servers[0]), try await open("/rooms/a", of: servers[1]),
            try await open("/rooms/b", of: servers[0]),
        ]
        try await clients[0].write(frame("to a"))
        try await clients[2].write(frame("to b"))
        #expect(try await read(clients[0]) == "to a")
        #expect(try await read(clients[1]) == "to a")
        #expect(try await read(clients[2]) == "to b")
        servers[1].worker.channels["room/a"].publish("news")
        #expect(try await read(clients[0]) == "news")
        #expect(try await read(clients[1]) == "news")
        for client in clients { client.close() }
        for server in servers { #expect(await eventually { server.worker.channels.names.isEmpty }) }
        #expect(servers[0].counters.load(.channelMessagesPublished) == 2)
        #expect(servers[0].counters.load(.channelMessagesDelivered) == 3)
    }

    @Test("leaves out the sender if it is told to", .timeLimit(.minutes(5)))
    func withoutSender() async throws {
        let server = server(try ChannelHandler(channel: "room/{room}", includesSender: false))
        let clients = [try await open("/rooms/a", of: server), try await open("/rooms/a", of: server)]
        try await clients[0].write(frame("one"))
        #expect(try await read(clients[1]) == "one")
        try await clients[1].write(frame("two"))
        #expect(try await read(clients[0]) == "two")
        for client in clients { client.close() }
    }

    @Test("closes a socket whose room has too long a name", .timeLimit(.minutes(5)))
    func longName() async throws {
        let server = server(try ChannelHandler(channel: "room/{room}"))
        let client = try await open("/rooms/" + String(repeating: "x", count: 300), of: server)
        let header = try await client.read(exactly: 4)
        #expect(header[0] == 0x88)
        #expect(Int(header[2]) << 8 | Int(header[3]) == 1008)
        client.close()
    }
}
