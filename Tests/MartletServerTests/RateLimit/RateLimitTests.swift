import HTTPTypes
import MartletLoop
import Testing

@testable import MartletServer

@Suite("Rate limits")
struct RateLimitTests {
    private func get(_ client: Client, _ path: String, _ fields: String = "") async throws -> Answer {
        try await client.send("GET \(path) HTTP/1.1\r\nHost: a\r\n\(fields)\r\n")
        return try await client.answer()
    }

    @Test("requests beyond the rate are answered with 429, and every answer tells what is left")
    func refuses() async throws {
        try await withServer(routes: { router in
            router.use(RateLimit(3, per: .seconds(3600), name: "pages \"x\""))
            router.get("/") { _ in "root" }
        }) { server in
            let client = try server.connect()
            for left in [2, 1, 0] {
                let answer = try await get(client, "/")
                #expect(answer.status == 200)
                #expect(answer["RateLimit-Policy"] == "\"pages x\";q=3;w=3600")
                #expect(answer["RateLimit"]?.hasPrefix("\"pages x\";r=\(left);t=") == true, "\(answer.head)")
                #expect(answer["Retry-After"] == nil)
            }
            let refused = try await get(client, "/nowhere")
            #expect(refused.status == 429)
            #expect(refused["Retry-After"].flatMap { Int($0) }.map { (1000...1200).contains($0) } == true)
            #expect(refused["RateLimit"]?.hasPrefix("\"pages x\";r=0;t=3") == true)
            #expect(refused["RateLimit-Policy"] == "\"pages x\";q=3;w=3600")
            #expect(refused.problem?.hasPrefix("too many requests") == true)
            try await server.expect(.requestsRateLimited, 1)
        }
    }

    @Test("an answer tells of all limits that it came under")
    func several() async throws {
        try await withServer(routes: { router in
            router.use(RateLimit(100, per: .seconds(60), name: "all"))
            let api = router.group("/api")
            api.use(RateLimit(1, per: .seconds(60), by: .route, name: "api"))
            api.get("/a") { _ in "a" }
            api.get("/b") { _ in "b" }
        }) { server in
            let client = try server.connect()
            let answer = try await get(client, "/api/a")
            #expect(answer.values(of: "RateLimit-Policy") == ["\"api\";q=1;w=60", "\"all\";q=100;w=60"])
            #expect(try await get(client, "/api/a").status == 429)
            #expect(try await get(client, "/api/b").status == 200)
            #expect(try await get(client, "/else").status == 404)
        }
    }

    @Test("a key of one's own limits what has the same value, and nothing without one")
    func ownKey() async throws {
        try await withServer(routes: { router in
            router.use(RateLimit(1, per: .seconds(60), by: .value { $0[.authorization] }))
            router.get("/") { _ in "root" }
        }) { server in
            let client = try server.connect()
            for _ in 0..<3 {
                let answer = try await get(client, "/")
                #expect(answer.status == 200 && answer["RateLimit"] == nil)
            }
            for (user, status) in [("a", 200), ("b", 200), ("a", 429), ("b", 429), ("c", 200)] {
                #expect(try await get(client, "/", "Authorization: \(user)\r\n").status == status)
            }
        }
    }

    @Test("limits of other numbers or keys count apart, those of the same together")
    func sharing() async throws {
        try await withServer(routes: { router in
            for (path, limit) in [
                ("/a", RateLimit(1, per: .seconds(60))), ("/b", RateLimit(1, per: .seconds(60))),
                ("/c", RateLimit(2, per: .seconds(60))), ("/d", RateLimit(1, per: .seconds(60), name: "other")),
                ("/e", RateLimit(1, per: .seconds(60), by: .clientAndRoute())),
                ("/f", RateLimit(1, per: .seconds(60), by: .clientAndRoute())),
            ] {
                let group = router.group(path)
                group.use(limit)
                group.get("/") { _ in "passed" }
            }
        }) { server in
            let client = try server.connect()
            #expect(try await get(client, "/a").status == 200)
            #expect(try await get(client, "/b").status == 429)
            for path in ["/c", "/d", "/e", "/f"] { #expect(try await get(client, path).status == 200, "\(path)") }
            #expect(try await get(client, "/f").status == 429)
        }
    }

    @Test("a worker has a table of its own unless it is given one")
    func tables() {
        let shared = RateLimitTable.allocate(entries: 16)
        let rate = RateLimitRate(count: 1, per: .seconds(3600), burst: 1)
        let one = Worker(rateLimits: shared)
        let other = Worker(rateLimits: shared)
        #expect(one.rateLimits.take(1, rate: rate).isAllowed)
        #expect(!other.rateLimits.take(1, rate: rate).isAllowed)
        #expect(Worker().rateLimits.take(1, rate: rate).isAllowed)
    }
}
