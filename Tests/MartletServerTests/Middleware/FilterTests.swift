import HTTPTypes
import Testing

@testable import MartletServer

@Suite("Identifiers, security headers and proxies")
struct FilterTests {
    @Test("every request gets an identifier of its own, which the answer tells")
    func identifiers() async throws {
        try await withServer { router in
            router.use(RequestIdentifier())
            router.get("/") { $0.id ?? "none" }
        } _: { server async throws in
            var seen: Set<String> = []
            for _ in 0..<3 {
                let answer = try await server.ask("GET", "/", ["X-Request-ID: mine"])
                #expect(answer.text.count == 15 && answer["X-Request-ID"] == answer.text)
                seen.insert(answer.text)
            }
            #expect(seen.count == 3)
            #expect(try await server.ask("GET", "/none")["X-Request-ID"] != nil)
        }
    }

    @Test("thousands of identifiers are all different, and all letters and digits")
    func manyIdentifiers() {
        let identifiers = RequestIdentifier()
        let names = (0..<5000).map { _ in identifiers.makeIdentifier() }
        #expect(Set(names).count == names.count)
        #expect(
            names.allSatisfy { $0.utf8.count == 15 && $0.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber) } })
        #expect(Set(names.map { $0.prefix(9) }).count == 1)
    }

    @Test(
        "an identifier that a trusted client brings is kept if it can be one",
        arguments: [
            ("mine", true), ("a-b_c.d:e/f+g=h@i~j", true), (String(repeating: "x", count: 128), true),
            (String(repeating: "x", count: 129), false), ("a b", false), ("a\"b", false), ("a\u{e9}", false),
            ("", false),
        ])
    func trustedIdentifiers(given: String, isKept: Bool) async throws {
        try await withServer { router in
            router.use(RequestIdentifier(trustsClients: true))
            router.get("/") { $0.id ?? "none" }
        } _: { server async throws in
            let answer = try await server.ask("GET", "/", ["X-Request-ID: \(given)"])
            #expect((answer.text == given) == isKept && !answer.text.isEmpty)
        }
    }

    @Test("security headers are added, but not in place of a handler's own, nor those that are left out")
    func securityHeaders() async throws {
        try await withServer { router in
            router.use(TrustedProxies(["127.0.0.0/8"]))
            router.use(SecurityHeaders(referrerPolicy: nil, contentSecurityPolicy: "default-src 'self'"))
            router.get("/") { _ in "" }
            router.get("/own") { _ in
                var response = Response(text: "")
                response.fields[HTTPField.Name("X-Frame-Options")!] = "DENY"
                return response
            }
        } _: { server async throws in
            let answer = try await server.ask()
            #expect(answer["X-Content-Type-Options"] == "nosniff" && answer["X-Frame-Options"] == "SAMEORIGIN")
            #expect(answer["Content-Security-Policy"] == "default-src 'self'" && answer["Referrer-Policy"] == nil)
            #expect(answer["Strict-Transport-Security"] == nil)
            let own = try await server.ask("GET", "/own", ["X-Forwarded-Proto: https"])
            #expect(own["X-Frame-Options"] == "DENY" && own["X-Content-Type-Options"] == "nosniff")
            #expect(own["Strict-Transport-Security"]?.hasPrefix("max-age=") == true)
        }
    }

    @Test(
        "proxies that are trusted say where a request comes from, and nobody else does",
        arguments: [
            (["X-Forwarded-For: 192.0.2.1", "X-Forwarded-Proto: https", "X-Forwarded-Host: b"], "192.0.2.1 https b"),
            (["X-Forwarded-For: 198.51.100.9, 192.0.2.1, 10.0.0.1"], "192.0.2.1 http a"),
            (["X-Forwarded-For: 192.0.2.1, nonsense"], "127.0.0.1 http a"),
            (["X-Forwarded-Proto: javascript"], "127.0.0.1 http a"),
            (["Forwarded: for=192.0.2.1;proto=https"], "127.0.0.1 http a"),
            ([], "127.0.0.1 http a"),
        ])
    func proxies(fields: [String], expected: String) async throws {
        func describe(_ request: Request) -> String {
            "\(request.clientAddress) \(request.scheme) \(request.authority ?? "-")"
        }
        try await withServer { router in
            router.use(TrustedProxies(["127.0.0.1", "10.0.0.0/8"]))
            router.get("/") { describe($0) }
        } _: { server async throws in
            #expect(try await server.ask("GET", "/", fields).text == expected)
        }
        try await withServer { router in
            router.use(TrustedProxies(["192.0.2.0/24"]))
            router.get("/") { describe($0) }
        } _: { server async throws in
            #expect(try await server.ask("GET", "/", fields).text == "127.0.0.1 http a")
        }
    }

    @Test("Forwarded is read where proxies write it, and X-Forwarded-For is not")
    func forwarded() async throws {
        try await withServer { router in
            router.use(TrustedProxies(["127.0.0.1"], fields: .forwarded))
            router.get("/") { "\($0.clientAddress) \($0.scheme) \($0.authority ?? "-")" }
        } _: { server async throws in
            let fields = ["Forwarded: for=\"[2001:db8::1]\";proto=https;host=b", "X-Forwarded-For: 192.0.2.1"]
            #expect(try await server.ask("GET", "/", fields).text == "2001:db8::1 https b")
            #expect(try await server.ask("GET", "/", [fields[1]]).text == "127.0.0.1 http a")
        }
    }
}
