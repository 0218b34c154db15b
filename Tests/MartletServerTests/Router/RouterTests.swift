import HTTPTypes
import MartletNet
import Testing

@testable import MartletServer

@Suite("Router")
struct RouterTests {
    private func ask(_ requests: [(String, String)], _ routes: (Router) -> Void) async throws -> [Answer] {
        var answers: [Answer] = []
        try await withServer(routes: routes) { server in
            let client = try server.connect()
            for (method, target) in requests {
                try await client.send("\(method) \(target) HTTP/1.1\r\nHost: a\r\n\r\n")
                answers.append(try await client.answer(to: method))
            }
        }
        try #require(answers.count == requests.count)
        return answers
    }

    @Test("the most special pattern answers, in whatever order they were added", arguments: [false, true])
    func prefersSpecial(reversed: Bool) async throws {
        let patterns = ["/a/b", "/a/{x}", "/*/b", "/{rest...}", "/a/b/{rest...}"]
        let targets = ["/a/b", "/a/c", "/c/b", "/c/d", "/a/b/c/d", "/a/%62"]
        let answers = try await ask(targets.map { ("GET", $0) }) { router in
            for pattern in reversed ? patterns.reversed() : patterns { router.get(pattern) { _ in pattern } }
        }
        #expect(answers.map(\.text) == ["/a/b", "/a/{x}", "/*/b", "/{rest...}", "/a/b/{rest...}", "/a/b"])
    }

    @Test("a path without a route is 404; a method without one is 405 and says what is allowed")
    func refuses() async throws {
        let answers = try await ask([("GET", "/none"), ("POST", "/a"), ("TRACE", "/a"), ("DELETE", "/b")]) {
            $0.get("/a") { _ in "a" }
            $0.post("/b") { _ in "b" }
            $0.put("/b") { _ in "b" }
        }
        #expect(answers.map(\.status) == [404, 405, 405, 405])
        #expect(answers.map { $0["Allow"] } == [nil, "GET, HEAD, OPTIONS", "GET, HEAD, OPTIONS", "POST, PUT, OPTIONS"])
    }

    @Test("a method that is none of HTTP's is 501 everywhere, unless any route has it")
    func unknownMethod() async throws {
        let requests = [("BREW", "/a"), ("BREW", "/none"), ("get", "/a"), ("PROPFIND", "/a"), ("PROPFIND", "/b")]
        let answers = try await ask(requests) {
            $0.get("/a") { _ in "a" }
            do { try $0.add(.init("PROPFIND")!, "/b") { _ in "b" } } catch { Issue.record(error) }
        }
        #expect(answers.map(\.status) == [501, 501, 501, 405, 200])
        #expect(answers.map { $0["Allow"] } == [nil, nil, nil, "GET, HEAD, OPTIONS", nil])
    }

    @Test("OPTIONS says what is allowed, of a path or of the server, unless a route answers it")
    func options() async throws {
        let answers = try await ask([("OPTIONS", "/a"), ("OPTIONS", "*"), ("OPTIONS", "/own"), ("OPTIONS", "/none")]) {
            $0.get("/a") { _ in "a" }
            $0.delete("/b") { _ in "b" }
            do { try $0.add(.options, "/own") { _ in "mine" } } catch { Issue.record(error) }
        }
        #expect(answers.map(\.status) == [204, 204, 200, 404])
        #expect(answers[0]["Allow"] == "GET, HEAD, OPTIONS" && answers[0]["Content-Length"] == nil)
        #expect(answers[1]["Allow"] == "GET, HEAD, DELETE, OPTIONS" && answers[2].text == "mine")
    }

    private struct Item: Encodable { var n = 1 }

    @Test("handlers that wait and those that do not, that return text or values: the compiler picks")
    func overloads() async throws {
        func later<Value>(_ value: Value) async -> Value {
            await Task.yield()
            return value
        }
        let paths = ["/text", "/value", "/slow/text", "/slow/value", "/throws", "/response"]
        for method in ["GET", "POST", "PUT", "PATCH", "DELETE"] {
            let answers = try await ask(paths.map { (method, $0) }) {
                switch method {
                case "GET":
                    $0.get("/text") { _ in "text" }
                    $0.get("/value") { _ in Item() }
                    $0.get("/slow/text") { _ in await later("text") }
                    $0.get("/slow/value") { _ in await later(Item()) }
                    $0.get("/throws") { _ -> Item in throw HTTPError(.conflict) }
                    $0.get("/response") { _ in Response(status: .accepted) }
                case "POST":
                    $0.post("/text") { _ in "text" }
                    $0.post("/value") { _ in Item() }
                    $0.post("/slow/text") { _ in await later("text") }
                    $0.post("/slow/value") { _ in await later(Item()) }
                    $0.post("/throws") { _ -> Item in throw HTTPError(.conflict) }
                    $0.post("/response") { _ in Response(status: .accepted) }
                case "PUT":
                    $0.put("/text") { _ in "text" }
                    $0.put("/value") { _ in Item() }
                    $0.put("/slow/text") { _ in await later("text") }
                    $0.put("/slow/value") { _ in await later(Item()) }
                    $0.put("/throws") { _ -> Item in throw HTTPError(.conflict) }
                    $0.put("/response") { _ in Response(status: .accepted) }
                case "PATCH":
                    $0.patch("/text") { _ in "text" }
                    $0.patch("/value") { _ in Item() }
                    $0.patch("/slow/text") { _ in await later("text") }
                    $0.patch("/slow/value") { _ in await later(Item()) }
                    $0.patch("/throws") { _ -> Item in throw HTTPError(.conflict) }
                    $0.patch("/response") { _ in Response(status: .accepted) }
                default:
                    $0.delete("/text") { _ in "text" }
                    $0.delete("/value") { _ in Item() }
                    $0.delete("/slow/text") { _ in await later("text") }
                    $0.delete("/slow/value") { _ in await later(Item()) }
                    $0.delete("/throws") { _ -> Item in throw HTTPError(.conflict) }
                    $0.delete("/response") { _ in Response(status: .accepted) }
                }
            }
            #expect(
                answers.map(\.text) == [
                    "text", #"{"n":1}"#, "text", #"{"n":1}"#,
                    #"{"type":"about:blank","title":"Conflict","status":409}"# + "\n", "",
                ], "\(method)")
            #expect(answers.map(\.status) == [200, 200, 200, 200, 409, 202], "\(method)")
        }
    }

    @Test("a handler that does not wait is not called as one that does")
    func picksImmediate() throws {
        let router = Router()
        router.get("/") { _ in "text" }
        router.get("/value") { _ in Item() }
        let ends = try socketPair()
        let stream = try ByteStream(descriptor: ends.0)
        let peer = try Client(descriptor: ends.1)
        defer {
            stream.close()
            peer.close()
        }
        let server = HTTPServer(router: router)
        let connection = HTTPConnection(stream: stream, server: server, initialBytes: [])
        for target in ["/", "/value"] {
            let exchange = Exchange(server: server)
            let head = Array("GET \(target) HTTP/1.1\r\nHost: a\r\n\r\n".utf8)
            _ = try exchange.parser.parse(head.span)
            head.withUnsafeBufferPointer { exchange.begin(head: $0, on: connection) }
            defer { exchange.end() }
            guard case .immediate = router.handler(for: exchange) else {
                Issue.record("\(target) is called as if it waited")
                return
            }
        }
    }

    @Test("a route that could never be reached is refused")
    func refusesDuplicates() throws {
        let router = Router()
        try router.add(.get, "/a/{x}") { _ in "first" }
        try router.add(.post, "/a/{x}") { _ in "another method" }
        for pattern in ["/a/{x}", "/a/{y}", "/a/:z"] {
            let error = #expect(throws: RouteError.self) { try router.add(.get, pattern) { _ in "second" } }
            #expect(error?.code == .conflict)
        }
        #expect(throws: RouteError.self) { try router.add(.get, "no/slash") { _ in "" } }
    }
}
