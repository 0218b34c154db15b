import HTTPTypes
import MartletClient
import MartletLoop
import Testing

@Suite("Redirects")
struct RedirectTests {
    /// A client whose server is a closure, so that hosts and schemes can be any.
    private func client(
        _ change: (inout HTTPClientSettings) -> Void = { _ in },
        _ respond: @escaping @MainActor (HTTPClientRequest) async throws -> HTTPClientResponse
    ) -> (HTTPClient, MockTransport) {
        var settings = HTTPClientSettings()
        change(&settings)
        let transport = MockTransport(respond)
        return (HTTPClient(settings, transport: transport), transport)
    }

    private static func redirect(_ status: Int, to location: String) -> HTTPClientResponse {
        HTTPClientResponse(status: .init(code: status), fields: [.location: location], body: Array("moved".utf8))
    }

    nonisolated static let methods: [(Int, HTTPRequest.Method, HTTPRequest.Method)] = [
        (301, .get, .get), (301, .post, .get), (301, .put, .put), (302, .post, .get), (302, .delete, .delete),
        (303, .post, .get), (303, .put, .get), (303, .head, .head), (307, .post, .post), (308, .put, .put),
        (308, .get, .get),
    ]

    @Test("the status says what becomes of the method and the body", arguments: methods)
    func methods(_ status: Int, _ method: HTTPRequest.Method, _ becomes: HTTPRequest.Method) async throws {
        let (client, transport) = client { $0.url.path == "/a" ? Self.redirect(status, to: "b?c") : .text("ok") }
        let body: HTTPClientRequestBody = method == .get || method == .head ? .none : "x"
        let response = try await client.execute(HTTPClientRequest(method, "http://h/a", body: body))
        #expect(try await response.text() == "ok")
        #expect(response.url == "http://h/b?c")
        #expect(response.redirectCount == 1)
        #expect(transport.requests.map(\.method) == [method, becomes])
        #expect(
            (transport.requests[1].body.contentType == nil)
                == (becomes == .get || becomes == .head
                    || becomes == .delete && method == .delete && body.contentType == nil))
    }

    @Test("credentials and cookies go to no other origin, and do not come back")
    func credentials() async throws {
        let hops = ["http://a/": "http://a/2", "http://a/2": "http://b/", "http://b/": "http://a/3"]
        let (client, transport) = client(
            { $0.credentials = .bearer(.init("secret")!) },
            { request in
                hops["\(request.url)"].map { Self.redirect(302, to: $0) } ?? .text("ok")
            })
        _ = try await client.get("http://a/", fields: [.cookie: "c=1"])
        #expect(transport.requests.map { $0[.authorization] } == ["Bearer secret", "Bearer secret", nil, nil])
        #expect(transport.requests.map { $0[.cookie] } == ["c=1", "c=1", nil, nil])
    }

    @Test(
        "another port, and another scheme, is another origin", arguments: ["http://a:81/", "https://a/", "http://A.b/"])
    func origins(_ target: String) async throws {
        let (client, transport) = client { $0.url == "http://a/" ? Self.redirect(307, to: target) : .text("ok") }
        _ = try await client.get("http://a/", fields: [.authorization: "x"])
        #expect(transport.requests[1][.authorization] == nil)
    }

    @Test("from https to http is refused, unless it is allowed")
    func downgrade() async throws {
        let respond: @MainActor (HTTPClientRequest) async throws -> HTTPClientResponse = {
            $0.url.isSecure ? Self.redirect(302, to: "http://a/") : .text("ok")
        }
        let (strict, _) = client { try await respond($0) }
        let error = await failure { try await strict.get("https://a/") }
        #expect(error?.code == .redirect && error?.status == 302)
        let (lax, _) = client({ $0.redirects.allowsDowngrade = true }) { try await respond($0) }
        #expect(try await lax.get("https://a/").text() == "ok")
    }

    @Test("circles and too many are errors; none are followed when the limit is 0")
    func limits() async throws {
        let (circle, transport) = client { Self.redirect(302, to: $0.url.path == "/a" ? "/b" : "/a") }
        #expect(await failure { try await circle.get("http://h/a") }?.code == .tooManyRedirects)
        #expect(transport.requests.count == 2)
        let (endless, _) = client { Self.redirect(302, to: "\($0.url.target)x") }
        #expect(await failure { try await endless.get("http://h/a") }?.code == .tooManyRedirects)
        let (none, _) = client({ $0.redirects = .none }) { _ in Self.redirect(302, to: "/") }
        #expect(try await none.get("http://h/a").code == 302)
        var request = HTTPClientRequest(.get, "http://h/a")
        request.redirects = HTTPRedirects.none
        #expect(try await endless.execute(request).code == 302)
    }

    @Test("a page that sets a cookie and sends to itself is no circle, as long as the limit allows")
    func consent() async throws {
        var answers = 0
        let respond: @MainActor (HTTPClientRequest) async throws -> HTTPClientResponse = { request in
            if request[.cookie] == "consent=1" { return .text("ok") }
            answers += 1
            var response = Self.redirect(302, to: "/")
            response.fields.append(HTTPField(name: .setCookie, value: answers == 3 ? "consent=1" : "consent=0"))
            return response
        }
        let (client, transport) = client({ $0.cookies = CookieJar() }) { try await respond($0) }
        #expect(try await client.get("http://h/").text() == "ok")
        #expect(transport.requests.map { $0[.cookie] } == [nil, "consent=0", "consent=0", "consent=1"])
        let (hasty, _) = self.client({
            $0.cookies = CookieJar()
            $0.redirects = HTTPRedirects(limit: 2)
        }) { _ in
            var response = Self.redirect(302, to: "/")
            response.fields[.setCookie] = "a=1"
            return response
        }
        let error = await failure { try await hasty.get("http://h/") }
        #expect(error?.code == .tooManyRedirects && error?.reason.contains("limit of 2") == true)
        // Without a jar nothing has changed.
        let (forgetful, forgotten) = self.client { _ in
            var response = Self.redirect(302, to: "/")
            response.fields[.setCookie] = "a=1"
            return response
        }
        #expect(await failure { try await forgetful.get("http://h/") }?.code == .tooManyRedirects)
        #expect(forgotten.requests.count == 1)
    }

    @Test(
        "where it cannot lead is an error, without the password in it",
        arguments: ["ftp://b/", "http://u:secret@", "http://b:99999/", "javascript:alert(1)"])
    func badTargets(_ target: String) async throws {
        let (client, _) = client { _ in
            var response = HTTPClientResponse(status: .found)
            response.fields[.location] = target
            return response
        }
        let error = await failure { try await client.get("http://h/") }
        #expect(error?.code == .redirect)
        #expect(error?.description.contains("secret") == false)
    }

    @Test("what a browser would escape in a Location is escaped")
    func escaping() async throws {
        let (client, transport) = client {
            $0.url.path == "/a" ? Self.redirect(302, to: "/b c/é?d=|%20[1]") : .text("ok")
        }
        #expect(try await client.get("http://h/a").text() == "ok")
        #expect(transport.requests[1].url.target == "/b%20c/%C3%A9?d=%7C%20%5B1%5D")
    }

    @Test("a body that can be sent once only is not sent again")
    func bodies() async throws {
        let (client, _) = client { $0.url.path == "/a" ? Self.redirect(307, to: "/b") : .text("ok") }
        let once = HTTPClientRequestBody.stream(isRepeatable: false) { try await $0.write("x") }
        #expect(await failure { try await client.post("http://h/a", body: once) }?.code == .bodyNotRepeatable)
        let twice = HTTPClientRequestBody.stream { try await $0.write("x") }
        #expect(try await client.post("http://h/a", body: twice).text() == "ok")
    }

    @Test("the connection is used again behind a redirect, and the body is sent again")
    func overTheWire() async throws {
        let server = try RawServer { connection in
            while let request = try await connection.request() {
                try await connection.write(
                    request.target == "/a"
                        ? "HTTP/1.1 307 Temporary Redirect\r\nLocation: /b\r\nContent-Length: 3\r\n\r\nold"
                        : "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nnew")
            }
        }
        let client = quickClient()
        #expect(try await client.post(server.url("/a"), body: "hello").text() == "new")
        #expect(server.requests.map(\.text) == ["hello", "hello"])
        #expect(server.connections == 1)
        await client.shutdown()
        await server.close()
    }
}
