import MartletLoop
import Testing

@testable import MartletServer

@Suite("Streamed and large responses")
struct StreamingTests {
    private struct Failure: Error {}

    @Test("a stream is sent in chunks, and the connection goes on")
    func streams() async throws {
        try await withServer(routes: {
            $0.get("/") { _ in
                Response(contentType: "text/csv") { output in
                    for line in ["a,b\n", "", "c,d\n"] { try await output.write(line) }
                    try await output.write([UInt8](repeating: 65, count: 100_000))
                }
            }
        }) { server in
            let client = try server.connect()
            try await client.send(String(repeating: "GET / HTTP/1.1\r\nHost: a\r\n\r\n", count: 2))
            for _ in 0..<2 {
                let answer = try await client.answer()
                #expect(answer["Transfer-Encoding"] == "chunked" && answer["Content-Length"] == nil)
                #expect(answer["Content-Type"] == "text/csv" && !answer.saysClose)
                #expect(answer.text == "a,b\nc,d\n" + String(repeating: "A", count: 100_000))
            }
        }
    }

    @Test("each piece is sent when it is written")
    func sendsAtOnce() async throws {
        let gate = Gate()
        try await withServer(routes: {
            $0.get("/") { _ in
                Response { output in
                    try await output.write("first")
                    await gate.pass()
                    try await output.write("second")
                }
            }
        }) { server in
            let client = try server.connect()
            try await client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            _ = try await client.head()
            #expect(try await client.chunk() == Array("first".utf8))
            gate.open()
            #expect(try await client.chunk() == Array("second".utf8))
            #expect(try await client.chunk().isEmpty)
        }
    }

    @Test(
        "for HTTP/1.0 the end of the connection is the end of the stream",
        arguments: ["", "Connection: keep-alive\r\n"])
    func streamsToOldClients(fields: String) async throws {
        try await withServer(routes: { $0.get("/") { _ in Response { try await $0.write("streamed") } } }) { server in
            let client = try server.connect()
            try await client.send("GET / HTTP/1.0\r\n\(fields)\r\n")
            let answer = try await client.answer()
            #expect(answer.text == "streamed" && answer["Transfer-Encoding"] == nil && answer.saysClose)
        }
    }

    @Test("a stream that fails is cut off without an end, and the log says why")
    func cutsFailedStreams() async throws {
        try await withServer(routes: {
            $0.get("/") { _ in
                Response { output in
                    try await output.write("begun")
                    throw Failure()
                }
            }
        }) { server in
            let client = try server.connect()
            try await client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            #expect(try await client.head().status == 200)
            #expect(String(decoding: try await client.rest(), as: UTF8.self) == "5\r\nbegun\r\n")
            try await server.expect(.handlerErrors, 1)
            #expect(server.log.contains("target=/") && server.log.contains("type=Failure"))
        }
    }

    @Test("a status without a body sends none, whatever is written", arguments: [204, 205, 304])
    func sendsNoForbiddenBody(status: Int) async throws {
        try await withServer(routes: {
            $0.get("/") { _ in Response(status: .init(code: status)) { try await $0.write("streamed") } }
            $0.get("/text") { _ in Response(status: .init(code: status), text: "text") }
        }) { server in
            let client = try server.connect()
            for path in ["/", "/text"] {
                try await client.send("GET \(path) HTTP/1.1\r\nHost: a\r\n\r\n")
                let answer = try await client.answer()
                #expect(answer.status == status && answer["Transfer-Encoding"] == nil)
            }
        }
    }

    @Test("a writer that is kept writes nothing into later responses")
    func endsWithTheResponse() async throws {
        var kept: ResponseBodyWriter?
        try await withServer(routes: {
            $0.get("/") { _ in
                Response { output in
                    kept = output
                    try await output.write("first")
                }
            }
        }) { server in
            let client = try server.connect()
            try await client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            #expect(try await client.answer().text == "first")
            await #expect(throws: HTTPError.self) { try await kept?.write("late") }
            kept = nil
        }
    }

    @Test("a client that does not read holds the writer up until it reads")
    func holdsWriterUp() async throws {
        let pieces = 400
        var written = 0
        let piece = [UInt8](repeating: 66, count: 32 * 1024)
        try await withServer(routes: {
            $0.get("/") { _ in
                Response { output in
                    for _ in 0..<pieces {
                        try await output.write(piece)
                        written += 1
                    }
                }
            }
        }) { server in
            let client = try server.connect(receiveBuffer: 8192)
            try await client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            var before = -1
            try await eventually("the writer rests") {
                defer { before = written }
                return written > 0 && written == before
            }
            #expect(written < pieces)
            #expect(try await client.answer().body.count == pieces * piece.count)
            #expect(written == pieces)
        }
    }

    @Test("a second task that writes the same response is told so, and the first one's goes out whole")
    func refusesSecondWriter() async throws {
        let pieces = 400
        let piece = [UInt8](repeating: 66, count: 32 * 1024)
        var refusals: [String] = []
        try await withServer(routes: {
            $0.get("/") { _ in
                Response { output in
                    // Runs as soon as the other one has to wait for the client.
                    let second = Task {
                        do {
                            try await output.write("second")
                        } catch {
                            refusals.append("\(error)")
                        }
                    }
                    for _ in 0..<pieces { try await output.write(piece) }
                    await second.value
                }
            }
        }) { server in
            let client = try server.connect(receiveBuffer: 8192)
            try await client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            try await eventually("the second is refused") { !refusals.isEmpty }
            #expect(try await client.answer().body.count == pieces * piece.count)
            #expect(refusals.count == 1 && refusals[0].contains("two tasks write the same response"))
        }
    }

    @Test("large bodies reach a slow reader whole, in order with others", arguments: ["/bytes", "/text"])
    func sendsLargeBodies(path: String) async throws {
        let text = String(repeating: "0123456789 abcdefghijklmnopqr\n", count: 100_000)
        let bytes = Array(text.utf8)
        try await withServer(routes: {
            $0.get("/bytes") { _ in bytes }
            $0.get("/text") { _ in text }
            $0.get("/small") { _ in "small" }
        }) { server in
            let client = try server.connect(receiveBuffer: 16384)
            let order = ["/small", path, "/small", path, "/small"]
            try await client.send(order.map { "GET \($0) HTTP/1.1\r\nHost: a\r\n\r\n" }.joined())
            for asked in order {
                let answer = try await client.answer()
                #expect(asked == "/small" ? answer.text == "small" : answer.body == bytes)
            }
        }
    }

    @Test("a client that goes away while it is answered ends the connection, and nothing else")
    func survivesLostClients() async throws {
        let body = [UInt8](repeating: 67, count: 8 << 20)
        try await withServer(routes: {
            $0.get("/") { _ in body }
            $0.get("/stream") { _ in Response { output in while true { try await output.write(body) } } }
        }) { server in
            for path in ["/", "/stream"] {
                let client = try server.connect(receiveBuffer: 8192)
                let sent = server.count(.bytesSent)
                try await client.send("GET \(path) HTTP/1.1\r\nHost: a\r\n\r\n")
                try await eventually("the answer has begun") { server.count(.bytesSent) > sent }
                client.close()
                try await eventually("the connection has ended") { server.count(.connectionsActive) == 0 }
            }
            #expect(server.count(.handlerErrors) == 0)
        }
    }
}
