import HTTPTypes
import MartletClient
import MartletLoop
import MartletServer
import MartletStore
import MartletStoreService
import Testing

@Suite struct SharedStateTests {
    @Test("sessions are known to all workers, until they are forgotten") func sessions() async throws {
        try await StoreCase.run { test in
            @MainActor func serve() async throws -> String {
                let store = try await KeyValueStores.open(test.settings.url)
                return try await test.serve { router in
                    router.onStart { worker in worker.onStop { await store.close() } }
                    router.use(
                        StoredSessions(KeyValueSessionStore(store), secrets: [[UInt8](repeating: 7, count: 32)]))
                    try router.add(.get, "/") { request in request.session["name"] ?? "nobody" }
                    try router.add(.post, "/") { request in
                        request.session["name"] = "Ada"
                        return "hello"
                    }
                    try router.add(.delete, "/") { request in
                        request.session.clear()
                        return "bye"
                    }
                }
            }
            let places = [try await serve(), try await serve()]
            let login = try await test.ask(.post, places[0] + "/")
            let cookie = try #require(login.fields[.setCookie]?.split(separator: ";").first)
            let fields: HTTPFields = [.cookie: String(cookie)]
            #expect(try await test.ask(.get, places[1] + "/", fields: fields).text == "Ada")
            #expect(try await test.ask(.delete, places[1] + "/", fields: fields).text == "bye")
            #expect(try await test.ask(.get, places[0] + "/", fields: fields).text == "nobody")
        }
    }

    @Test("a rate limit counts over all who share its store") func rateLimit() async throws {
        try await StoreCase.run { test in
            @MainActor func serve() async throws -> String {
                let store = try await KeyValueStores.open(test.settings.url)
                return try await test.serve { router in
                    router.onStart { worker in worker.onStop { await store.close() } }
                    router.use(SharedRateLimit(6, per: .seconds(3600), in: StoreRateLimits(store)))
                    try router.add(.get, "/") { _ in "x" }
                }
            }
            let places = [try await serve(), try await serve()]
            let answers = try await gather(0..<10) { index in try await test.ask(.get, places[index % 2] + "/") }
            #expect(answers.count { $0.code == 200 } == 6 && answers.count { $0.code == 429 } == 4)
            let refused = try #require(answers.first { $0.code == 429 })
            #expect(refused.fields[.retryAfter].flatMap { Int($0) }.map { (1...600).contains($0) } == true)
            let name = try #require(HTTPField.Name("RateLimit"))
            #expect(answers.allSatisfy { $0.fields[name] != nil })
        }
    }

    @Test("while the store cannot be asked, requests pass") func failure() async throws {
        try await StoreCase.run { test in
            let store = try await KeyValueStores.open(test.settings.url)
            let place = try await test.serve { router in
                router.use(SharedRateLimit(1, per: .seconds(3600), in: StoreRateLimits(store)))
                try router.add(.get, "/") { _ in "x" }
            }
            #expect(try await test.ask(.get, place + "/").code == 200)
            #expect(try await test.ask(.get, place + "/").code == 429)
            await store.close()
            #expect(try await test.ask(.get, place + "/").code == 200)
        }
    }
}
