import MartletLoop
import Testing

@testable import MartletServer

/// Heads that are sent again are not parsed again: see `Exchange.beginAgain`.
@Suite("Heads that are sent again")
struct RepeatedHeadTests {
    private struct Asked {
        let request: String
        let answer: String

        init(_ line: String, _ fields: String = "", body: String = "", answer: String) {
            request = "\(line) HTTP/1.1\r\nHost: a\r\n\(fields)\r\n\(body)"
            self.answer = answer
        }
    }

    private static let asked = [
        Asked("GET /say/1", answer: "GET 1 - -"),
        Asked("GET /say/2", answer: "GET 2 - -"),
        Asked("GET /say/1?q=x", answer: "GET 1 q=x -"),
        Asked("GET /say/1?q=y", answer: "GET 1 q=y -"),
        Asked("GET /say/1", "X-Note: n\r\n", answer: "GET 1 - n"),
        Asked("GET /say/a%20b", answer: "GET a b - -"),
        Asked("GET /x/../say/./3", answer: "GET 3 - -"),
        Asked("DELETE /say/1", answer: "DELETE 1 - -"),
        Asked("POST /say/1", "Content-Length: 2\r\n", body: "ab", answer: "POST 1 - - ab"),
        Asked("POST /say/1", "Content-Length: 2\r\n", body: "cd", answer: "POST 1 - - cd"),
        Asked("POST /say/1", "Transfer-Encoding: chunked\r\n", body: "1\r\nz\r\n0\r\n\r\n", answer: "POST 1 - - z"),
        Asked("POST /sum", "Content-Type: application/json\r\nContent-Length: 5\r\n", body: "[1,2]", answer: "3"),
        Asked("POST /sum", "Content-Type: application/json\r\nContent-Length: 5\r\n", body: "[3,4]", answer: "7"),
    ]

    private func routes(_ router: Router) {
        func say(_ request: Request) -> String {
            let query = request.queryString ?? "-"
            return "\(request.method) \(request.parameters["n"] ?? "?") \(query) \(request[.init("X-Note")!] ?? "-")"
        }
        router.get("/say/{n}") { say($0) }
        router.delete("/say/{n}") { say($0) }
        router.post("/say/{n}") { request in
            say(request) + " " + String(decoding: try await request.body.collect(), as: UTF8.self)
        }
        router.post("/sum") { (_, numbers: [Int]) in "\(numbers.reduce(0, +))" }
    }

    @Test("whatever came before, a request is answered as if it were the first")
    func answersAsTheFirst() async throws {
        try await withServer(routes: routes) { server in
            let clients = [try server.connect(), try server.connect()]
            var random = SplitMix64(state: 7)
            for _ in 0..<100 {
                let client = clients.randomElement(using: &random)!
                let batch = (0..<Int.random(in: 1...6, using: &random)).flatMap { _ in
                    let one = Self.asked.randomElement(using: &random)!
                    return Array(repeating: one, count: .random(in: 1...3, using: &random))
                }
                try await client.send(batch.map(\.request).joined())
                for one in batch {
                    let answer = try await client.answer()
                    #expect(answer.status == 200 && answer.text == one.answer, "\(one.request)")
                }
            }
        }
    }

    @Test("wherever the second of two equal heads is split, it is answered as the first")
    func splitsAnywhere() async throws {
        try await withServer(routes: routes) { server in
            let client = try server.connect()
            let one = Self.asked[4]
            let bytes = Array(one.request.utf8)
            for split in 0..<bytes.count {
                try await client.send(bytes + bytes[..<split])
                #expect(try await client.answer().text == one.answer)
                try await client.send(Array(bytes[split...]))
                #expect(try await client.answer().text == one.answer, "split at \(split)")
            }
        }
    }

    @Test("a request that its handler has kept stays as it was")
    func keepsKeptRequests() async throws {
        var kept: [Request] = []
        try await withServer(routes: { router in
            router.get("/{n}") { request in
                kept.append(request)
                return "\(kept.count)"
            }
        }) { server in
            let client = try server.connect()
            for path in ["/a", "/a", "/b", "/b", "/a"] {
                try await client.send("GET \(path) HTTP/1.1\r\nHost: a\r\n\r\n")
                _ = try await client.answer()
            }
            #expect(kept.map { $0.parameters["n"] } == ["a", "a", "b", "b", "a"])
        }
        kept = []
    }

    @Test("what filters have noted of a request is not found in the next")
    func forgetsNotes() async throws {
        enum Seen: RequestKey { typealias Value = Int }
        try await withServer(routes: { router in
            router.get("/") { request in
                let before = request[Seen.self] ?? 0
                request[Seen.self] = before + 1
                return "\(before)"
            }
        }) { server in
            let client = try server.connect()
            try await client.send(String(repeating: "GET / HTTP/1.1\r\nHost: a\r\n\r\n", count: 3))
            for _ in 0..<3 { #expect(try await client.answer().text == "0") }
        }
    }

    @Test("a head that is refused is refused again, and ends the connection")
    func refusesAgain() async throws {
        try await withServer(routes: routes) { server in
            for _ in 0..<3 {
                let client = try server.connect()
                let good = "GET /say/1 HTTP/1.1\r\nHost: a\r\n\r\n"
                try await client.send(good + "GET /say/1 HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n")
                #expect(try await client.answer().status == 200)
                #expect(try await client.answer().status == 400)
            }
        }
    }
}
