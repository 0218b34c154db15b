import Testing

@testable import MartletServer

@Suite("Request bodies")
struct RequestBodyTests {
    private func routes(_ router: Router) {
        router.post("/") { try await "\($0.body.collect().count)" }
        router.post("/chunks") { request in
            var count = 0
            for try await chunk in request.body {
                #expect(!chunk.isEmpty)
                count += chunk.count
            }
            return "\(count)"
        }
        router.post("/few") { try await "\($0.body.collect(upTo: 10).count)" }
        router.post("/length") { request in "\(request.body.expectedLength.map(String.init) ?? "unknown")" }
    }

    @Test("bodies larger than any buffer are read whole, with either framing", arguments: ["/", "/chunks"])
    func readsLargeBodies(path: String) async throws {
        let body = [UInt8](repeating: 3, count: 700_000)
        try await withServer(routes: routes) { server in
            let client = try server.connect()
            try await client.send("POST \(path) HTTP/1.1\r\nHost: a\r\nContent-Length: \(body.count)\r\n\r\n")
            try await client.send(body)
            #expect(try await client.answer().text == "700000")
            try await client.send("POST \(path) HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n")
            for _ in 0..<7 { try await client.send(Array("186a0\r\n".utf8) + body.prefix(100_000) + [13, 10]) }
            try await client.send("0\r\n\r\n")
            #expect(try await client.answer().text == "700000")
        }
    }

    @Test("the length is known beforehand when the client says it")
    func expectsLength() async throws {
        try await withServer(routes: routes) { server in
            let client = try server.connect()
            let heads = ["", "Content-Length: 0\r\n", "Content-Length: 2\r\n", "Transfer-Encoding: chunked\r\n"]
            for (fields, expected) in zip(heads, ["0", "0", "2", "unknown"]) {
                let body = expected == "2" ? "ab" : expected == "unknown" ? "0\r\n\r\n" : ""
                try await client.send("POST /length HTTP/1.1\r\nHost: a\r\n\(fields)\r\n\(body)")
                #expect(try await client.answer().text == expected)
            }
        }
    }

    @Test(
        "one that is larger than the limit is answered with 413",
        arguments: [
            "Content-Length: 1001\r\n\r\n",
            "Content-Length: 9223372036854775807\r\n\r\n",
            "Transfer-Encoding: chunked\r\n\r\n3e9\r\n",
            "Transfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\n",
            "Transfer-Encoding: chunked\r\n\r\n1\r\na\r\n7fffffffffffffff\r\n",
        ])
    func limits(framing: String) async throws {
        var settings = HTTPServerSettings.patient
        settings.bodyLimit = 1000
        try await withServer(settings, routes: routes) { server in
            let client = try server.connect()
            try await client.send("POST / HTTP/1.1\r\nHost: a\r\n\(framing)")
            if framing.contains("1001") { try await client.send([UInt8](repeating: 0, count: 1001)) }
            let answer = try await client.answer()
            #expect(answer.status == 413)
            if answer.saysClose { #expect(try await client.isAtEnd()) }
        }
    }

    @Test("a body of just the limit is read")
    func allowsTheLimit() async throws {
        var settings = HTTPServerSettings.patient
        settings.bodyLimit = 1000
        try await withServer(settings, routes: routes) { server in
            let client = try server.connect()
            let body = String(repeating: "a", count: 1000)
            try await client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\n\(body)")
            #expect(try await client.answer().text == "1000")
            try await client.send(
                "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3e8\r\n\(body)\r\n0\r\n\r\n")
            #expect(try await client.answer().text == "1000")
        }
    }

    @Test("a handler may ask for less than the server allows")
    func limitsByHandler() async throws {
        try await withServer(routes: routes) { server in
            let client = try server.connect()
            let heads = [
                ("Content-Length: 11\r\n\r\n", ""), ("Transfer-Encoding: chunked\r\n\r\nb\r\n", "\r\n0\r\n\r\n"),
            ]
            for (start, end) in heads {
                try await client.send("POST /few HTTP/1.1\r\nHost: a\r\n\(start)hello world\(end)")
                #expect(try await client.answer().status == 413)
            }
            try await client.send("POST /few HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\n0123456789")
            #expect(try await client.answer().text == "10")
        }
    }

    @Test(
        "a body that breaks its framing is answered once, and the connection closed",
        arguments: [
            "x\r\n", "5\nhello\r\n0\r\n\r\n", "5\r\nhelloo\r\n0\r\n\r\n", "\r\n", "-5\r\n", "0x5\r\n",
            "11111111111111111\r\n",
            "5 \r\n", "0\r\nContent-Length : 3\r\n\r\n", "0\r\n folded\r\n\r\n",
        ])
    func refusesMalformedChunks(chunks: String) async throws {
        try await withServer(routes: routes) { server in
            let client = try server.connect()
            try await client.send(
                "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n\(chunks)POST / HTTP/1.1\r\nHost: a\r\n\r\n"
            )
            let answer = try await client.answer()
            #expect(answer.status == 400 && answer.saysClose)
            #expect(try await client.isAtEnd())
            try await server.expect(.requests, 1)
            #expect(server.count(.handlerErrors) == 0)
        }
    }

    @Test("a body that is cut short is the client's fault, not the handler's")
    func noticesTheEnd() async throws {
        try await withServer(routes: routes) { server in
            let client = try server.connect()
            try await client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nabc")
            client.finishSending()
            #expect(try await client.answer().status == 400)
            #expect(try await client.isAtEnd())
        }
    }

    @Test("a client that is gone when its body is asked for is not the handler's fault, either")
    func noticesLostClients() async throws {
        // A Unix socket refuses what is written to it as soon as its peer is gone.
        try await withServer(on: "unix", routes: routes) { server in
            let client = try server.connect()
            try await client.send(
                "GET / HTTP/1.1\r\nHost: a\r\n\r\nPOST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nabc")
            client.close()
            try await eventually("the connection has ended") { server.count(.connectionsClosed) == 1 }
            try await server.expect(.requests, 2)
            #expect(server.count(.handlerErrors) == 0 && server.log.entries.isEmpty)
        }
    }

    @Test(
        "of an unread body a little is dropped and the connection goes on",
        arguments: [
            "Content-Length: 5\r\n\r\nhello", "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
        ])
    func dropsSmallBodies(framed: String) async throws {
        try await withServer { server in
            let client = try server.connect()
            for status in [404, 405] {
                let path = status == 404 ? "/none" : "/"
                try await client.send("POST \(path) HTTP/1.1\r\nHost: a\r\n\(framed)GET / HTTP/1.1\r\nHost: a\r\n\r\n")
                let answer = try await client.answer()
                #expect(answer.status == status && !answer.saysClose)
                #expect(try await client.answer().text == "root")
            }
        }
    }

    @Test("an unread body that comes later is dropped, too")
    func dropsLateBodies() async throws {
        try await withServer { server in
            let client = try server.connect()
            try await client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 60000\r\n\r\n")
            #expect(try await client.answer().status == 405)
            try await client.send([UInt8](repeating: 65, count: 60000))
            try await client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            #expect(try await client.answer().text == "root")
        }
    }

    @Test(
        "with too much of an unread body to come the connection is closed, and the client can read why while it sends",
        arguments: [
            "Content-Length: 900000\r\n\r\n", "Transfer-Encoding: chunked\r\n\r\ndbba0\r\n",
        ])
    func closesOnLargeBodies(framing: String) async throws {
        try await withServer { server in
            let client = try server.connect()
            try await client.send("POST / HTTP/1.1\r\nHost: a\r\n\(framing)")
            try await client.send([UInt8](repeating: 65, count: 200_000))
            let answer = try await client.answer()
            #expect(answer.status == 405 && answer.problem == "allowed here: GET, HEAD, OPTIONS")
            try await client.send([UInt8](repeating: 65, count: 200_000))
            #expect(try await client.isAtEnd())
            try await server.expect(.requests, 1)
        }
    }
}
