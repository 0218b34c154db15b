import Testing

@testable import MartletServer

@Suite("Expect: 100-continue")
struct ExpectContinueTests {
    private let head = "POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n"

    @Test("the client is told to go on when the handler asks for the body, and not before")
    func continues() async throws {
        let gate = Gate()
        try await withServer(routes: {
            $0.post("/") { request in
                await gate.pass()
                return String(decoding: try await request.body.collect(), as: UTF8.self)
            }
        }) { server in
            let client = try server.connect()
            try await client.send(head)
            try await eventually("the handler runs") { gate.arrivals == 1 }
            #expect(server.count(.bytesSent) == 0)
            gate.open()
            let interim = try await client.answer()
            #expect(interim.status == 100 && interim.fieldLines.isEmpty)
            try await client.send("hello")
            #expect(try await client.answer().text == "hello")
            try await server.expect(.responses1xx, 1)
            try await server.expect(.responses2xx, 1)
        }
    }

    @Test(
        "it is a list, of which empty elements say nothing",
        arguments: [("", 200), (",", 200), ("100-continue,", 100), (", 100-Continue ,100-continue", 100), ("x", 417)])
    func lists(value: String, status: Int) async throws {
        try await withServer(routes: { $0.post("/") { try await "\($0.body.collect().count)" } }) { server in
            let client = try server.connect()
            try await client.send("POST / HTTP/1.1\r\nHost: a\r\nExpect: \(value)\r\nContent-Length: 5\r\n\r\n")
            if status == 200 { try await client.send("hello") }
            #expect(try await client.answer().status == status)
            if status == 100 {
                try await client.send("hello")
                #expect(try await client.answer().text == "5")
            }
        }
    }

    @Test("a client that sends the body at once is not told")
    func isNotToldTwice() async throws {
        try await withServer(routes: {
            $0.post("/") { String(decoding: try await $0.body.collect(), as: UTF8.self) }
        }) { server in
            let client = try server.connect()
            try await client.send(head + "hello" + head + "world")
            #expect(try await client.answer().text == "hello")
            #expect(try await client.answer().text == "world")
            #expect(server.count(.responses1xx) == 0)
        }
    }

    @Test("a request that is refused gets its answer in place of it, and the connection is closed")
    func refuses() async throws {
        var settings = HTTPServerSettings.patient
        settings.bodyLimit = 4
        try await withServer(settings, routes: { $0.post("/") { try await "\($0.body.collect().count)" } }) { server in
            let client = try server.connect()
            try await client.send(head)
            let answer = try await client.answer()
            #expect(answer.status == 413 && answer.saysClose)
            #expect(try await client.isAtEnd())
            #expect(server.count(.responses1xx) == 0)
        }
    }

    @Test("a handler that does not read the body ends the connection, for nobody knows whether it comes")
    func closesWhenUnread() async throws {
        try await withServer { server in
            let client = try server.connect()
            try await client.send(head)
            let answer = try await client.answer()
            #expect(answer.status == 405 && answer.saysClose)
            #expect(try await client.isAtEnd())
        }
    }

    @Test("no interim response lands in the midst of a streamed one")
    func staysOutOfStreams() async throws {
        try await withServer(routes: {
            $0.post("/") { request in
                Response { output in
                    try await output.write("begin ")
                    for try await chunk in request.body { try await output.write(chunk) }
                }
            }
        }) { server in
            let client = try server.connect()
            try await client.send(head)
            var answer = try await client.head()
            #expect(answer.status == 200)
            answer.body = try await client.chunk()
            try await client.send("hello")
            answer.body += try await client.chunk()
            #expect(answer.text == "begin hello")
            #expect(try await client.chunk().isEmpty)
            #expect(server.count(.responses1xx) == 0)
        }
    }

    @Test("an HTTP/1.0 client cannot mean it")
    func ignoresOldClients() async throws {
        try await withServer(routes: { $0.post("/") { try await "\($0.body.collect().count)" } }) { server in
            let client = try server.connect()
            try await client.send("POST / HTTP/1.0\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n")
            await pause()
            try await client.send("ab")
            #expect(try await client.answer().text == "2")
        }
    }
}
