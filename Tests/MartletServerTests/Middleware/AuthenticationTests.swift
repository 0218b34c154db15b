import HTTPTypes
import MartletHTTP
import Testing

@testable import MartletServer

private enum Owner: RequestKey { typealias Value = Int }

@Suite("Authentication")
struct AuthenticationTests {
    @Test("a user and a password let in, and what they are of goes with the request", arguments: [false, true])
    func basic(waits: Bool) async throws {
        try await withServer { router in
            if waits {
                router.use(
                    BasicAuthentication(realm: "the \"lab\"", as: Owner.self) { credentials in
                        await pause()
                        return credentials.matches(user: "ann", password: "s3cret") ? 7 : nil
                    })
            } else {
                router.use(
                    BasicAuthentication(realm: "the \"lab\"", as: Owner.self) { credentials in
                        credentials.matches(user: "ann", password: "s3cret") ? 7 : nil
                    })
            }
            router.get("/") { "\($0[Owner.self] ?? 0)" }
        } _: { server async throws in
            let right = BasicCredentials(user: "ann", password: "s3cret")!.authorization
            #expect(try await server.ask("GET", "/", ["Authorization: \(right)"]).text == "7")
            let wrong = BasicCredentials(user: "ann", password: "other")!.authorization
            for fields in [["Authorization: \(wrong)"], ["Authorization: Basic !"], ["Authorization: Bearer a"], []] {
                let answer = try await server.ask("GET", "/", fields)
                #expect(answer.status == 401)
                #expect(answer["WWW-Authenticate"] == "Basic realm=\"the \\\"lab\\\"\", charset=\"UTF-8\"")
            }
        }
    }

    @Test("one user with fixed credentials is known by name")
    func fixed() async throws {
        try await withServer { router in
            router.use(BasicAuthentication(realm: "lab", user: "ann", password: "s3cret"))
            router.get("/") { $0[AuthenticatedUser.self] ?? "nobody" }
        } _: { server async throws in
            let right = BasicCredentials(user: "ann", password: "s3cret")!.authorization
            #expect(try await server.ask("GET", "/", ["Authorization: \(right)"]).text == "ann")
            #expect(try await server.ask("GET", "/").status == 401)
        }
    }

    @Test("a token lets in; the others are told why not as RFC 6750 has it", arguments: [false, true])
    func bearer(waits: Bool) async throws {
        try await withServer { router in
            if waits {
                router.use(
                    BearerAuthentication(as: Owner.self) { token in
                        await pause()
                        return token.matches("abc") ? 7 : nil
                    })
            } else {
                router.use(BearerAuthentication(as: Owner.self) { token in token.matches("abc") ? 7 : nil })
            }
            router.get("/") { "\($0[Owner.self] ?? 0)" }
            router.get("/admin") { _ -> String in throw HTTPError.insufficientScope("admin") }
        } _: { server async throws in
            #expect(try await server.ask("GET", "/", ["Authorization: Bearer abc"]).text == "7")
            let cases = [
                ("/", [], 401, "Bearer realm=\"api\""),
                ("/", ["Authorization: Basic abc"], 401, "Bearer realm=\"api\""),
                ("/", ["Authorization: Bearerabc"], 401, "Bearer realm=\"api\""),
                ("/", ["Authorization: Bearer a b"], 400, "Bearer realm=\"api\", error=\"invalid_request\""),
                ("/", ["Authorization: Bearer abd"], 401, "Bearer realm=\"api\", error=\"invalid_token\""),
                (
                    "/admin", ["Authorization: Bearer abc"], 403,
                    "Bearer realm=\"api\", error=\"insufficient_scope\", scope=\"admin\""
                ),
            ]
            for (target, fields, status, challenge) in cases {
                let answer = try await server.ask("GET", target, fields)
                #expect(answer.status == status && answer["WWW-Authenticate"] == challenge, "\(fields)")
            }
        }
    }
}
