import MartletLoop
import Testing

@testable import MartletServer

@Suite("Timeouts")
struct TimeoutTests {
    @Test(
        "a head that does not arrive in time is answered with 408",
        arguments: ["", "GET / HTTP/1.1\r\nHost: a\r\n\r\n"])
    func head(before: String) async throws {
        var settings = HTTPServerSettings.patient
        settings.headTimeout = .milliseconds(50)
        try await withServer(settings) { server in
            let client = try server.connect()
            try await client.send(before + "GET / HTTP/1.1\r\nHo")
            if !before.isEmpty { #expect(try await client.answer().text == "root") }
            let answer = try await client.answer()
            #expect(answer.status == 408 && answer.saysClose)
            #expect(try await client.isAtEnd())
            #expect(server.count(.timeouts) == 1 && server.count(.requests) == (before.isEmpty ? 0 : 1))
        }
    }

    @Test("a head that trickles in is not given more time")
    func tricklingHead() async throws {
        var settings = HTTPServerSettings.patient
        settings.headTimeout = .milliseconds(100)
        try await withServer(settings) { server in
            let client = try server.connect()
            // Long enough for many times the timeout; the server ends it.
            for byte in Array(("GET / HTTP/1.1\r\nHost: a\r\nX: " + String(repeating: "x", count: 3000)).utf8) {
                do { try await client.send([byte]) } catch { break }
                if server.count(.timeouts) > 0 { break }
                await pause()
            }
            #expect(try await client.answer().status == 408)
        }
    }

    @Test("a connection on which nothing ever happens is closed without a word")
    func silence() async throws {
        var settings = HTTPServerSettings.patient
        settings.headTimeout = .milliseconds(50)
        try await withServer(settings) { server in
            let client = try server.connect()
            #expect(try await client.isAtEnd())
            #expect(server.count(.bytesSent) == 0)
        }
    }

    @Test("an idle connection is closed without a word")
    func idle() async throws {
        var settings = HTTPServerSettings.patient
        settings.idleTimeout = .milliseconds(50)
        try await withServer(settings) { server in
            let client = try server.connect()
            try await client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            #expect(try await client.answer().text == "root")
            #expect(try await client.isAtEnd())
        }
    }

    @Test("each request gives an idle connection its time anew")
    func idleAgain() async throws {
        var settings = HTTPServerSettings.patient
        settings.idleTimeout = .milliseconds(250)
        try await withServer(settings) { server in
            // Judged only when this machine was not so busy that the second request is late.
            for _ in 0..<50 {
                let client = try server.connect()
                let first = EventLoop.Instant.readClock()
                try await client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
                #expect(try await client.answer().text == "root")
                await pause(.milliseconds(150))
                let second = EventLoop.Instant.readClock()
                guard second - first < settings.idleTimeout else { continue }
                try await client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
                #expect(try await client.answer().text == "root")
                #expect(try await client.isAtEnd())
                #expect(EventLoop.Instant.readClock() - second >= settings.idleTimeout)
                return
            }
            Issue.record("the machine is too busy to tell")
        }
    }

    @Test("a body that stops arriving is answered with 408")
    func body() async throws {
        var settings = HTTPServerSettings.patient
        settings.bodyTimeout = .milliseconds(50)
        try await withServer(settings, routes: { $0.post("/") { try await "\($0.body.collect().count)" } }) { server in
            for framing in ["Content-Length: 10\r\n\r\nabc", "Transfer-Encoding: chunked\r\n\r\n3\r\nab"] {
                let client = try server.connect()
                try await client.send("POST / HTTP/1.1\r\nHost: a\r\n" + framing)
                let answer = try await client.answer()
                #expect(answer.status == 408 && answer.saysClose)
                #expect(try await client.isAtEnd())
            }
            try await server.expect(.timeouts, 2)
            #expect(server.count(.handlerErrors) == 0)
        }
    }

    @Test("an unread body that stops arriving ends the connection")
    func unreadBody() async throws {
        var settings = HTTPServerSettings.patient
        settings.bodyTimeout = .milliseconds(50)
        try await withServer(settings) { server in
            let client = try server.connect()
            try await client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nabc")
            #expect(try await client.answer().status == 405)
            #expect(try await client.isAtEnd())
        }
    }

    @Test("a client that takes nothing of its answer is cut off", arguments: ["/", "/stream"])
    func write(path: String) async throws {
        var settings = HTTPServerSettings.patient
        settings.writeTimeout = .milliseconds(50)
        let body = [UInt8](repeating: 65, count: 8 << 20)
        try await withServer(
            settings,
            routes: {
                $0.get("/") { _ in body }
                $0.get("/stream") { _ in Response { try await $0.write(body) } }
            }
        ) { server in
            let client = try server.connect(receiveBuffer: 8192)
            try await client.send("GET \(path) HTTP/1.1\r\nHost: a\r\n\r\n")
            try await eventually("the connection has ended") { server.count(.connectionsClosed) == 1 }
            try await server.expect(.timeouts, 1)
            #expect(server.count(.handlerErrors) == 0)
            #expect(try await client.rest().count < body.count)
        }
    }

    @Test("a handler may take as long as it likes")
    func handler() async throws {
        var settings = HTTPServerSettings.patient
        (settings.headTimeout, settings.idleTimeout) = (.milliseconds(20), .milliseconds(20))
        let gate = Gate()
        try await withServer(
            settings,
            routes: {
                $0.get("/") { _ in
                    await gate.pass()
                    return "late"
                }
            }
        ) { server in
            let client = try server.connect()
            try await client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            try await eventually("the handler runs") { gate.arrivals == 1 }
            await pause(.milliseconds(100))
            gate.open()
            #expect(try await client.answer().text == "late")
        }
    }
}
