import HTTPTypes
import Instrumentation
import MartletClient
import MartletLoop
import Testing
import Tracing

@Suite("Interceptors, traces, responses by hand")
struct InterceptorTests {
    private struct Stamp: HTTPClientInterceptor {
        let name: String

        func execute(_ request: HTTPClientRequest, next: HTTPClientNext) async throws -> HTTPClientResponse {
            var request = request
            request.fields[.via] = (request[.via] ?? "") + name
            var response = try await next(request)
            response.fields[.via] = (response[.via] ?? "") + name
            return response
        }
    }

    @Test("interceptors lie around each other, the first outermost")
    func order() async throws {
        var settings = HTTPClientSettings()
        settings.interceptors = [Stamp(name: "a"), Stamp(name: "b")]
        let client = HTTPClient(settings, transport: MockTransport { .text($0[.via] ?? "") })
        let response = try await client.get("http://h/")
        #expect(try await response.text() == "ab")
        #expect(response[.via] == "ba")
    }

    private struct Cached: HTTPClientInterceptor {
        func execute(_ request: HTTPClientRequest, next: HTTPClientNext) async throws -> HTTPClientResponse {
            .text("cached")
        }
    }

    @Test("an interceptor may answer itself")
    func answering() async throws {
        var settings = HTTPClientSettings()
        settings.interceptors = [Cached()]
        let transport = MockTransport { _ in .text("sent") }
        let client = HTTPClient(settings, transport: transport)
        #expect(try await client.get("http://h/").text() == "cached")
        #expect(transport.requests.isEmpty)
    }

    private nonisolated struct Point: Codable, Equatable {
        var x, y: Int
    }

    @Test("bodies are read as text, JSON and pieces, once")
    func reading() async throws {
        let client = HTTPClient(
            transport: MockTransport { request in
                switch request.url.path {
                case "/json": HTTPClientResponse(body: Array(#"{"x":1,"y":2}"#.utf8))
                case "/latin":
                    HTTPClientResponse(fields: [.contentType: "text/plain; charset=ISO-8859-1"], body: [0xE9])
                case "/odd": HTTPClientResponse(fields: [.contentType: "text/plain; charset=klingon"], body: [0xE9])
                default: HTTPClientResponse(status: .notFound, body: Array("no such thing\u{1B}[0m".utf8))
                }
            })
        #expect(try await client.get("http://h/json").json(Point.self) == Point(x: 1, y: 2))
        #expect(try await client.get("http://h/latin").text() == "é")
        #expect(await failure { try await client.get("http://h/odd").text() }?.code == .malformedCoding)
        let json = await failure { try await client.get("http://h/x").json(Point.self) }
        #expect(json?.code == .json && json?.status == 404)
        let status = await failure { try await client.get("http://h/x").requireSuccess() }
        #expect(status?.code == .status && status?.status == 404)
        #expect(status?.description == "http://h/x: the server answers with 404 Not Found: no such thing [0m")
        #expect(await failure { try await client.get("http://h/json").bytes(upTo: 3) }?.code == .tooLarge)
        let response = try await client.get("http://h/json")
        _ = try await response.bytes()
        #expect(try await response.bytes().isEmpty)
        let given = try await client.get("http://h/json")
        given.cancel()
        #expect(await failure { try await given.bytes() }?.code == .bodyConsumed)
    }
}
