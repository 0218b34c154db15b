import MartletClient
import MartletLoop
import MartletNet
import Testing

@Suite("Time limits of a client")
struct TimeoutTests {
    nonisolated struct Case: Sendable, CustomTestStringConvertible {
        let phase: HTTPClientError.Phase
        let change: @Sendable (inout HTTPClientTimeouts) -> Void
        let response: String

        var testDescription: String { "\(phase)" }
    }

    nonisolated static let short: Duration = .milliseconds(30)

    nonisolated static let cases = [
        Case(phase: .firstByte, change: { $0.firstByte = short }, response: ""),
        Case(phase: .firstByte, change: { $0.firstByte = short }, response: "HTTP/1.1 200 OK\r\n"),
        Case(
            phase: .betweenBytes, change: { $0.betweenBytes = short },
            response: "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\na"),
        Case(
            phase: .betweenBytes, change: { $0.betweenBytes = short },
            response: "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n"),
        Case(phase: .total, change: { $0.total = short }, response: ""),
        Case(phase: .total, change: { $0.total = short }, response: "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\na"),
    ]

    @Test("a server that says nothing, or no more, is given up", arguments: cases)
    func silence(_ it: Case) async throws {
        let server = try RawServer { connection in
            try await connection.request()
            try await connection.write(it.response)
            try await connection.waitForEnd()
        }
        let client = quickClient { it.change(&$0.timeouts) }
        let error = await failure { try await client.get(server.url()).bytes() }
        #expect(error?.code == .timeout)
        #expect(error?.phase == it.phase)
        #expect(client.statistics.openConnections == 0)
        try await eventually("the server to see it") { server.open == 0 }
        await client.shutdown()
        await server.close()
    }

    @Test("the time for the response runs from the last byte of a body, whatever comes in between")
    func afterUpload() async throws {
        let server = try RawServer { connection in
            try await connection.request()
            try await connection.write("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 2")
            try await connection.waitForEnd()
        }
        let client = quickClient { $0.timeouts.firstByte = Self.short }
        let body = HTTPClientRequestBody.stream { writer in
            for _ in 0..<3 {
                try await writer.write("abc")
                await EventLoop.yield()
            }
        }
        let error = await failure { try await client.put(server.url(), body: body) }
        #expect(error?.code == .timeout && error?.phase == .firstByte)
        await client.shutdown()
        await server.close()
    }

    @Test("a fast body leaves the loop to others, and can be cancelled and given up", arguments: [true, false])
    func fastBody(_ isCancelled: Bool) async throws {
        let server = try RawServer { connection in
            try await connection.request()
            try await connection.write("HTTP/1.1 200 OK\r\n\r\n")
            while true { try await connection.write([UInt8](repeating: 0, count: 1 << 20)) }
        }
        let client = quickClient { if !isCancelled { $0.timeouts.total = .milliseconds(200) } }
        let url = try server.url()
        let task = Task {
            var bytes = 0
            for try await piece in try await client.get(url).body { bytes += piece.count }
            return bytes
        }
        if isCancelled {
            try await eventually("the request") { server.requests.count == 1 }
            task.cancel()
            await #expect(throws: CancellationError.self) { try await task.value }
        } else {
            let error = await failure { try await task.value }
            #expect(error?.code == .timeout && error?.phase == .total)
        }
        #expect(client.statistics.openConnections == 0)
        await client.shutdown()
        await server.close()
    }

    @Test("a body that goes on is not given up for the time between its bytes")
    func steady() async throws {
        let server = try RawServer { connection in
            try await connection.request()
            try await connection.write("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n")
            for _ in 0..<10 {
                try await Task.sleep(for: .milliseconds(10))
                try await connection.write("a")
            }
        }
        let client = quickClient { $0.timeouts.betweenBytes = .seconds(2) }
        #expect(try await client.get(server.url()).text() == "aaaaaaaaaa")
        await client.shutdown()
        await server.close()
    }

    @Test("a server that takes nothing of a body is given up")
    func sending() async throws {
        let server = try RawServer { connection in
            _ = try await connection.head()
            try await connection.stream.waitUntilClosed()
        }
        let client = quickClient { $0.timeouts.betweenBytes = Self.short }
        let body = HTTPClientRequestBody.stream { writer in
            while true { try await writer.write([UInt8](repeating: 0, count: 1 << 20)) }
        }
        let error = await failure { try await client.put(server.url(), body: body) }
        #expect(error?.code == .timeout && error?.phase == .send)
        #expect(client.statistics.openConnections == 0)
        await client.shutdown()
        await server.close()
    }

    @Test("a name that is looked up for too long, and a server that is connected to for too long, are given up")
    func reaching() async throws {
        let never = Event()
        let slow = Resolver { _ in
            try await never.wait()
            return []
        }
        let client = quickClient {
            $0.resolver = slow
            $0.timeouts.resolve = Self.short
        }
        let error = await failure { try await client.get("http://slow.test/") }
        #expect(error?.code == .timeout && error?.phase == .resolve)
        let other = quickClient {
            $0.resolver = slow
            $0.timeouts.connect = Self.short
        }
        let second = await failure { try await other.get("http://slow.test/") }
        #expect(second?.code == .timeout && second?.phase == .connect && second?.isUnsent == true)
        never.set()
    }

    @Test("nobody listens, no such name: each is an error of its own, with host and cause")
    func unreachable() async throws {
        let listener = try RawServer { _ in }
        let url = try listener.url()
        await listener.close()
        let client = quickClient {
            $0.resolver = Resolver { throw ResolutionError(.notFound, host: $0.host, reason: "there is no such name") }
        }
        let refused = await failure { try await client.get(url) }
        #expect(refused?.code == .connection && refused?.cause is ConnectError)
        #expect(refused?.description.contains("refused") == true)
        let unknown = await failure { try await client.get("http://unknown.test/") }
        #expect(unknown?.code == .resolution)
        #expect(unknown?.description.contains("unknown.test") == true)
        #expect(await failure { try await client.get("gopher://x/") }?.code == .invalidURL)
        #expect(await failure { try await client.get("ws://x/" as HTTPURL) }?.code == .invalidURL)
    }

    @Test("addresses that are not allowed are not connected to, be they of names or in the URL")
    func refusedAddresses() async throws {
        let server = try RawServer.answering("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
        let port = try #require(server.address.port)
        var seen: [SocketAddress] = []
        let client = quickClient {
            $0.resolver = Resolver { query in
                query.family == .ipv4 ? [SocketAddress("127.0.0.1:0")] : []
            }
            $0.allowsAddress = { address in
                seen.append(address)
                return address.host != "127.0.0.1"
            }
        }
        for host in ["private.test", "127.0.0.1"] {
            let error = await failure { try await client.get("http://\(host):\(port)/") }
            #expect(error?.code == .addressRefused, "\(host)")
            #expect(error?.description.contains("127.0.0.1") == true)
        }
        #expect(seen.count == 2)
        #expect(server.connections == 0)
        await server.close()
    }
}
