import HTTPTypes
import MartletClient
import MartletHTTP
import MartletLoop
import MartletServer
import MartletStore
import MartletStoreService
import Testing

@Suite struct StoreRoutesTests {
    @Test("a value is kept with its type, read, changed and removed") func roundTrip() async throws {
        try await StoreCase.run { test in
            let kv = try await test.serve(test.settings)
            #expect(try await test.ask(.get, kv + "/a").code == 404)
            let made = try await test.ask(.put, kv + "/a", "<b>", fields: [.contentType: "text/html; charset=utf-8"])
            #expect(made.code == 201 && made.text.isEmpty)
            let read = try await test.ask(.get, kv + "/a")
            #expect(read.code == 200 && read.text == "<b>" && read.tag == made.tag && read.tag != nil)
            #expect(read.fields[.contentType] == "text/html; charset=utf-8")
            #expect(read.fields[.xContentTypeOptions] == "nosniff" && read.fields[.cacheControl] == "no-cache")
            let head = try await test.ask(.head, kv + "/a")
            #expect(head.code == 200 && head.text.isEmpty && head.fields[.contentLength] == "3")
            let changed = try await test.ask(.put, kv + "/a", "two")
            #expect(changed.code == 204 && changed.tag != made.tag)
            #expect(try await test.ask(.delete, kv + "/a").code == 204)
            #expect(try await test.ask(.delete, kv + "/a").code == 404)
            #expect(try await test.ask(.get, kv + "/a").code == 404)
        }
    }

    @Test("keys of several segments, and with escapes, are told apart") func keys() async throws {
        try await StoreCase.run { test in
            let kv = try await test.serve(test.settings)
            for path in ["/a/b", "/a%2Fb/c", "/%C3%BC", "/", "/a%20b", "/a//b"] {
                #expect(try await test.ask(.put, kv + path, path).code == 201, "\(path)")
                #expect(try await test.ask(.get, kv + path).text == path)
            }
            #expect(try await test.ask(.get, kv + "/%FF").code == 400)
            #expect(try await test.ask(.get, kv + "/a%00b").code == 400)
            let long = String(repeating: "k", count: 1025)
            #expect(try await test.ask(.put, kv + "/" + long, "x").code == 414)
        }
    }

    // MARK: Conditions

    @Test("a change is made when its conditions hold, and answered with 412 and the state otherwise")
    func conditions() async throws {
        try await StoreCase.run { test in
            let kv = try await test.serve(test.settings)
            #expect(try await test.ask(.put, kv + "/a", "x", fields: [.ifMatch: "*"]).code == 412)
            #expect(try await test.ask(.put, kv + "/a", "x", fields: [.ifMatch: "\"1\""]).code == 412)
            let made = try await test.ask(.put, kv + "/a", "1", fields: [.ifNoneMatch: "*"])
            #expect(made.code == 201)
            let refused = try await test.ask(.put, kv + "/a", "x", fields: [.ifNoneMatch: "*"])
            #expect(refused.code == 412 && refused.tag == made.tag)
            #expect(refused.fields[.contentType]?.hasPrefix("application/problem+json") == true)
            let tag = try #require(made.tag)
            let changed = try await test.ask(.put, kv + "/a", "2", fields: [.ifMatch: "\"0\", \(tag)"])
            #expect(changed.code == 204)
            #expect(try await test.ask(.put, kv + "/a", "3", fields: [.ifMatch: tag]).code == 412)
            #expect(try await test.ask(.put, kv + "/a", "3", fields: [.ifMatch: "W/\(changed.tag ?? "")"]).code == 412)
            #expect(try await test.ask(.delete, kv + "/a", fields: [.ifMatch: tag]).code == 412)
            #expect(try await test.ask(.get, kv + "/a").text == "2")
            #expect(try await test.ask(.delete, kv + "/a", fields: [.ifMatch: changed.tag ?? ""]).code == 204)
        }
    }

    @Test("who has a value already is answered with 304") func notModified() async throws {
        try await StoreCase.run { test in
            let kv = try await test.serve(test.settings)
            let tag = try #require(try await test.ask(.put, kv + "/a", "1").tag)
            let same = try await test.ask(.get, kv + "/a", fields: [.ifNoneMatch: tag])
            #expect(same.code == 304 && same.text.isEmpty && same.tag == tag)
            #expect(try await test.ask(.get, kv + "/a", fields: [.ifNoneMatch: "\"0\""]).code == 200)
            #expect(try await test.ask(.get, kv + "/a", fields: [.ifMatch: "\"0\""]).code == 412)
            #expect(try await test.ask(.get, kv + "/b", fields: [.ifNoneMatch: tag]).code == 404)
        }
    }

    @Test("changes without conditions are refused where they have to have some") func required() async throws {
        try await StoreCase.run { test in
            var settings = test.settings
            settings.requiresConditions = true
            let kv = try await test.serve(settings)
            #expect(try await test.ask(.put, kv + "/a", "1").code == 428)
            #expect(try await test.ask(.patch, kv + "/a?increment=1").code == 428)
            #expect(try await test.ask(.delete, kv + "/a").code == 428)
            #expect(try await test.ask(.put, kv + "/a", "1", fields: [.ifNoneMatch: "*"]).code == 201)
        }
    }

    @Test("of many who change what they have read, each change is made once") func race() async throws {
        try await StoreCase.run { test in
            let places = [try await test.serve(test.settings), try await test.serve(test.settings)]
            _ = try await test.ask(.put, places[0] + "/n", "0")
            try await gather(0..<8) { index in
                for _ in 0..<5 {
                    while true {
                        let read = try await test.ask(.get, places[index % 2] + "/n")
                        let next = (Int(read.text) ?? 0) + 1
                        let code = try await test.ask(
                            .put, places[(index + 1) % 2] + "/n", "\(next)", fields: [.ifMatch: read.tag ?? ""]
                        ).code
                        if code == 204 { break }
                        #expect(code == 412)
                    }
                }
            }
            #expect(try await test.ask(.get, places[0] + "/n").text == "40")
        }
    }

    // MARK: Numbers, times and limits

    @Test("numbers are added to") func increments() async throws {
        try await StoreCase.run { test in
            let kv = try await test.serve(test.settings)
            let json: HTTPFields = [.contentType: "application/json"]
            let first = try await test.ask(.patch, kv + "/n", "{\"increment\": 5}", fields: json)
            #expect(first.code == 200 && first.text == "5" && first.tag != nil)
            #expect(first.fields[.contentType] == "application/json")
            #expect(try await test.ask(.patch, kv + "/n?increment=-7").text == "-2")
            #expect(try await test.ask(.get, kv + "/n").text == "-2")
            for (path, body, code) in [
                ("/n", "{\"increment\": 1.5}", 422), ("/n", "{}", 422), ("/n", "{", 400), ("/n?increment=x", "", 400),
                ("/n?increment=9223372036854775808", "", 400),
            ] {
                #expect(try await test.ask(.patch, kv + path, body, fields: json).code == code, "\(path) \(body)")
            }
            _ = try await test.ask(.put, kv + "/n", "9223372036854775807")
            #expect(try await test.ask(.patch, kv + "/n?increment=1").code == 409)
            _ = try await test.ask(.put, kv + "/n", "x")
            #expect(try await test.ask(.patch, kv + "/n?increment=1").code == 409)
            #expect(try await test.ask(.patch, kv + "/n?increment=1", fields: [.ifMatch: "\"0\""]).code == 412)
        }
    }

    @Test("a time to live is taken, told, and holds") func timeToLive() async throws {
        let field = HTTPField.Name("TTL")!  // a token
        try await StoreCase.run { test in
            let kv = try await test.serve(test.settings)
            #expect(try await test.ask(.put, kv + "/a?ttl=100", "x").fields[field] == "100")
            let left = try #require(try await test.ask(.get, kv + "/a").fields[field].flatMap { Int($0) })
            #expect((1...100).contains(left))
            #expect(try await test.ask(.put, kv + "/b", "x", fields: [field: "0.01"]).code == 201)
            try await eventually { try await test.ask(.get, kv + "/b").code == 404 }
            #expect(try await test.ask(.put, kv + "/a", "x").fields[field] == nil)
            for text in ["0", "-1", "x", "1e9"] {
                #expect(try await test.ask(.put, kv + "/c?ttl=\(text)", "x").code == 400)
            }
            var settings = test.settings
            settings.timeToLive = .seconds(50)
            let limited = try await test.serve(settings)
            #expect(try await test.ask(.put, limited + "/d", "x").fields[field] == "50")
            #expect(try await test.ask(.patch, limited + "/e?increment=1").fields[field] == "50")
        }
    }

    @Test("values beyond the limit are refused, and only JSON is taken where it has to be") func values() async throws {
        try await StoreCase.run { test in
            var settings = test.settings
            settings.valueSize = 8
            settings.isJSON = true
            let kv = try await test.serve(settings)
            let json: HTTPFields = [.contentType: "application/json"]
            #expect(try await test.ask(.put, kv + "/a", "[1,2,3]", fields: json).code == 201)
            #expect(try await test.ask(.get, kv + "/a").text == "[1,2,3]")
            #expect(try await test.ask(.put, kv + "/a", "[1,2,3,4]", fields: json).code == 413)
            #expect(try await test.ask(.put, kv + "/a", "[1,2", fields: json).code == 400)
            #expect(try await test.ask(.put, kv + "/a", "1", fields: [.contentType: "text/plain"]).code == 415)
            #expect(try await test.ask(.put, kv + "/a", "null", fields: json).code == 204)
            #expect(test.count(.storeRefused) == 1)
            let key = String(repeating: "k", count: settings.keySize + 1)
            #expect(try await test.ask(.get, kv + "/" + key).code == 414)
            #expect(test.count(.storeRefused) == 2)
            #expect(try await test.ask(.patch, kv + "/a?increment=1").code == 409)
        }
    }

    @Test("a store that is full says so") func full() async throws {
        try await StoreCase.run { test in
            var settings = test.settings
            settings.totalSize = 256 << 10
            let kv = try await test.serve(settings)
            let body = String(repeating: "x", count: 64 << 10)
            var codes: [Int] = []
            for number in 0..<8 { codes.append(try await test.ask(.put, kv + "/\(number)", body).code) }
            #expect(codes.first == 201 && codes.last == 507)
            #expect(try await test.ask(.get, kv + "/0").text == body)
            #expect(test.count(.storeRefused) == UInt64(codes.filter { $0 == 507 }.count))
        }
    }

    @Test("that a store cannot be used is answered, and counted") func unavailable() async throws {
        try await StoreCase.run { test in
            let store = try await KeyValueStores.open(test.settings.url)
            let kv = try await test.serve { try $0.store(at: "/kv/{key}") { _ in store } } + "/kv"
            #expect(try await test.ask(.put, kv + "/a", "x").code == 201)
            await store.close()
            let refused = try await test.ask(.put, kv + "/a", "y")
            #expect(refused.code == 503 && refused.fields[.retryAfter] == "1")
            #expect(test.count(.storeUnavailable) == 1 && test.count(.storeRefused) == 0)
        }
    }

    // MARK: All of them

    private nonisolated struct Listing: Decodable, Sendable {
        struct Entry: Decodable, Sendable {
            var key: String?
            var keyBase64: String?
            var etag: String
            var size: Int
            var type: String?
            var ttl: Double?
        }

        var entries: [Entry]
        var next: String?
    }

    @Test("entries are listed by prefix, page by page") func lists() async throws {
        try await StoreCase.run { test in
            let kv = try await test.serve(test.settings)
            for name in ["a/1", "a/2", "a/3", "b"] { _ = try await test.ask(.put, kv + "/\(name)?ttl=100", name) }
            @MainActor func page(_ query: String) async throws -> Listing {
                try await test.client.get(try HTTPURL(parsing: kv + query)).json(Listing.self)
            }
            let all = try await page("")
            #expect(all.entries.map(\.key) == ["a/1", "a/2", "a/3", "b"] && all.next == nil)
            #expect(all.entries.allSatisfy { ($0.ttl ?? 0) > 1 && $0.size == $0.key?.utf8.count })
            #expect(try await test.ask(.get, kv + "/b").tag == all.entries[3].etag)
            let first = try await page("?prefix=a/&limit=2")
            let next = try #require(first.next)
            let second = try await page("?prefix=a/&limit=2&cursor=\(next)")
            #expect((first.entries + second.entries).map(\.key) == ["a/1", "a/2", "a/3"] && second.next == nil)
            for query in ["?limit=0", "?limit=x", "?cursor=!", "?cursor=a"] {
                #expect(try await test.ask(.get, kv + query).code == 400, "\(query)")
            }
        }
    }

    @Test("a key that is no text is listed in Base64") func binaryKeys() async throws {
        try await StoreCase.run { test in
            let store = try await KeyValueStores.open(test.settings.url)
            try await store.set(StoreKey([0xFF, 0x00]), "x")
            await store.close()
            let kv = try await test.serve(test.settings)
            let listing = try await test.client.get(try HTTPURL(parsing: kv)).json(Listing.self)
            #expect(listing.entries.first?.key == nil && listing.entries.first?.keyBase64 == "/wA=")
        }
    }

    @Test("changes are told as they happen, of other workers too") func watching() async throws {
        try await StoreCase.run { test in
            var settings = test.settings
            settings.watchers = 1
            let kv = try await test.serve(settings)
            let other = try await test.serve(settings)
            let response = try await test.client.execute(
                HTTPClientRequest(
                    .get, try HTTPURL(parsing: kv + "?prefix=a"), fields: [.accept: "text/event-stream"]))
            #expect(response.code == 200 && response.fields[.contentType] == "text/event-stream")
            let refused = try await test.ask(.get, kv, fields: [.accept: "text/event-stream"])
            #expect(refused.code == 503)
            #expect(test.count(.storeRefused) == 1 && test.count(.storeUnavailable) == 0)
            let made = try await test.ask(.put, other + "/a", "x")
            _ = try await test.ask(.put, other + "/b", "x")
            _ = try await test.ask(.delete, kv + "/a")
            var text = ""
            for try await piece in response.body {
                text += String(decoding: piece, as: UTF8.self)
                if text.contains("removed") { break }
            }
            let tag = try #require(made.tag).replacing("\"", with: "\\\"")
            #expect(text.contains("event: set") && text.contains("{\"key\":\"a\",\"etag\":\"\(tag)\"}"), "\(text)")
            #expect(!text.contains("\"b\""))
        }
    }

    @Test("a path that does not end with the key's parameter is refused") func paths() {
        for path in ["/kv", "/kv/", "/{a}/{b}", "/kv/{id:int}", "/kv/*", "/{a}/kv"] {
            #expect(throws: RouteError.self, "\(path)") {
                try Router().store(at: path, StoreServiceSettings(url: "sqlite:/a.db"))
            }
        }
    }
}

/// Waits until something is so, and fails when it does not become so in a long time.
func eventually(_ condition: () async throws -> Bool) async throws {
    let deadline = EventLoop.Instant.readClock() + .seconds(30)
    while try await !condition() {
        guard EventLoop.Instant.readClock() < deadline else { throw NeverSo() }
        try await Task.sleep(for: .milliseconds(5))
    }
}

struct NeverSo: Error {}
