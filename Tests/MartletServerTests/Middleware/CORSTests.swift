import HTTPTypes
import Testing

@testable import MartletServer

@Suite("CORS")
struct CORSTests {
    private static let preflight = ["Access-Control-Request-Method: PUT", "Access-Control-Request-Headers: x-a, x-b"]

    private func routes(_ cors: CORS) -> (Router) -> Void {
        { router in
            router.use(cors)
            router.get("/") { _ in "root" }
            router.get("/error") { _ -> String in throw HTTPError(.conflict) }
        }
    }

    @Test("any origin is allowed with *, and nothing depends on it")
    func any() async throws {
        try await withServer(routes: routes(CORS(exposedHeaders: [.eTag]))) { server async throws in
            for fields in [["Origin: https://a.example"], []] {
                let answer = try await server.ask("GET", "/", fields)
                #expect(answer["Access-Control-Allow-Origin"] == "*" && answer["Vary"] == nil)
                #expect(answer["Access-Control-Expose-Headers"] == "ETag")
            }
            #expect(try await server.ask("GET", "/error")["Access-Control-Allow-Origin"] == "*")
            #expect(try await server.ask("GET", "/none")["Access-Control-Allow-Origin"] == "*")
        }
    }

    @Test("a preflight request is answered before any handler, also where OPTIONS has no route")
    func preflight() async throws {
        let cors = CORS(origins: .list(["https://a.example"]), allowsCredentials: true, maxAge: .seconds(60))
        try await withServer(routes: routes(cors)) { server async throws in
            let answer = try await server.ask("OPTIONS", "/", ["Origin: https://a.example"] + Self.preflight)
            #expect(answer.status == 204)
            #expect(answer["Access-Control-Allow-Origin"] == "https://a.example")
            #expect(answer["Access-Control-Allow-Credentials"] == "true")
            #expect(answer["Access-Control-Allow-Methods"]?.contains("PUT") == true)
            #expect(answer["Access-Control-Allow-Headers"] == "x-a, x-b")
            #expect(answer["Access-Control-Max-Age"] == "60")
            #expect(answer.values(of: "Vary").first == "Origin")
            // Without the field of a preflight request it is an OPTIONS request as any other.
            #expect(try await server.ask("OPTIONS", "/", ["Origin: https://a.example"])["Allow"] != nil)
        }
    }

    @Test("an origin that is not allowed gets no field of CORS, and caches are told")
    func refused() async throws {
        for cors in [
            CORS(origins: .list(["https://a.example"])), CORS(origins: .matching { $0.hasSuffix("a.example") }),
        ] {
            try await withServer(routes: routes(cors)) { server async throws in
                for (method, fields) in [("GET", []), ("OPTIONS", Self.preflight)] {
                    let answer = try await server.ask(method, "/", ["Origin: https://b.example"] + fields)
                    #expect(!answer.head.contains("Access-Control-Allow"))
                    #expect(answer.values(of: "Vary").first == "Origin")
                }
                let answer = try await server.ask("GET", "/", ["Origin: https://a.example"])
                #expect(answer["Access-Control-Allow-Origin"] == "https://a.example")
                #expect(try await server.ask("GET", "/")["Vary"] == "Origin")
            }
        }
    }
}
