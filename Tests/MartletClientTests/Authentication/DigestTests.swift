import HTTPTypes
import MartletHTTP
import Testing

@testable import MartletClient

@Suite("Digest authentication")
struct DigestTests {
    private static let nonce = "7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v"

    @Test("the examples of RFC 7616 §3.9.1")
    func examples() throws {
        let field = """
            Digest realm="http-auth@example.org", qop="auth, auth-int", algorithm=SHA-256, nonce="\(Self.nonce)", \
            opaque="FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS", \
            Digest realm="http-auth@example.org", qop="auth, auth-int", algorithm=MD5, nonce="\(Self.nonce)", \
            opaque="FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS"
            """
        let best = try #require(DigestChallenge.best(of: [field]))
        #expect(best.algorithm == .sha256)
        let md5 = try #require(DigestChallenge.best(of: [String(field.drop { $0 != "," }.drop { $0 != "D" })]))
        #expect(md5.algorithm == .md5)
        let expected = [
            "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1", "8ca523f5e9506fed4657c9700eebdbec",
        ]
        for (challenge, response) in zip([best, md5], expected) {
            let answer = DigestAnswer(
                challenge: challenge, user: "Mufasa", password: "Circle of Life", method: "GET",
                target: "/dir/index.html",
                count: 1, clientNonce: "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ")
            #expect(answer.response == response)
            #expect(answer.authorization.contains("nc=00000001"))
            #expect(answer.authorization.contains("username=\"Mufasa\""))
        }
    }

    @Test("the example of RFC 2617 §3.5, and one without qop")
    func old() throws {
        let challenge = try #require(
            DigestChallenge.best(of: [
                #"Digest realm="testrealm@host.com", qop="auth,auth-int", nonce="dcd98b7102dd2f0e8b11d0f600bfb0c093", opaque="5c""#
            ]))
        let answer = DigestAnswer(
            challenge: challenge, user: "Mufasa", password: "Circle Of Life", method: "GET", target: "/dir/index.html",
            count: 1, clientNonce: "0a4f113b")
        #expect(answer.response == "6629fae49393a05397450978507c4ef1")
        let bare = try #require(
            DigestChallenge.best(of: [#"Digest realm="testrealm@host.com", nonce="dcd98b7102dd2f0e8b11d0f600bfb0c093""#]
            ))
        #expect(!bare.hasQuality)
        let simple = DigestAnswer(
            challenge: bare, user: "Mufasa", password: "Circle Of Life", method: "GET", target: "/dir/index.html",
            count: 1,
            clientNonce: "")
        #expect(simple.response == "670fd8c2df070c60b045671b8b24ff02")
        #expect(!simple.authorization.contains("qop"))
    }

    nonisolated static let lists: [(String, [String])] = [
        ("Basic", ["basic"]), (#"Basic realm="a, b", Digest nonce="c""#, ["basic", "digest"]),
        ("Negotiate dG9rZW4=, Basic realm=x", ["negotiate", "dg9rzw4", "basic"]), ("", []), (",,,", []), ("=\"", []),
        (#"Digest realm="unended"#, ["digest"]), (#"A b="\"" , C"#, ["a", "c"]),
    ]

    @Test("lists of challenges are read, however odd", arguments: lists)
    func lists(_ field: String, _ schemes: [String]) {
        let read = ChallengeList.read(field).map { $0.scheme.lowercased() }
        // What follows a scheme without being parameters may be taken for another scheme: nobody answers it.
        #expect(read.filter(schemes.contains) == schemes || field.hasPrefix("Negotiate"))
    }

    @Test("a client answers when it is asked, and then before it is asked")
    func client() async throws {
        var asked = 0
        let server = try RawServer { connection in
            while let request = try await connection.request() {
                if let answer = request["authorization"], answer.contains("nonce=\"n\(asked)\"") {
                    try await connection.write(
                        "HTTP/1.1 200 OK\r\nContent-Length: \(answer.utf8.count)\r\n\r\n\(answer)")
                } else {
                    asked += 1
                    try await connection.write(
                        "HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Digest realm=\"r\", nonce=\"n\(asked)\", qop=\"auth\""
                            + (asked > 1 ? ", stale=true" : "") + "\r\nContent-Length: 2\r\n\r\nno")
                }
            }
        }
        let client = quickClient { $0.credentials = .digest(user: "u", password: "p") }
        #expect(try await client.get(server.url("/a")).text().contains("nc=00000001"))
        #expect(try await client.post(server.url("/a?b"), body: "x").text().contains("nc=00000002"))
        #expect(server.requests.count == 3)
        asked += 1
        // The nonce has grown old.
        #expect(try await client.get(server.url("/a")).text().contains("nc=00000001"))
        #expect(server.connections == 1)
        await client.shutdown()
        await server.close()
    }

    @Test("a wrong password is tried once")
    func wrong() async throws {
        let server = try RawServer.answering(
            "HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Digest realm=\"r\", nonce=\"n\", qop=\"auth\"\r\nContent-Length: 0\r\n\r\n"
        )
        let client = quickClient { $0.credentials = .digest(user: "u", password: "p") }
        #expect(try await client.get(server.url()).code == 401)
        #expect(server.requests.count == 2)
        await client.shutdown()
        await server.close()
    }

    @Test("basic and bearer are sent at once, and a URL's user and password go before them")
    func simple() async throws {
        let transport = MockTransport { .text($0[.authorization] ?? "none") }
        var settings = HTTPClientSettings()
        settings.credentials = .basic(BasicCredentials(user: "u", password: "p")!)
        let client = HTTPClient(settings, transport: transport)
        #expect(try await client.get("http://h/").text() == "Basic dTpw")
        #expect(try await client.get("http://a:b@h/").text() == "Basic YTpi")
        #expect(try await client.get("http://h/", fields: [.authorization: "X y"]).text() == "X y")
        var request = HTTPClientRequest(.get, "http://h/")
        request.credentials = .bearer(BearerToken("t")!)
        #expect(try await client.execute(request).text() == "Bearer t")
        #expect("\(request.credentials!)" == "HTTP credentials")
    }
}
