import HTTPTypes
import MartletHTTP
import MartletLoop
import Testing

@testable import MartletServer

@Suite("Responses made piece by piece")
struct EventStreamTests {
    @Test("events are sent when they happen, and a silent stream is kept alive by comments")
    func events() async throws {
        let gate = Gate()
        try await withServer(routes: {
            $0.get("/") { request in
                let last = request[.init("Last-Event-ID")!] ?? "none"
                return Response.events(heartbeat: .milliseconds(20)) { events in
                    try await events.send(ServerSentEvent(data: "one\ntwo", event: "greeting", id: last))
                    await gate.pass()
                    try await events.send("done")
                }
            }
        }) { server in
            let client = try server.connect()
            try await client.send("GET / HTTP/1.1\r\nHost: a\r\nLast-Event-ID: 41\r\n\r\n")
            let head = try await client.head()
            #expect(head["Content-Type"] == "text/event-stream" && head["Cache-Control"] == "no-store")
            let first = String(decoding: try await client.chunk(), as: UTF8.self)
            #expect(first == "event: greeting\nid: 41\ndata: one\ndata: two\n\n")
            for _ in 0..<2 { #expect(try await client.chunk() == Array(":\n\n".utf8)) }
            gate.open()
            var rest: [String] = []
            while case let chunk = try await client.chunk(), !chunk.isEmpty {
                rest.append(String(decoding: chunk, as: UTF8.self))
            }
            #expect(rest.last == "data: done\n\n")
        }
    }

    @Test("the sender to a client that is gone is cancelled, though it sends nothing")
    func ends() async throws {
        var hasEnded = false
        var settings = HTTPServerSettings.patient
        settings.presenceDelay = .milliseconds(10)
        try await withServer(
            settings,
            routes: {
                $0.get("/") { _ in
                    Response.events { _ in
                        defer { hasEnded = true }
                        try await Task.sleep(for: .seconds(600), clock: .eventLoop)
                    }
                }
            }
        ) { server in
            let client = try server.connect()
            try await client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            _ = try await client.head()
            client.close()
            try await eventually("it is over") { hasEnded }
            try await server.expect(.clientsGone, 1)
        }
    }

    private nonisolated struct Count: AsyncSequence, AsyncIteratorProtocol, Sendable {
        var left: Int
        func makeAsyncIterator() -> Count { self }
        mutating func next() async -> String? {
            guard left > 0 else { return nil }
            left -= 1
            return "\(left)"
        }
    }

    @Test("sequences, redirects, attachments and cookies")
    func makes() async throws {
        try await withServer(routes: { router in
            router.get("/count") { _ in Response.stream(Count(left: 3)) }
            router.get("/old") { _ in Response.redirect(to: "/new?a=b\r\nX: y", status: .permanentRedirect) }
            router.get("/file") { _ in Response.attachment([1, 2], name: "naïve \"x\".bin") }
            router.get("/page") { _ in Response.html("<p>") }
            router.get("/cookie") { request in
                var response = Response(text: request.cookies["a"] ?? "none")
                response.set(try SetCookie("a", "1", isHTTPOnly: true))
                response.set(try SetCookie("b", "2"))
                return response
            }
        }) { server in
            let client = try server.connect()
            func get(_ path: String, _ fields: String = "") async throws -> Answer {
                try await client.send("GET \(path) HTTP/1.1\r\nHost: a\r\n\(fields)\r\n")
                return try await client.answer()
            }
            #expect(try await get("/count").text == "210")
            let moved = try await get("/old")
            #expect(moved.status == 308 && moved["Location"] == "/new?a=b  X: y" && moved["X"] == nil)
            let file = try await get("/file")
            #expect(file.body == [1, 2] && file["Content-Disposition"]?.hasPrefix("attachment; filename=") == true)
            #expect(file["Content-Disposition"]?.contains("filename*=UTF-8''na%C3%AFve%20%22x%22.bin") == true)
            #expect(try await get("/page")["Content-Type"] == "text/html; charset=utf-8")
            let cookie = try await get("/cookie", "Cookie: b=x; a=y\r\n")
            #expect(cookie.text == "y" && cookie.values(of: "Set-Cookie").count == 2)
        }
    }
}
