import MartletLoop
import MartletTesting
import Testing

/// Serialised, for what the application notes is the process's.
@Suite("Test servers", .serialized)
struct TestServerTests {
    @Test("an application starts, answers, and ends with its hooks", arguments: TestMode.allCases)
    func application(_ mode: TestMode) async throws {
        try await withTestServer(Todos.self, mode) { client in
            let response = try await client.get("/todos/0")
            #expect(response.status == .ok)
            #expect(try response.json(Todos.Todo.self) == Todos.Todo(title: "milk"))
            #expect(try await client.get("/todos/7").status == .notFound)
            #expect(try await client.get("/none")[.contentType] == "application/problem+json")
        }
        #expect(Todos.log == ["start", "drained", "stop"])
    }

    @Test("the worker ends also when the test throws", arguments: TestMode.allCases)
    func throwing(_ mode: TestMode) async throws {
        await #expect(throws: CancellationError.self) {
            try await withTestServer(Todos.self, mode) { _ in throw CancellationError() }
        }
        #expect(Todos.log.last == "stop")
    }

    @Test("a router is served with a worker of the test's own", arguments: TestMode.allCases)
    func router(_ mode: TestMode) async throws {
        let router = Router()
        router.get("/") { request in "\(request.worker[Int.self])" }
        let worker = Worker()
        worker.provide(42)
        try await withTestServer(router, mode, worker: worker) { client in
            let response = try await client.get("/")
            #expect(response.text == "42")
        }
    }

    @Test("every method, with a body", arguments: TestMode.allCases)
    func methods(_ mode: TestMode) async throws {
        try await withTestServer(Todos.self, mode) { client in
            let name = HTTPField.Name("X-Method")!
            let bytes = [UInt8](repeating: 7, count: 300_000)
            #expect(try await client.post("/echo", .bytes(bytes)).body == bytes)
            #expect(try await client.put("/echo", .text("x"))[name] == "PUT")
            #expect(try await client.patch("/echo", .text("x"))[name] == "PATCH")
            #expect(try await client.delete("/echo", .text("x")).text == "x")
            let head = try await client.head("/todos/0")
            #expect(head[.contentLength] == "16")
            #expect(head.body.isEmpty)
            #expect(try await client.options("/echo")[.allow]?.contains("PATCH") == true)
        }
    }

    @Test("bodies as JSON, forms and parts", arguments: TestMode.allCases)
    func bodies(_ mode: TestMode) async throws {
        try await withTestServer(Todos.self, mode) { client in
            let todo = Todos.Todo(title: "bread")
            let created = try await client.post("/todos", .json(todo))
            #expect(created.status == .created)
            #expect(try created.json(Todos.Todo.self) == todo)
            #expect(try await client.post("/todos", .text("{", contentType: "application/json")).status == .badRequest)
            #expect(try await client.post("/form", .form([("name", "Ada & Bob")])).text == "Ada & Bob")
            let parts = [TestPart(name: "name", "Ada"), TestPart(name: "file", filename: "a.txt", [1, 2, 3])]
            #expect(try await client.post("/parts", .multipart(parts)).text == "Ada a.txt 3")
        }
    }

    @Test("a body is sent while it is made", arguments: TestMode.allCases, [UInt64?.none, 300_000])
    func streamedRequest(_ mode: TestMode, _ length: UInt64?) async throws {
        try await withTestServer(Todos.self, mode) { client in
            let response = try await client.post(
                "/echo",
                .stream(length: length) { body in
                    for _ in 0..<3 { try await body.write([UInt8](repeating: 1, count: 100_000)) }
                })
            #expect(response.body.count == 300_000)
        }
    }

    @Test("a body that is expected waits for 100 Continue", arguments: TestMode.allCases)
    func expectation(_ mode: TestMode) async throws {
        try await withTestServer(Todos.self, mode) { client in
            let response = try await client.post("/echo", .text("x"), fields: [.expect: "100-continue"])
            #expect(response.interim.map(\.status.code) == [100])
            #expect(response.text == "x")
            let refused = try await client.post("/none", .text("x"), fields: [.expect: "100-continue"])
            #expect(refused.interim.isEmpty)
            #expect(refused.status == .notFound)
        }
    }

    @Test("a response is read piece by piece, on a virtual clock in no time")
    func pieces() async throws {
        try await withVirtualClock { clock in
            try await withTestServer(Todos.self) { client in
                let start = clock.now
                let exchange = try await client.open(.get, "/pieces")
                #expect(try await exchange.head().status == .ok)
                var pieces: [String] = []
                while let piece = try await exchange.next() { pieces.append(String(decoding: piece, as: UTF8.self)) }
                #expect(pieces == ["1\n", "2\n", "3\n"])
                #expect(clock.now - start >= .seconds(120))
            }
        }
    }

    @Test("a client that never sends its body is answered with 408, in no time on a virtual clock")
    func bodyTimeout() async throws {
        try await withVirtualClock { _ in
            try await withTestServer(Todos.self) { client in
                let never = TestBody.stream { _ in try await Task.sleep(for: .seconds(100_000), clock: .eventLoop) }
                let response = try await client.post("/echo", never)
                #expect(response.status == .requestTimeout)
            }
        }
    }

    @Test("a response that is cut is an error", arguments: TestMode.allCases)
    func cut(_ mode: TestMode) async throws {
        try await withTestServer(Todos.self, mode) { client in
            let exchange = try await client.open(.get, "/cut")
            #expect(try await exchange.next() == Array("half".utf8))
            let error = await #expect(throws: TestError.self) { try await exchange.next() }
            #expect(error?.code == .endedEarly)
        }
    }

    @Test("interim responses are seen", arguments: TestMode.allCases)
    func interim(_ mode: TestMode) async throws {
        try await withTestServer(Todos.self, mode) { client in
            let response = try await client.get("/hints")
            #expect(response.interim.map(\.status.code) == [103])
            #expect(response.interim.first?[.init("Link")!] == "</a.css>; rel=preload")
            #expect(response.text == "hinted")
        }
    }

    @Test("cookies are kept and redirections followed when that is asked for", arguments: TestMode.allCases)
    func cookies(_ mode: TestMode) async throws {
        try await withTestServer(Todos.self, mode) { client in
            let redirection = try await client.get("/login")
            #expect(redirection.status == .seeOther)
            #expect(try await client.get("/me").text == "nobody")
            client.keepsCookies = true
            client.followsRedirects = true
            #expect(try await client.get("/login").text == "ada")
            #expect(client.cookie("user") == "ada")
            #expect(try await client.get("/logout").text == "bye")
            #expect(try await client.get("/me").text == "nobody")
            let error = await #expect(throws: TestError.self) { try await client.get("/round") }
            #expect(error?.code == .redirects)
        }
    }

    @Test("requests come from the address that the test wants", arguments: TestMode.allCases)
    func peer(_ mode: TestMode) async throws {
        try await withTestServer(Todos.self, mode) { client in
            let usual = try await client.get("/peer")
            #expect(usual.text == "127.0.0.1")
            client.peerAddress = "203.0.113.9:1234"
            #expect(try await client.get("/peer").text == "203.0.113.9")
            client.peerAddress = "[2001:db8::1]:1234"
            #expect(try await client.get("/peer").text == "2001:db8::1")
        }
    }

    @Test("a client that goes away cancels its handler", arguments: TestMode.allCases)
    func away(_ mode: TestMode) async throws {
        try await withTestServer(Todos.self, mode) { client in
            let exchange = try await client.open(.get, "/forever")
            try await eventually { Todos.log.contains("begun") }
            exchange.cut()
            try await eventually { Todos.log.contains("cancelled") }
        }
    }

    @Test("what is under way when the test ends is cancelled", arguments: TestMode.allCases)
    func leftover(_ mode: TestMode) async throws {
        try await withTestServer(Todos.self, mode) { client in
            _ = try await client.open(.get, "/forever")
            try await eventually { Todos.log.contains("begun") }
        }
        #expect(Todos.log.contains("cancelled"))
        #expect(Todos.log.last == "stop")
    }

    @Test("a connection goes over to another protocol", arguments: TestMode.allCases)
    func upgrade(_ mode: TestMode) async throws {
        try await withTestServer(Todos.self, mode) { client in
            #expect(try await client.get("/shout").status == .upgradeRequired)
            let exchange = try await client.open(
                .get, "/shout", fields: [.connection: "Upgrade", .upgrade: "shouting"])
            let (stream, received) = try await exchange.upgraded()
            #expect(received.isEmpty)
            try await stream.write("hello\n")
            #expect(try await stream.readLine() == "HELLO")
            stream.close()
        }
    }

    @Test("a target that would not be one is refused", arguments: ["", "/a b", "/a\r\nX: y"])
    func target(_ target: String) async throws {
        try await withTestServer(Router()) { client in
            let error = await #expect(throws: TestError.self) { try await client.get(target) }
            #expect(error?.code == .request)
        }
    }
}

private struct Late: Error {}

/// Returns when `condition` holds.
private func eventually(_ condition: () -> Bool) async throws {
    let deadline = EventLoop.Instant.readClock() + .seconds(60)
    while !condition() {
        guard EventLoop.Instant.readClock() < deadline else { throw Late() }
        await EventLoop.yield()
    }
}
