import MartletHTTP
import MartletLoop
import Testing
import Tracing

@testable import MartletServer

@Suite("Request tracing")
struct RequestTracingTests {
    private let parent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"

    private func answer(to request: String, by server: TestServer) async throws -> Answer {
        let client = try server.connect()
        try await client.send(request + "\r\n\r\n")
        return try await client.answer()
    }

    @Test("a request is a span with the attributes of OpenTelemetry, a child of the client's")
    func span() async throws {
        let tracer = CapturingTracer()
        try await withServer(routes: { router in
            router.use(RequestTracing(tracer: tracer))
            router.get("/users/{id}") { request in request.traceParent?.traceIDText ?? "none" }
        }) { server in
            let answer = try await answer(
                to:
                    "GET /users/7?secret=1 HTTP/1.1\r\nHost: example.org:8080\r\nUser-Agent: curl/8\r\ntraceparent: \(parent)",
                by: server)
            #expect(answer.text == "4bf92f3577b34da6a3ce929d0e0e4736")
        }
        let span = try #require(tracer.ended.first)
        #expect(span.operationName == "GET /users/{id}" && span.kind == .server && tracer.ended.count == 1)
        #expect(span.parent?.description == parent)
        #expect(span.status == nil)
        #expect(
            span.texts == [
                "client.address": "127.0.0.1", "http.request.method": "GET", "http.response.status_code": "200",
                "http.route": "/users/{id}", "network.peer.address": "127.0.0.1", "network.protocol.version": "1.1",
                "server.address": "example.org", "server.port": "8080", "url.path": "/users/7", "url.scheme": "http",
                "user_agent.original": "curl/8",
            ])
    }

    @Test("what the handler begins is a child of the request's span, also after it has waited")
    func children() async throws {
        let tracer = CapturingTracer()
        try await withServer(routes: { router in
            router.use(RequestTracing(tracer: tracer, recordsQuery: true))
            router.get("/") { _ async throws in
                await pause()
                tracer.startSpan("inner").end()
                return "done"
            }
        }) { server in
            let answer = try await answer(to: "GET /?a=b HTTP/1.1\r\nHost: [::1]", by: server)
            #expect(answer.text == "done")
        }
        let spans = tracer.ended
        #expect(spans.map(\.operationName) == ["inner", "GET /"])
        #expect(spans[0].parent == spans[1].identity)
        #expect(spans[1].parent == nil)
        #expect(spans[1].texts["url.query"] == "a=b")
        #expect(spans[1].texts["server.address"] == "[::1]" && spans[1].texts["server.port"] == "80")
    }

    @Test(
        "a failure of the server makes the span one that failed, one of the client does not",
        arguments: [(500, true), (503, true), (404, false), (200, false)])
    func failures(status: Int, fails: Bool) async throws {
        let tracer = CapturingTracer()
        try await withServer(routes: { router in
            router.use(RequestTracing(tracer: tracer))
            router.get("/") { _ -> String in
                if status == 500 { throw ClientError("a bug") }
                if status != 200 { throw HTTPError(.init(code: status)) }
                return "well"
            }
        }) { server in
            let answer = try await answer(to: "GET / HTTP/1.1\r\nHost: a", by: server)
            #expect(answer.status == status)
        }
        let span = try #require(tracer.ended.first)
        #expect((span.status?.code == .error) == fails)
        #expect(span.texts["http.response.status_code"] == "\(status)")
        #expect(span.texts["error.type"] == (fails ? "\(status)" : nil))
        #expect(span.errors == (fails ? 1 : 0))
    }

    @Test("a method that nobody knows names no span")
    func unknownMethod() async throws {
        let tracer = CapturingTracer()
        try await withServer(routes: { router in
            router.use(RequestTracing(tracer: tracer))
        }) { server in
            _ = try await answer(to: "BREW /pot HTTP/1.1\r\nHost: a", by: server)
        }
        let span = try #require(tracer.ended.first)
        #expect(span.operationName == "HTTP")
        #expect(span.texts["http.request.method"] == "_OTHER")
        #expect(span.texts["http.request.method_original"] == "BREW")
    }

    @Test(
        "without a tracer the client's trace is kept, and its identifier is in the log",
        arguments: [
            ("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01", "4bf92f3577b34da6a3ce929d0e0e4736"),
            ("00-0-0-0", nil), ("", nil),
        ])
    func withoutTracer(field: String, logged: String?) async throws {
        try await withServer(routes: { router in
            router.use(RequestTracing())
            router.get("/") { request in
                #expect(request.logger[metadataKey: "trace_id"].map { "\($0)" } == logged)
                return "\(request.traceParent.map { "\($0)" } ?? "none")"
            }
        }) { server in
            let answer = try await answer(to: "GET / HTTP/1.1\r\nHost: a\r\nTraceparent: \(field)", by: server)
            #expect(answer.text == (logged == nil ? "none" : field))
        }
    }
}
