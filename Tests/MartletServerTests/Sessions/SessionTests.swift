import HTTPTypes
import MartletHTTP
import MartletLoop
import Testing

@testable import MartletServer

@Suite("Sessions")
struct SessionTests {
    private static let secret = [UInt8](repeating: 7, count: 32)

    nonisolated enum Kind: String, CaseIterable, Sendable {
        case signed, encrypted, stored
    }

    private func use(_ kind: Kind, on router: Router, secrets: [[UInt8]] = [secret], store: MemorySessionStore) {
        switch kind {
        case .signed: router.use(Sessions(secrets: secrets, protection: .signed))
        case .encrypted: router.use(Sessions(secrets: secrets))
        case .stored: router.use(StoredSessions(store, secrets: secrets))
        }
    }

    private func routes(_ router: Router) {
        router.get("/read") { "\($0.session["user"] ?? "nobody") \($0.session.isNew)" }
        router.get("/login/{name}") { request in
            request.session.renew()
            request.session["user"] = request.parameters["name"]
            try request.session.set("rights", ["read", "write"])
            return "welcome"
        }
        router.get("/rights") { try $0.session.value("rights", as: [String].self)?.joined(separator: ",") ?? "none" }
        router.get("/logout") { request in
            request.session.clear()
            return "bye"
        }
        router.get("/fail") { request -> String in
            request.session["failures"] = "1"
            throw HTTPError(.forbidden)
        }
    }

    /// A client with a cookie jar for one cookie.
    private final class Browser {
        let client: Client
        var cookie: String?
        var lastSet: String?

        init(_ client: Client) { self.client = client }

        func get(_ path: String) async throws -> Answer {
            let field = cookie.map { "Cookie: a=b; \($0)\r\n" } ?? ""
            try await client.send("GET \(path) HTTP/1.1\r\nHost: a\r\n\(field)\r\n")
            let answer = try await client.answer()
            lastSet = answer["Set-Cookie"]
            if let lastSet { cookie = String(lastSet.prefix { $0 != ";" }) }
            return answer
        }
    }

    @Test("what a handler keeps is there at the next request, until it is forgotten", arguments: Kind.allCases)
    func remembers(kind: Kind) async throws {
        let store = MemorySessionStore()
        try await withServer(routes: { router in
            use(kind, on: router, store: store)
            routes(router)
        }) { server in
            let browser = Browser(try server.connect())
            #expect(try await browser.get("/read").text == "nobody true")
            #expect(browser.lastSet == nil)
            let login = try await browser.get("/login/ann")
            #expect(login.text == "welcome" && login["Cache-Control"] == "no-store")
            let cookie = try #require(browser.lastSet)
            #expect(cookie.hasPrefix("session=") && cookie.contains("HttpOnly") && cookie.contains("SameSite=Lax"))
            #expect(cookie.contains("Max-Age=1209600") && cookie.contains("Path=/") && !cookie.contains("Secure"))
            #expect(try await browser.get("/read").text == "ann false")
            #expect(browser.lastSet == nil)
            #expect(try await browser.get("/rights").text == "read,write")
            #expect(try await browser.get("/fail").status == 403)
            #expect(browser.lastSet != nil)
            #expect(try await browser.get("/read").text == "ann false")
            #expect(try await browser.get("/logout").text == "bye")
            #expect(browser.lastSet?.contains("Max-Age=0") == true && store.count == 0)
            #expect(try await browser.get("/read").text == "nobody true")
        }
    }

    @Test(
        "a cookie that was changed, or is of another secret, is none; one of an older secret is",
        arguments: Kind.allCases)
    func refuses(kind: Kind) async throws {
        let store = MemorySessionStore()
        var cookie = ""
        try await withServer(routes: { router in
            use(kind, on: router, store: store)
            routes(router)
        }) { server in
            let browser = Browser(try server.connect())
            _ = try await browser.get("/login/ann")
            cookie = try #require(browser.cookie)
            for wrong in [cookie + "A", String(cookie.dropLast()), "session=", "session=AAAA", "session=!!"] {
                browser.cookie = wrong
                #expect(try await browser.get("/read").text == "nobody true", "\(wrong)")
            }
            // Any one bit.
            let bytes = try #require(Base64.decode(String(cookie.dropFirst(8)), .url))
            for index in bytes.indices {
                var changed = bytes
                changed[index] ^= 1
                browser.cookie = "session=\(Base64.encode(changed, .url))"
                #expect(try await browser.get("/read").text == "nobody true", "byte \(index)")
            }
        }
        let other = [UInt8](repeating: 8, count: 32)
        for (secrets, text) in [([other], "nobody true"), ([other, Self.secret], "ann false")] {
            try await withServer(routes: { router in
                use(kind, on: router, secrets: secrets, store: store)
                routes(router)
            }) { server in
                let browser = Browser(try server.connect())
                browser.cookie = cookie
                #expect(try await browser.get("/read").text == text)
            }
        }
    }

    @Test("a stored session has another name after it was renewed, and the old one is worth nothing")
    func renews() async throws {
        let store = MemorySessionStore()
        try await withServer(routes: { router in
            use(.stored, on: router, store: store)
            routes(router)
        }) { server in
            let browser = Browser(try server.connect())
            _ = try await browser.get("/fail")
            let before = browser.cookie
            _ = try await browser.get("/login/ann")
            #expect(browser.cookie != before && store.count == 1)
            browser.cookie = before
            #expect(try await browser.get("/read").text == "nobody true")
        }
    }

    @Test("an encrypted token shows nothing of what is in it, and no two are alike; a signed one can be read")
    func hides() throws {
        let text = Array("user=ann".utf8)
        for protection in [SealedToken.Protection.signed, .encrypted] {
            let token = SealedToken(secrets: [Self.secret], protection: protection, purpose: "p")
            let sealed = token.seal(text, until: 100)
            let bytes = try #require(Base64.decode(sealed, .url))
            #expect(bytes.firstRange(of: text) == nil || protection == .signed)
            #expect((token.seal(text, until: 100) == sealed) == (protection == .signed))
            #expect(token.open(sealed, now: 99) == text && token.open(sealed, now: 100) == nil)
            #expect(token.open(token.seal([], until: 100), now: 0) == [])
            let other = SealedToken(secrets: [Self.secret], protection: protection, purpose: "q")
            #expect(other.open(sealed, now: 0) == nil)
            let kind: SealedToken.Protection = protection == .signed ? .encrypted : .signed
            #expect(SealedToken(secrets: [Self.secret], protection: kind, purpose: "p").open(sealed, now: 0) == nil)
        }
    }

    @Test("random tokens are refused, whatever their length")
    func random() {
        var random = SplitMix64(state: 4)
        for protection in [SealedToken.Protection.signed, .encrypted] {
            let token = SealedToken(secrets: [Self.secret], protection: protection, purpose: "p")
            for length in 0..<300 {
                var bytes = (0..<length).map { _ in UInt8.random(in: 0...255, using: &random) }
                if length > 0 { bytes[0] = protection.rawValue }
                #expect(token.open(Base64.encode(bytes, .url), now: 0) == nil)
            }
        }
    }

    @Test("a session that does not fit into a cookie is an error of the handler's")
    func bounds() async throws {
        try await withServer(routes: { router in
            use(.encrypted, on: router, store: MemorySessionStore())
            router.get("/") { request in
                request.session["x"] = String(repeating: "x", count: 5000)
                return "?"
            }
        }) { server in
            let client = try server.connect()
            try await client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            #expect(try await client.answer().status == 500)
        }
    }

    @Test("a store in memory forgets what has expired, and never holds more than it may")
    func memory() async throws {
        try await withVirtualClock { _ in
            let store = MemorySessionStore(capacity: 32)
            try await store.save("a", ["x": "1"], for: .seconds(10))
            #expect(try await store.load("a") == ["x": "1"])
            try await Task.sleep(for: .seconds(11), clock: .eventLoop)
            #expect(try await store.load("a") == nil && store.count == 0)
            for index in 0..<100 { try await store.save("\(index)", [:], for: .seconds(10 + index)) }
            #expect(store.count <= 32)
            #expect(try await store.load("99") == [:])
        }
    }
}
