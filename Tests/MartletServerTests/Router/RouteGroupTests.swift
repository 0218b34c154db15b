import HTTPTypes
import Testing

@testable import MartletServer

@Suite("Groups, hosts and types of routes")
struct RouteGroupTests {
    private func ask(
        _ targets: [String], host: String = "a", _ routes: (Router) -> Void
    ) async throws -> [String] {
        var texts: [String] = []
        try await withServer(routes: routes) { server in
            let client = try server.connect()
            for target in targets {
                try await client.send("GET \(target) HTTP/1.1\r\nHost: \(host)\r\n\r\n")
                let answer = try await client.answer()
                texts.append(answer.status == 200 ? answer.text : "\(answer.status)")
            }
        }
        return texts
    }

    @Test("groups prefix their routes, also with parameters")
    func prefixes() async throws {
        let texts = try await ask(["/api", "/api/todos", "/api/users/7/todos", "/todos", "/api/"]) { router in
            router.group("/api") { api in
                api.get("/") { _ in "root" }
                api.get("/todos") { _ in "todos" }
                api.group("/users/{id}").get("/todos") { "todos of \($0.parameters["id"] ?? "-")" }
            }
        }
        #expect(texts == ["root", "todos", "todos of 7", "404", "404"])
    }

    @Test("typed parameters take what is of their type, and leave the rest to others")
    func types() async throws {
        let uuid = "123E4567-e89b-12d3-a456-426614174000"
        let targets = [
            "/7", "/-7", "/9223372036854775807", "/9223372036854775808", "/1.5", "/1e3", "/1.", "/\(uuid)", "/x",
            "/%37",
            "/-", "/only/7", "/only/x",
        ]
        let texts = try await ask(targets) { router in
            router.get("/{n:int}") { "int \(try $0.parameters.value("n", as: Int.self))" }
            router.get("/{n:double}") { "double \(try $0.parameters.value("n", as: Double.self))" }
            router.get("/{n:uuid}") { "uuid \($0.parameters["n"]!.count)" }
            router.get("/{n}") { "text \($0.parameters["n"]!)" }
            router.get("/only/{n:int}") { _ in "only" }
        }
        #expect(
            texts == [
                "int 7", "int -7", "int 9223372036854775807", "double 9.223372036854776e+18", "double 1.5",
                "double 1000.0", "text 1.", "uuid 36", "text x", "int 7", "text -", "only", "404",
            ])
    }

    @Test("a type that does not exist is told, with those that do")
    func refusesTypes() throws {
        let error = #expect(throws: RouteError.self) { try RoutePattern(parsing: "/a/{id:number}") }
        #expect(error?.column == 8 && error?.reason.contains("int") == true)
        #expect(try RoutePattern(parsing: "/a/{id:int}").description == "/a/{id:int}")
    }

    @Test("two routes that differ in names only, or twice of the same type, are refused")
    func ambiguous() throws {
        let router = Router()
        try router.group("/a").add(.get, "/{x:int}") { _ in "" }
        try router.add(.get, "/a/{x}") { _ in "" }
        #expect(throws: RouteError.self) { try router.add(.get, "/a/{y:int}") { _ in "" } }
        #expect(throws: RouteError.self) { try router.group("/a").add(.get, "/{y}") { _ in "" } }
        try router.host("example.org").add(.get, "/a/{x}") { _ in "" }
        #expect(throws: RouteError.self) { try router.host("EXAMPLE.org").add(.get, "/a/{z}") { _ in "" } }
        #expect(router.routes.map(\.pattern.description) == ["/a/{x:int}", "/a/{x}", "/a/{x}"])
        #expect(router.routes.map(\.host) == [nil, nil, "example.org"])
    }

    @Test(
        "a host's routes are its own; others get those of no host",
        arguments: [
            ("api.example.org", "api"), ("API.Example.org:8080", "api"), ("api.example.org.", "api"),
            ("www.example.org", "any below"), ("a.b.example.org", "any below"), ("b.sub.example.org", "below sub"),
            ("example.org", "default"), ("127.0.0.1:80", "default"), ("", "default"), ("badexample.org", "default"),
        ])
    func hosts(host: String, expected: String) async throws {
        let texts = try await ask(["/", "/default"], host: host) { router in
            router.get("/") { _ in "default" }
            router.get("/default") { _ in "default" }
            router.host("*.example.org").get("/") { _ in "any below" }
            router.host("*.sub.example.org").get("/") { _ in "below sub" }
            router.host("api.example.org").get("/") { _ in "api" }
        }
        #expect(texts == [expected, expected == "default" ? "default" : "404"])
    }

    @Test(
        "dot segments are resolved before the look-up, once",
        arguments: [
            ("/a/../b", "b"), ("/a/./b", "404"), ("/./b", "b"), ("/../../b", "b"), ("/%2e%2e/b", "b"),
            ("/%2E/b?x=..", "b"), ("/a/..", "root"), ("/%252e%252e/b", "404"), ("/files/x/../y", "file y"),
            ("/files/..%2fb", "file ..%2fb"), ("/files/...", "file ..."), ("/files/../files/%2e%2e", "root"),
        ])
    func dotSegments(target: String, expected: String) async throws {
        let texts = try await ask([target]) { router in
            router.get("/") { _ in "root" }
            router.get("/b") { _ in "b" }
            router.get("/files/{name}") { request in "file \(request.path.dropFirst(7))" }
        }
        #expect(texts == [expected])
    }

    private struct Note: ResponseConvertible {
        nonisolated func response() -> Response { Response(text: "note") }
    }

    private struct Item: Codable { var name: String; var count: Int }

    @Test("the types that handlers take and answer are known")
    func describes() throws {
        let router = Router()
        let plain = router.get("/a") { _ in "text" }
        let value = router.get("/b") { _ in Item(name: "", count: 0) }.summary("one").tags("x", "y")
        let body = router.post("/c") { (_, item: Item) in JSON(item, status: .created) }
            .answers(Item.self, status: .created).fails(.conflict, "it exists")
        #expect(plain.documentation.answerContentType == Response.plainText)
        #expect(value.documentation.answer == Item.self && value.documentation.summary == "one")
        #expect(body.documentation.body == Item.self && body.documentation.status == .created)
        #expect(body.documentation.errors.first?.status == .conflict && router.routes.count == 3)
    }

    @Test("a handler may take the body as a value, and what is wrong with it is told with its place")
    func decodesBodies() async throws {
        try await withServer(routes: { router in
            router.post("/now") { (_, item: Item) in "\(item.name) \(item.count)" }
            router.post("/later") { (_, item: Item) in
                await Task.yield()
                return "\(item.name) \(item.count)"
            }
        }) { server in
            let client = try server.connect()
            for path in ["/now", "/later"] {
                func post(_ body: String, pieces: Int = 1, contentType: String = "application/json") async throws
                    -> Answer
                {
                    try await client.send(
                        "POST \(path) HTTP/1.1\r\nHost: a\r\nContent-Type: \(contentType)\r\nContent-Length: "
                            + "\(body.utf8.count)\r\n\r\n")
                    if pieces > 1 { await pause(.milliseconds(5)) }
                    try await client.send(body)
                    return try await client.answer()
                }
                #expect(try await post(#"{"name":"a","count":2}"#).text == "a 2")
                #expect(try await post(#"{"name":"a","count":2}"#, pieces: 2).text == "a 2")
                #expect(try await post("{\"name\":").status == 400)
                let missing = try await post(#"{"name":"a"}"#)
                #expect(missing.status == 422 && missing.text.contains("count"))
                let wrong = try await post(#"{"name":"a","count":"b"}"#)
                #expect(wrong.status == 422 && wrong.text.contains(#""path":"count""#))
                #expect(try await post("name=a", contentType: "application/x-www-form-urlencoded").status == 415)
                #expect(try await post("").status == 400)
            }
        }
    }
}
