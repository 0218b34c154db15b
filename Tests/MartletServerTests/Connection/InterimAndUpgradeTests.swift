import HTTPTypes
import Testing

@testable import MartletServer

@Suite("Interim responses, trailers and other protocols")
struct InterimAndUpgradeTests {
    @Test("early hints come before the answer; HTTP/1.0 clients get the answer alone")
    func earlyHints() async throws {
        try await withServer(routes: {
            $0.get("/") { request in
                try await request.sendEarlyHints([.link: "</style.css>; rel=preload"])
                return "page"
            }
        }) { server in
            let client = try server.connect()
            try await client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\nGET / HTTP/1.0\r\n\r\n")
            let hints = try await client.answer()
            #expect(hints.status == 103 && hints.fieldLines == ["Link: </style.css>; rel=preload"])
            #expect(try await client.answer().text == "page")
            #expect(try await client.answer().text == "page")
            try await server.expect(.responses1xx, 1)
        }
    }

    @Test("trailers of a request are there when its body is read, but for those that may not come there")
    func requestTrailers() async throws {
        try await withServer(routes: {
            $0.post("/") { request in
                let before = request.body.trailers == nil
                let body = try await request.body.collect()
                let trailers = request.body.trailers ?? [:]
                return "\(before) \(body.count) \(trailers[.init("X-Sum")!] ?? "-") \(trailers[.contentLength] ?? "-")"
            }
        }) { server in
            let client = try server.connect()
            let head = "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
            let body = "3\r\nabc\r\n0\r\nX-Sum: 7\r\nContent-Length: 9\r\n\r\n"
            try await client.send(head + body + head + "0\r\n\r\n")
            #expect(try await client.answer().text == "true 3 7 -")
            #expect(try await client.answer().text == "true 0 - -")
        }
    }

    @Test("trailers of a response are sent to those who understand them", arguments: ["TE: trailers\r\n", ""])
    func responseTrailers(te: String) async throws {
        try await withServer(routes: {
            $0.get("/") { _ in
                Response { body in
                    try await body.write("abc")
                    body.trailers[.init("X-Sum")!] = "7"
                }
            }
        }) { server in
            let client = try server.connect()
            try await client.send("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\(te)\r\n")
            _ = try await client.head()
            let rest = String(decoding: try await client.rest(), as: UTF8.self)
            #expect(rest == "3\r\nabc\r\n0\r\n" + (te.isEmpty ? "" : "X-Sum: 7\r\n") + "\r\n")
        }
    }

    @Test("a stream of known length is sent without chunks, and cut when it does not keep its word")
    func knownLength() async throws {
        try await withServer(routes: {
            $0.get("/exact") { _ in
                Response(length: 6) { body in
                    for piece in ["abc", "def"] { try await body.write(piece) }
                }
            }
            $0.get("/short") { _ in Response(length: 6) { try await $0.write("abc") } }
            $0.get("/long") { _ in Response(length: 2) { try await $0.write("abc") } }
        }) { server in
            let client = try server.connect()
            try await client.send("GET /exact HTTP/1.1\r\nHost: a\r\n\r\nHEAD /exact HTTP/1.1\r\nHost: a\r\n\r\n")
            let exact = try await client.answer()
            #expect(exact.text == "abcdef" && exact["Content-Length"] == "6" && exact["Transfer-Encoding"] == nil)
            #expect(try await client.answer(to: "HEAD")["Content-Length"] == "6")
            for path in ["/short", "/long"] {
                let client = try server.connect()
                try await client.send("GET \(path) HTTP/1.1\r\nHost: a\r\n\r\n")
                _ = try await client.head()
                #expect(try await client.rest().count < (path == "/short" ? 6 : 2))
            }
            try await server.expect(.handlerErrors, 2)
        }
    }

    @Test("a connection goes over to another protocol when both want it, with what has been sent ahead")
    func upgrades() async throws {
        try await withServer(routes: {
            $0.get("/echo") { _ in
                Response(upgradeTo: "shout") { connection in
                    while let line = try await connection.stream.readLine() {
                        try await connection.stream.write(line.uppercased() + "\n")
                    }
                }
            }
        }) { server in
            let client = try server.connect()
            try await client.send(
                "GET /echo HTTP/1.1\r\nHost: a\r\nConnection: keep-alive, Upgrade\r\nUpgrade: x, Shout\r\n\r\nahead\n")
            let answer = try await client.head()
            #expect(answer.status == 101 && answer["Upgrade"] == "shout" && answer["Connection"] == "Upgrade")
            #expect(try await client.take(6) == Array("AHEAD\n".utf8))
            try await client.send("more\n")
            #expect(try await client.take(5) == Array("MORE\n".utf8))
            client.finishSending()
            #expect(try await client.isAtEnd())
        }
    }

    @Test(
        "whoever does not ask for the other protocol is told to",
        arguments: ["", "Upgrade: shout\r\n", "Connection: Upgrade\r\nUpgrade: h2c\r\n"])
    func requiresUpgrade(fields: String) async throws {
        try await withServer(routes: {
            $0.get("/echo") { _ in Response(upgradeTo: "shout") { _ in } }
        }) { server in
            let client = try server.connect()
            try await client.send("GET /echo HTTP/1.1\r\nHost: a\r\n\(fields)\r\n")
            let answer = try await client.answer()
            #expect(answer.status == 426 && answer["Upgrade"] == "shout" && answer["Connection"] == "Upgrade")
            try await client.send("GET /echo HTTP/1.0\r\n\(fields)\r\n")
            let old = try await client.answer()
            #expect(old.status == 426 && old["Upgrade"] == "shout" && old["Connection"] == "close, Upgrade")
        }
    }

    @Test("small pieces that are written in one go leave together, and large ones uncopied and in order")
    func gathers() async throws {
        let large = [UInt8](repeating: 66, count: 20_000)
        try await withServer(routes: {
            $0.get("/") { _ in
                Response(length: 5 * 20_003) { body in
                    for _ in 0..<5 {
                        try await body.write("abc")
                        try await body.write(large)
                    }
                }
            }
        }) { server in
            let client = try server.connect(receiveBuffer: 4096)
            try await client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            let answer = try await client.answer()
            #expect(answer.body == (0..<5).flatMap { _ in Array("abc".utf8) + large })
        }
    }
}
