import MartletLoop
import MartletNet
import Testing

@testable import MartletServer

@Suite("Draining")
struct DrainTests {
    private let request = "GET / HTTP/1.1\r\nHost: a\r\n\r\n"

    private func settings(idle: Duration) -> HTTPServerSettings {
        var settings = HTTPServerSettings.patient
        settings.drainIdleTimeout = idle
        return settings
    }

    @Test("a request in flight is answered, told to close, and only then it is over")
    func answersInFlight() async throws {
        let gate = Gate()
        var drained = 0
        try await withServer(
            settings(idle: .zero),
            routes: {
                $0.get("/") { _ in
                    await gate.pass()
                    return "in time"
                }
            }
        ) { server in
            server.server.onDrained = { drained += 1 }
            let client = try server.connect()
            try await client.send(request)
            try await eventually("the handler runs") { gate.arrivals == 1 }
            server.server.drain()
            server.server.drain()
            await pause(.milliseconds(20))
            #expect(drained == 0)
            gate.open()
            let answer = try await client.answer()
            #expect(answer.text == "in time" && answer.saysClose)
            #expect(try await client.isAtEnd())
            try await eventually("it is drained") { drained > 0 }
            await pause(.milliseconds(10))
            #expect(drained == 1)
        }
    }

    @Test("a connection is not accepted any more")
    func acceptsNoMore() async throws {
        try await withServer(settings(idle: .zero)) { server in
            server.server.drain()
            #expect(throws: (any Error).self) { try server.connect() }
        }
    }

    @Test("with no connection it is over at once, and says so once")
    func endsAtOnce() async throws {
        var drained = 0
        try await withServer(settings(idle: .seconds(60))) { server in
            server.server.onDrained = { drained += 1 }
            server.server.drain()
            #expect(drained == 0, "not before drain has returned")
            try await eventually("it is drained") { drained > 0 }
            await pause(.milliseconds(10))
            #expect(drained == 1)
        }
    }

    @Test("an idle connection is kept for a request that is on its way, whose answer says close")
    func keepsIdle() async throws {
        var drained = 0
        try await withServer(settings(idle: .seconds(60))) { server in
            server.server.onDrained = { drained += 1 }
            let used = try server.connect()
            try await used.send(request)
            #expect(try await used.answer().saysClose == false)
            let fresh = try server.connect()
            try await eventually("both are accepted") { server.count(.connectionsAccepted) == 2 }
            server.server.drain()
            await pause(.milliseconds(20))
            for client in [used, fresh] {
                #expect(drained == 0)
                try await client.send(request)
                let answer = try await client.answer()
                #expect(answer.text == "root" && answer.saysClose)
                #expect(try await client.isAtEnd())
            }
            try await eventually("it is drained") { drained == 1 }
        }
    }

    @Test("an idle connection is closed when its time is up; one that has begun a request is answered")
    func closesIdle() async throws {
        var drained = 0
        try await withServer(settings(idle: .milliseconds(50))) { server in
            server.server.onDrained = { drained += 1 }
            let used = try server.connect()
            try await used.send(request)
            _ = try await used.answer()
            let fresh = try server.connect()
            let begun = try server.connect()
            try await begun.send(String(request.prefix(10)))
            try await eventually("all are accepted, and the request has begun") {
                server.count(.connectionsAccepted) == 3 && server.count(.bytesReceived) > UInt64(request.utf8.count)
            }
            server.server.drain()
            for client in [used, fresh] { #expect(try await client.isAtEnd()) }
            #expect(drained == 0)
            try await begun.send(String(request.dropFirst(10)))
            let answer = try await begun.answer()
            #expect(answer.text == "root" && answer.saysClose)
            try await eventually("it is drained") { drained == 1 }
        }
    }

    @Test("a request that arrives in the moment in which idle connections are closed is answered")
    func answersAtTheLastMoment() async throws {
        try await withServer(settings(idle: .seconds(600))) { server in
            let client = try server.connect()
            try await client.send(request)
            _ = try await client.answer()
            await pause()
            server.server.drain()
            // The bytes are there, and not reported yet.
            _ = client.sendWhatFits(Array(request.utf8))
            server.server.closeIdleConnections()
            let bytes = String(decoding: try await client.rest(), as: UTF8.self)
            #expect(bytes.contains("Connection: close") && bytes.hasSuffix("root"))
        }
    }

    @Test("all requests that were pipelined are answered, and the last answer says close")
    func answersPipelined() async throws {
        let gate = Gate()
        try await withServer(
            settings(idle: .zero),
            routes: {
                $0.get("/") { _ in "root" }
                $0.get("/slow") { _ in
                    await gate.pass()
                    return "slow"
                }
            }
        ) { server in
            let client = try server.connect()
            try await client.send("GET /slow HTTP/1.1\r\nHost: a\r\n\r\n" + request + request)
            try await eventually("the handler runs") { gate.arrivals == 1 }
            server.server.drain()
            gate.open()
            for (text, closes) in [("slow", false), ("root", false), ("root", true)] {
                let answer = try await client.answer()
                #expect(answer.text == text && answer.saysClose == closes)
            }
            #expect(try await client.isAtEnd())
        }
    }

    @Test("aborting cuts connections in the midst of everything, also one that is being written to")
    func aborts() async throws {
        let gate = Gate()
        let body = [UInt8](repeating: 65, count: 8 << 20)
        try await withServer(routes: {
            $0.get("/") { _ in "root" }
            $0.get("/large") { _ in body }
            $0.post("/body") { try await "\($0.body.collect().count)" }
            $0.get("/slow") { _ in
                await gate.pass()
                return "slow"
            }
        }) { server in
            let requests = [
                "", "GET / HT", request, "GET /large HTTP/1.1\r\nHost: a\r\n\r\n",
                "GET /slow HTTP/1.1\r\nHost: a\r\n\r\n",
            ]
            let clients = try requests.map { _ in try server.connect(receiveBuffer: 8192) }
            for (client, request) in zip(clients, requests) { try await client.send(request) }
            try await clients[0].send("POST /body HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nabc")
            try await eventually("all are under way") { server.count(.requests) == 4 && gate.arrivals == 1 }
            await pause(.milliseconds(5))
            server.server.abort()
            for client in clients { #expect(try await client.rest().count < body.count) }
            gate.open()
            try await eventually("no connection is left") { server.server.connectionCount == 0 }
            #expect(server.count(.handlerErrors) == 0)
        }
    }

    @Test("a server that listens stays; one that has drained is let go of, with all of its connections")
    func isReleased() async throws {
        weak var server: HTTPServer?
        let address = try start { server = $0 }
        #expect(server != nil)
        let client = try Client(address)
        try await client.send(request)
        #expect(try await client.answer().status == 404)
        server?.drain()
        try await client.send(request)
        #expect(try await client.answer().saysClose)
        client.close()
        try await eventually("the server is gone") { server == nil }
    }

    private func start(_ note: (HTTPServer) -> Void) throws -> SocketAddress {
        let server = HTTPServer(router: Router(), settings: settings(idle: .zero))
        let socket = try ListeningSocket.bind(SocketAddress(parsing: "127.0.0.1:0"), options: ListenOptions())
        try server.listen(on: socket)
        note(server)
        return socket.address
    }
}
