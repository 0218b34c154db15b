import CoreMetrics
import HTTPTypes
import InMemoryTracing
import MartletClient
import MartletLoop
import MetricsTestKit
import Testing
import Tracing

@Suite("What is traced and measured of requests")
struct ObservationTests {
    private func client(
        _ interceptor: any HTTPClientInterceptor,
        _ respond: @escaping @MainActor (HTTPClientRequest) async throws -> HTTPClientResponse
    ) -> (HTTPClient, MockTransport) {
        var settings = HTTPClientSettings()
        settings.interceptors = [interceptor]
        let transport = MockTransport(respond)
        return (HTTPClient(settings, transport: transport), transport)
    }

    /// The attributes as texts.
    private func texts(_ attributes: SpanAttributes) -> [String: String] {
        var texts: [String: String] = [:]
        attributes.forEach { name, value in
            switch value {
            case .string(let text): texts[name] = text
            case .int64(let number): texts[name] = "\(number)"
            default: texts[name] = "\(value)"
            }
        }
        return texts
    }

    // MARK: Traces

    @Test("a request is a client span, a child of the one that it is made in, and carries the tracer's fields")
    func span() async throws {
        let tracer = InMemoryTracer(idGenerator: .incrementing)
        let (client, transport) = client(HTTPClientTracing(tracer: tracer)) { _ in .text("ok") }
        let outer = tracer.startAnySpan("outer", context: .topLevel)
        let text = try await ServiceContext.withValue(outer.context) {
            try await client.get("http://user:secret@h.org:8080/x?y").text()
        }
        #expect(text == "ok")
        outer.end()
        let spans = tracer.finishedSpans
        #expect(spans.map(\.operationName) == ["GET", "outer"])
        #expect(spans[0].kind == .client && spans[0].parentSpanID == spans[1].spanID)
        #expect(spans[0].traceID == spans[1].traceID && spans[0].status == nil)
        #expect(
            texts(spans[0].attributes) == [
                "http.request.method": "GET", "http.response.status_code": "200", "server.address": "h.org",
                "server.port": "8080", "url.full": "http://h.org:8080/x?y",
            ])
        let request = try #require(transport.requests.first)
        #expect(request.fields[.init(InMemoryTracer.traceIDKey)!] == spans[0].traceID)
        #expect(request.fields[.init(InMemoryTracer.spanIDKey)!] == spans[0].spanID)
    }

    @Test("a status of 4xx or 5xx makes the span one that failed", arguments: [(204, false), (404, true), (503, true)])
    func statuses(_ status: Int, _ fails: Bool) async throws {
        let tracer = InMemoryTracer()
        let (client, _) = client(HTTPClientTracing(tracer: tracer)) { _ in
            HTTPClientResponse(status: .init(code: status))
        }
        #expect(try await client.execute(HTTPClientRequest(.init("BREW")!, "http://h/")).code == status)
        let span = try #require(tracer.finishedSpans.first)
        #expect((span.status?.code == .error) == fails)
        let attributes = texts(span.attributes)
        #expect(span.operationName == "HTTP" && attributes["http.request.method"] == "_OTHER")
        #expect(attributes["http.request.method_original"] == "BREW")
        #expect(attributes["http.response.status_code"] == "\(status)")
        #expect(attributes["error.type"] == (fails ? "\(status)" : nil))
    }

    @Test("redirects are counted in the one span, whatever they lead over")
    func redirects() async throws {
        let tracer = InMemoryTracer()
        let (client, transport) = client(HTTPClientTracing(tracer: tracer)) {
            $0.url.path == "/a"
                ? HTTPClientResponse(status: .found, fields: [.location: "/b"]) : HTTPClientResponse.text("ok")
        }
        #expect(try await client.get("http://h/a").text() == "ok")
        #expect(transport.requests.count == 2 && tracer.finishedSpans.count == 1)
        #expect(tracer.finishedSpans.first.map { texts($0.attributes)["http.request.resend_count"] } == "1")
    }

    @Test("an error is in the span, and thrown")
    func errors() async throws {
        let tracer = InMemoryTracer()
        let (client, _) = client(HTTPClientTracing(tracer: tracer)) {
            throw HTTPClientError(.connection, url: $0.url, "refused")
        }
        #expect(await failure { try await client.get("http://h/") }?.code == .connection)
        let span = try #require(tracer.finishedSpans.first)
        #expect(span.status?.code == .error && span.errors.count == 1)
        #expect(texts(span.attributes)["error.type"] == HTTPClientError.Code.connection.rawValue)
        #expect(tracer.activeSpans.isEmpty)
    }

    // MARK: Metrics

    private static let label = "http.client.request.duration"

    private func dimensions(_ host: String, _ method: String, _ outcome: String) -> [(String, String)] {
        [("server.address", host), ("http.request.method", method), ("http.response.status_class", outcome)]
    }

    @Test("requests are measured by host, method and outcome, each series looked up once")
    func measures() async throws {
        let metrics = TestMetrics()
        let (client, _) = client(HTTPClientMetrics(factory: metrics)) { request in
            switch request.url.path {
            case "/missing": return HTTPClientResponse(status: .notFound)
            case "/broken": throw HTTPClientError(.endedEarly, url: request.url, "it ended")
            case "/cancelled": throw CancellationError()
            case "/other": throw InterceptorFailure()
            default: return .text("ok")
            }
        }
        for _ in 0..<2 { _ = try await client.get("http://a.org/") }
        _ = try await client.get("http://b.org/missing")
        _ = await failure { try await client.post("http://a.org/broken", body: "x") }
        await #expect(throws: CancellationError.self) { try await client.get("http://a.org/cancelled") }
        await #expect(throws: InterceptorFailure.self) {
            try await client.execute(HTTPClientRequest(.init("BREW")!, "http://a.org/other"))
        }
        for (host, method, outcome, count) in [
            ("a.org", "GET", "2xx", 2), ("b.org", "GET", "4xx", 1),
            ("a.org", "POST", HTTPClientError.Code.endedEarly.rawValue, 1), ("a.org", "GET", "cancelled", 1),
            ("a.org", "_OTHER", "other", 1),
        ] {
            let timer = try metrics.expectTimer(Self.label, dimensions(host, method, outcome))
            #expect(timer.values.count == count && timer.values.allSatisfy { $0 > 0 }, "\(host) \(method) \(outcome)")
        }
        #expect(metrics.timers.count == 5)
    }

    private struct InterceptorFailure: Error {}

    @Test("the time is that to the response")
    func duration() async throws {
        let metrics = TestMetrics()
        let (client, _) = client(HTTPClientMetrics(label: "mine", factory: metrics)) { _ in
            try await Task.sleep(for: .milliseconds(5))
            return .text("ok")
        }
        _ = try await client.get("http://h/")
        let timer = try metrics.expectTimer("mine", dimensions("h", "GET", "2xx"))
        #expect(timer.values.count == 1 && timer.values[0] >= 5_000_000)
    }

    @Test("hosts beyond a thousand share a series")
    func bounds() async throws {
        let metrics = TestMetrics()
        let (client, _) = client(HTTPClientMetrics(factory: metrics)) { _ in .text("ok") }
        for number in 0..<1003 { _ = try await client.get("http://h\(number)/") }
        _ = try await client.get("http://h7/")
        #expect(try metrics.expectTimer(Self.label, dimensions("other", "GET", "2xx")).values.count == 3)
        #expect(try metrics.expectTimer(Self.label, dimensions("h7", "GET", "2xx")).values.count == 2)
        #expect(metrics.timers.count == 1001)
    }
}
