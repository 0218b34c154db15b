import HTTPTypes
import MartletClient
import MartletHTTP
import MartletLoop
import Testing

@Suite("Server-sent events of a client")
struct EventSourceTests {
    private static let head = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n"

    @Test("events of one response come as they are sent")
    func oneResponse() async throws {
        let server = try RawServer { connection in
            try await connection.request()
            try await connection.write(Self.head + "data: a\n\nevent: x\ndata: b\nda")
            await EventLoop.yield()
            try await connection.write("ta: c\n\ndata: cut off")
        }
        let client = quickClient()
        var events: [ServerSentEvent] = []
        for try await event in try await client.get(server.url()).events { events.append(event) }
        #expect(events.map(\.data) == ["a", "b\nc"])
        #expect(events[1].event == "x")
        await client.shutdown()
        await server.close()
    }

    @Test("a stream goes on over connections that end, with the last identifier, until the server says 204")
    func reconnecting() async throws {
        let server = try RawServer { connection in
            try await connection.request()
            switch connection.number {
            case 1: try await connection.write(Self.head + "retry: 1\nid: 7\ndata: a\n\n")
            case 2: try await connection.write("HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n")
            case 3: connection.stream.abort()
            case 4: try await connection.write(Self.head + "data: b\n\n")
            default: try await connection.write("HTTP/1.1 204 No Content\r\n\r\n")
            }
        }
        let client = quickClient()
        var data: [String?] = []
        for try await event in client.events(HTTPClientRequest(.get, try server.url())) { data.append(event.data) }
        #expect(data == ["a", "b"])
        #expect(server.requests.map { $0["last-event-id"] } == [nil, "7", "7", "7", "7"])
        #expect(server.requests.allSatisfy { $0["accept"] == "text/event-stream" })
        await client.shutdown()
        await server.close()
    }

    @Test(
        "what waiting does not mend is an error",
        arguments: [
            "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n",
            "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 0\r\n\r\n",
        ])
    func failing(_ response: String) async throws {
        let server = try RawServer.answering(response)
        let client = quickClient()
        let error = await failure {
            for try await event in client.events(HTTPClientRequest(.get, try server.url())) { print(event) }
        }
        #expect(error != nil)
        #expect(server.requests.count == 1)
        await client.shutdown()
        await server.close()
    }
}
