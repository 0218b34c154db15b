import MartletHTTP
import Testing

@testable import MartletServer

@Suite("Malformed requests")
struct MalformedRequestTests {
    nonisolated struct Case: Sendable, CustomTestStringConvertible {
        let what: String
        let request: String
        var status = 400
        var testDescription: String { what }

        init(_ what: String, _ request: String, _ status: Int = 400) {
            self.what = what
            self.request = request
            self.status = status
        }

        /// A request with one field more than it needs.
        init(field: String, _ status: Int = 400) {
            self.init(field.debugDescription, "POST / HTTP/1.1\r\nHost: a\r\n\(field)\r\n\r\n", status)
        }

        static let all = [
            Case(field: "Content-Length: 5\r\nContent-Length: 5"),
            Case(field: "Content-Length: 5\r\nContent-Length: 6"),
            Case(field: "Content-Length: 5, 5"), Case(field: "Content-Length: +5"), Case(field: "Content-Length: "),
            Case(field: "Content-Length: 9223372036854775808"), Case(field: "Content-Length: 99999999999999999999999"),
            Case(field: "Content-Length: 5\r\nTransfer-Encoding: chunked"),
            Case(field: "Transfer-Encoding: chunked\r\nContent-Length: 5"),
            Case(field: "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked"),
            Case(field: "Transfer-Encoding: chunked, chunked"), Case(field: "Transfer-Encoding: \u{b}chunked"),
            Case(field: "Transfer-Encoding: gzip", 400), Case(field: "Transfer-Encoding: gzip, chunked", 501),
            Case(field: "Transfer-Encoding: identity", 400),
            Case("chunked in HTTP/1.0", "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n"),
            Case(field: "Expect: something", 417),
            Case(field: "X : a"), Case(field: "X\t: a"), Case(field: ": a"), Case(field: "X"), Case(field: "X(: a"),
            Case(field: "X: a\0b"), Case(field: "X\0: a"), Case(field: "X: a\r\n folded"),
            Case(field: "X: a\r\n\tfolded"),
            Case(field: "X: a\nY: b"), Case(field: "X: a\rY: b"), Case(field: "X: a\r\r\nY: b"),
            Case(field: "Host: a"), Case(field: "host: b"),
            Case("no Host", "GET / HTTP/1.1\r\n\r\n"), Case("empty target", "GET  HTTP/1.1\r\nHost: a\r\n\r\n"),
            Case("Host that is none", "GET / HTTP/1.1\r\nHost: a b\r\n\r\n"),
            Case("space before the first field", "GET / HTTP/1.1\r\n Host: a\r\n\r\n"),
            Case("bare LF", "GET / HTTP/1.1\nHost: a\n\n"), Case("bare CR", "GET / HTTP/1.1\rHost: a\r\r"),
            Case("two empty lines", "\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n"),
            Case("NUL in the target", "GET /\0 HTTP/1.1\r\nHost: a\r\n\r\n"),
            Case("half an escape", "GET /%4 HTTP/1.1\r\nHost: a\r\n\r\n"),
            Case("escaped NUL", "GET /%00 HTTP/1.1\r\nHost: a\r\n\r\n"),
            Case("relative target", "GET a HTTP/1.1\r\nHost: a\r\n\r\n"),
            Case("HTTP/0.9", "GET /\r\n"), Case("TLS", "\u{16}\u{3}\u{1}\u{2}\0"),
            Case("HTTP/2.0", "GET / HTTP/2.0\r\nHost: a\r\n\r\n", 505),
            Case("HTTP/3.0", "GET / HTTP/3.0\r\nHost: a\r\n\r\n", 505),
            Case("CONNECT", "CONNECT a:443 HTTP/1.1\r\nHost: a:443\r\n\r\n", 501),
            Case("method without end", String(repeating: "G", count: 100), 501),
            Case(
                "request line too long", "GET /" + String(repeating: "a", count: 300) + " HTTP/1.1\r\nHost: a\r\n\r\n",
                414),
            Case("request line without end", "GET /" + String(repeating: "a", count: 300), 414),
            Case(field: "X: " + String(repeating: "a", count: 600), 431),
            Case(field: String(repeating: "X", count: 600), 431),
            Case(field: Array(repeating: "X: a", count: 20).joined(separator: "\r\n"), 431),
        ]
    }

    /// What a proxy in front might have taken for a body, or for the rest of it.
    private static let smuggled = "GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n"

    private func serve(_ body: (TestServer) async throws -> Void) async throws {
        var settings = HTTPServerSettings.patient
        settings.head = HTTP1Limits(requestLine: 200, fieldSection: 500, fieldCount: 10)
        try await withServer(
            settings,
            routes: { router in
                router.post("/") { try await "\($0.body.collect().count)" }
                router.get("/") { _ in "root" }
                router.get("/smuggled") { _ in
                    Issue.record("a smuggled request was served")
                    return "smuggled"
                }
            }, body)
    }

    @Test("each gets one answer, and the connection is closed", arguments: Case.all)
    func refuses(malformed: Case) async throws {
        try await serve { server in
            let client = try server.connect()
            try await client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n" + malformed.request + Self.smuggled)
            #expect(try await client.answer().text == "root")
            let answer = try await client.answer()
            #expect(answer.status == malformed.status && answer.saysClose)
            #expect(try await client.isAtEnd())
            try await server.expect(.requests, 1)
            try await server.expect(.protocolErrors, 1)
            #expect(server.refusals.count == 1 && server.refusals.first?.contains("127.0.0.1:") == true)
        }
    }

    @Test("however it is cut into pieces", arguments: Case.all)
    func refusesInPieces(malformed: Case) async throws {
        try await serve { server in
            let client = try server.connect()
            let bytes = Array(malformed.request.utf8)
            for start in stride(from: 0, to: bytes.count, by: 7) {
                // Once it is refused the rest may find the connection closed.
                do { try await client.send(Array(bytes[start..<min(start + 7, bytes.count)])) } catch { break }
                await Task.yield()
            }
            client.finishSending()
            let answer = try await client.answer()
            #expect(answer.status == malformed.status && answer.saysClose)
            #expect(try await client.isAtEnd())
        }
    }

    @Test("the answer says what is wrong and repeats nothing that was sent")
    func explains() async throws {
        try await serve { server in
            let client = try server.connect()
            try await client.send("GET /<script> HTTP/1.1\r\nHost: a\r\nHost: <script>\r\n\r\n")
            let answer = try await client.answer()
            #expect(answer.problem == "the Host field is repeated" && !answer.text.contains("script"))
        }
    }
}
