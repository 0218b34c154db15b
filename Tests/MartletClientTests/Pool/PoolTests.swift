import HTTPTypes
import MartletClient
import MartletLoop
import MartletNet
import Testing

@Suite("The pool of connections")
struct PoolTests {
    private static let ok = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"

    @Test("requests one after the other use one connection, at the same time several")
    func reuse() async throws {
        let server = try RawServer.answering(Self.ok)
        let client = quickClient()
        for _ in 0..<5 { #expect(try await client.get(server.url()).text() == "ok") }
        #expect(server.connections == 1)
        let url = try server.url()
        _ = try await gather(0..<4) { _ in try await client.get(url).text() }
        #expect(server.connections == 4)
        #expect(client.statistics.openConnections == 4)
        await client.shutdown()
        #expect(client.statistics.openConnections == 0)
        await server.close()
    }

    @Test("no more connections are made than an origin may have: the others wait for their turn")
    func limitPerOrigin() async throws {
        let server = try RawServer.answering(Self.ok)
        let client = quickClient { $0.limits.connectionsPerOrigin = 2 }
        let url = try server.url()
        let texts = try await gather(0..<20) { _ in try await client.get(url).text() }
        #expect(texts.count == 20)
        #expect(server.connections == 2)
        await client.shutdown()
        await server.close()
    }

    @Test("the limit over all origins closes what is idle elsewhere, and hands places on")
    func limitOverall() async throws {
        let first = try RawServer.answering(Self.ok)
        let second = try RawServer.answering(Self.ok)
        let client = quickClient { $0.limits.connections = 1 }
        let urls = [try first.url(), try second.url()]
        for round in 0..<6 { #expect(try await client.get(urls[round % 2]).text() == "ok") }
        #expect(client.statistics.openConnections == 1)
        let texts = try await gather(0..<10) { index in try await client.get(urls[index % 2]).text() }
        #expect(texts.count == 10)
        #expect(client.statistics.openConnections == 1)
        await client.shutdown()
        await first.close()
        await second.close()
    }

    @Test("who waits for too long, or behind too many, gets an error")
    func waiting() async throws {
        let release = Event()
        let server = try RawServer { connection in
            while try await connection.request() != nil {
                try await release.wait()
                try await connection.write(Self.ok)
            }
        }
        let client = quickClient {
            $0.limits.connectionsPerOrigin = 1
            $0.limits.waiting = 1
            $0.timeouts.pool = .milliseconds(500)
        }
        let url = try server.url()
        let first = Task { try await client.get(url).text() }
        try await eventually("the first request") { server.requests.count == 1 }
        let second = Task.immediate { await failure { try await client.get(url) } }
        #expect(await failure { try await client.get(url) }?.code == .poolExhausted)
        let error = await second.value
        #expect(error?.code == .timeout && error?.phase == .pool)
        release.set()
        #expect(try await first.value == "ok")
        await client.shutdown()
        await server.close()
    }

    @Test("a connection that the server has closed while it was idle is not used")
    func closedWhileIdle() async throws {
        let server = try RawServer { connection in
            try await connection.request()
            try await connection.write(Self.ok)
        }
        let client = quickClient()
        for count in 1...3 {
            #expect(try await client.post(server.url(), body: "x").text() == "ok")
            try await eventually("the server to close") { client.statistics.openConnections == 0 }
            #expect(server.connections == count)
        }
        #expect(client.statistics.resent == 0)
        await client.shutdown()
        await server.close()
    }

    @Test("what is idempotent is sent again when the server closes an idle connection at the same moment")
    func closedAtTheSameMoment() async throws {
        let server = try RawServer { connection in
            try await connection.request()
            try await connection.write(Self.ok)
            // Reads the next one and does not answer it.
            guard connection.number == 1, try await connection.request() != nil else {
                return try await connection.waitForEnd()
            }
        }
        let client = quickClient()
        #expect(try await client.get(server.url()).text() == "ok")
        #expect(try await client.get(server.url()).text() == "ok")
        #expect(client.statistics.resent == 1)
        #expect(server.connections == 2)
        await client.shutdown()
        await server.close()
    }

    @Test("what is not idempotent is not sent again")
    func notIdempotent() async throws {
        let server = try RawServer { connection in
            try await connection.request()
            try await connection.write(Self.ok)
            _ = try await connection.request()
        }
        let client = quickClient()
        #expect(try await client.get(server.url()).text() == "ok")
        #expect(await failure { try await client.post(server.url(), body: "x") }?.code == .endedEarly)
        #expect(client.statistics.resent == 0)
        #expect(server.requests.count == 2)
        await client.shutdown()
        await server.close()
    }

    @Test("something that comes without having been asked for closes the connection")
    func unasked() async throws {
        let server = try RawServer { connection in
            while try await connection.request() != nil {
                try await connection.write(Self.ok)
                await EventLoop.yield()
                try await connection.write("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil")
            }
        }
        let client = quickClient()
        for _ in 0..<3 {
            #expect(try await client.get(server.url()).text() == "ok")
            try await eventually("the connection to be closed") { client.statistics.openConnections == 0 }
        }
        await client.shutdown()
        await server.close()
    }

    @Test("an idle connection is closed when its time is up")
    func idleExpiry() async throws {
        let server = try RawServer.answering(Self.ok)
        let client = quickClient { $0.limits.idle = .milliseconds(20) }
        #expect(try await client.get(server.url()).text() == "ok")
        try await eventually("the connection to be closed") { client.statistics.openConnections == 0 }
        try await eventually("the server to see it") { server.open == 0 }
        await client.shutdown()
        await server.close()
    }

    @Test(
        "a response that is dropped leaks no connection: a small rest is read, a large one closes it",
        arguments: [10, 10_000_000])
    func dropped(_ length: Int) async throws {
        let server = try RawServer { connection in
            while try await connection.request() != nil {
                try await connection.write("HTTP/1.1 200 OK\r\nContent-Length: \(length)\r\n\r\n")
                await EventLoop.yield()
                try await connection.write([UInt8](repeating: 1, count: length))
            }
        }
        let client = quickClient()
        for _ in 0..<3 {
            do {
                let response = try await client.get(server.url())
                #expect(response.code == 200)
            }
            try await eventually("the connection to be given up") {
                client.statistics.openConnections == client.statistics.idleConnections
            }
        }
        #expect(server.connections == (length == 10 ? 1 : 3))
        await client.shutdown()
        await server.close()
    }

    @Test("what trickles in behind a response that was dropped is not read for ever")
    func trickle() async throws {
        let server = try RawServer { connection in
            try await connection.request()
            try await connection.write("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n")
            while true {
                try await connection.write("1;x=y\r\na\r\n")
                try await Task.sleep(for: .milliseconds(20))
            }
        }
        let client = quickClient()
        let start = EventLoop.main.time()
        do { #expect(try await client.get(server.url()).code == 200) }
        try await eventually("the connection to be given up") { client.statistics.openConnections == 0 }
        #expect(EventLoop.main.time() - start < .seconds(10))
        await client.shutdown()
        await server.close()
    }

    @Test("cancelling a request closes its connection, wherever it waits")
    func cancellation() async throws {
        let steps: [(RawConnection) async throws -> Void] = [
            { _ in }, { try await $0.write("HTTP/1.1 2") },
            { try await $0.write("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc") },
            { try await $0.write("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab") },
        ]
        for step in steps {
            let reached = Event()
            let server = try RawServer { connection in
                try await connection.request()
                try await step(connection)
                reached.set()
                try await connection.waitForEnd()
            }
            let client = quickClient()
            let url = try server.url()
            let task = Task { try await client.get(url).bytes() }
            try await reached.wait()
            for _ in 0..<5 { await EventLoop.yield() }
            task.cancel()
            await #expect(throws: CancellationError.self) { try await task.value }
            #expect(client.statistics.openConnections == 0)
            try await eventually("the server to see it") { server.open == 0 }
            await client.shutdown()
            await server.close()
        }
    }

    @Test("cancelling one that waits for a connection leaves the others their turns")
    func cancelledWaiters() async throws {
        let release = Event()
        let server = try RawServer { connection in
            while try await connection.request() != nil {
                try await release.wait()
                try await connection.write(Self.ok)
            }
        }
        let client = quickClient { $0.limits.connectionsPerOrigin = 1 }
        let url = try server.url()
        let tasks = (0..<6).map { _ in Task { try await client.get(url).text() } }
        try await eventually("the first request") { server.requests.count == 1 }
        for index in [1, 3, 5] { tasks[index].cancel() }
        release.set()
        for index in [0, 2, 4] { #expect(try await tasks[index].value == "ok") }
        for index in [1, 3, 5] {
            await #expect(throws: CancellationError.self) { try await tasks[index].value }
        }
        #expect(server.connections == 1)
        #expect(server.requests.count == 3)
        await client.shutdown()
        await server.close()
    }

    @Test("requests at random, cancelled at random, leave the pool as it was")
    func random() async throws {
        let server = try RawServer { connection in
            while try await connection.request() != nil {
                for _ in 0..<Int.random(in: 0...3) { await EventLoop.yield() }
                try await connection.write("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\no")
                for _ in 0..<Int.random(in: 0...3) { await EventLoop.yield() }
                if Int.random(in: 0..<10) == 0 { return connection.stream.abort() }
                try await connection.write("k")
            }
        }
        let client = quickClient { $0.limits.connectionsPerOrigin = 3 }
        let url = try server.url()
        for _ in 0..<30 {
            let tasks = (0..<8).map { _ in Task { try? await client.get(url).bytes() } }
            for _ in 0..<Int.random(in: 0...20) { await EventLoop.yield() }
            for task in tasks where Bool.random() { task.cancel() }
            for task in tasks { _ = await task.value }
        }
        try await eventually("everything to be given back") {
            client.statistics.openConnections == client.statistics.idleConnections
        }
        #expect(client.statistics.openConnections <= 3)
        await client.shutdown()
        #expect(client.statistics.openConnections == 0)
        await server.close()
    }

    @Test("a client that is shut down waits for what is under way, and takes nothing more")
    func shutdown() async throws {
        let release = Event()
        let server = try RawServer { connection in
            try await connection.request()
            try await release.wait()
            try await connection.write(Self.ok)
        }
        let client = quickClient()
        let url = try server.url()
        let task = Task { try await client.get(url).text() }
        try await eventually("the request") { server.requests.count == 1 }
        let end = Task { await client.shutdown() }
        await EventLoop.yield()
        #expect(await failure { try await client.get(url) }?.code == .shutDown)
        release.set()
        #expect(try await task.value == "ok")
        await end.value
        #expect(client.statistics.openConnections == 0)
        await server.close()
    }
}
