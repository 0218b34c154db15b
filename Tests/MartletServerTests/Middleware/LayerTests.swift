import HTTPTypes
import MartletLoop
import Testing

@testable import MartletServer

/// Writes down when it is called.
private struct Tracing: Filter {
    let name: String
    let answers: (Request) -> Response?

    init(_ name: String, answers: @escaping (Request) -> Response? = { _ in nil }) {
        self.name = name
        self.answers = answers
    }

    func before(_ request: Request) throws -> Response? { answers(request) }

    func after(_ request: Request, _ response: inout Response) throws {
        response.fields.append(HTTPField(name: HTTPField.Name("X-Trace")!, value: "\(name):\(response.status.code)"))
    }
}

private struct Failing: Middleware {
    struct Failure: Error {}
    func respond(to request: Request, next: Responder) async throws -> Response { throw Failure() }
}

@Suite("What lies around handlers")
struct LayerTests {
    @Test("filters of a group lie inside those of its parent, in the order in which they were added")
    func order() async throws {
        try await withServer { router in
            router.use(Tracing("a"))
            router.group("/g") { group in
                group.use(Tracing("c"))
                group.get("/") { _ in "" }
            }
            router.use(Tracing("b"))
            router.get("/") { _ in "" }
        } _: { server async throws in
            #expect(try await server.ask("GET", "/g").values(of: "X-Trace") == ["c:200", "b:200", "a:200"])
            #expect(try await server.ask("GET", "/").values(of: "X-Trace") == ["b:200", "a:200"])
        }
    }

    @Test("filters see errors as responses, also those that a middleware throws, and those of paths without routes")
    func errors() async throws {
        try await withServer { router in
            router.use(Tracing("a"))
            router.get("/teapot") { _ -> String in throw HTTPError(.init(code: 418)) }
            router.get("/slow") { _ async throws -> String in
                await pause()
                throw HTTPError(.conflict)
            }
            router.group("/failing") { group in
                group.use(Failing())
                group.use(Tracing("inside"))
                group.get("/") { _ in "" }
            }
        } _: { server async throws in
            for (target, status) in [("/teapot", 418), ("/slow", 409), ("/failing", 500), ("/nothing", 404)] {
                let answer = try await server.ask("GET", target)
                #expect(answer.status == status)
                #expect(answer.values(of: "X-Trace") == ["a:\(status)"], "\(target)")
            }
            #expect(try await server.ask("DELETE", "/teapot").values(of: "X-Trace") == ["a:405"])
        }
    }

    @Test("an early answer of a filter passes those around it, and not itself or those inside")
    func earlyAnswer() async throws {
        try await withServer { router in
            router.use(Tracing("a"))
            router.use(Tracing("b") { $0.path == "/early" ? Response(status: .accepted) : nil })
            router.use(Tracing("c"))
            router.get("/early") { _ in
                Issue.record("the handler was called"); return ""
            }
        } _: { server async throws in
            let answer = try await server.ask("GET", "/early")
            #expect(answer.status == 202 && answer.values(of: "X-Trace") == ["a:202"])
        }
    }

    @Test("an error handler answers what is thrown inside of it, and filters outside see its answer")
    func errorHandlers() async throws {
        try await withServer { router in
            router.use(Tracing("a"))
            router.onError { error, _ in error is Failing.Failure ? Response(status: .gone) : nil }
            router.get("/here") { _ -> String in throw Failing.Failure() }
            router.get("/other") { _ -> String in throw HTTPError(.conflict) }
            router.group("/failing") { group in
                group.use(Failing())
                group.get("/") { _ in "" }
            }
        } _: { server async throws in
            #expect(try await server.ask("GET", "/here").values(of: "X-Trace") == ["a:410"])
            #expect(try await server.ask("GET", "/failing").values(of: "X-Trace") == ["a:410"])
            #expect(try await server.ask("GET", "/other").values(of: "X-Trace") == ["a:409"])
        }
    }

    private struct Point: Decodable {
        let x: Int
    }

    private struct Gatekeeper: Filter {
        func before(_ request: Request) throws -> Response? {
            if request.has(.authorization) { return nil }
            throw HTTPError(.unauthorized)
        }

        func after(_ request: Request, _ response: inout Response) throws {
            response.fields[HTTPField.Name("X-After")!] = "\(response.status.code)"
        }
    }

    @Test("a filter refuses a request before its body is there, and sees what is answered to a body that is wrong")
    func bodiesToCome() async throws {
        try await withServer { router in
            router.group("/open") { group in
                group.use(Gatekeeper())
                group.post("/") { (_: Request, point: Point) in "\(point.x)" }
            }
        } _: { server async throws in
            func head(_ fields: String) -> String {
                "POST /open HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n\(fields)\r\n"
            }
            let stranger = try server.connect()
            try await stranger.send(head("Content-Length: 1000\r\n"))
            #expect(try await stranger.answer().status == 401)

            let client = try server.connect()
            let known = "Authorization: x\r\n"
            try await client.send(head(known + "Content-Length: 8\r\n") + "{\"x\"")
            try await client.send(":1} ")
            let answer = try await client.answer()
            #expect(answer.text == "1" && answer["X-After"] == "200")
            try await client.send(head(known + "Content-Encoding: zstd\r\nContent-Length: 1\r\n") + "x")
            let unknown = try await client.answer()
            #expect(unknown.status == 415 && unknown["X-After"] == "415")
            try await client.send(head(known + "Transfer-Encoding: chunked\r\n") + "fffffff\r\n")
            let large = try await client.answer()
            #expect(large.status == 413 && large["X-After"] == "413" && large.saysClose)
        }
    }
}
