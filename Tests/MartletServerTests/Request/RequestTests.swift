import HTTPTypes
import Testing

@testable import MartletServer

@Suite("Requests")
struct RequestTests {
    @Test(
        "parameters are percent-decoded, exactly once",
        arguments: [
            ("/hello/World", "World"), ("/hello/a%20b", "a b"), ("/hello/%C3%A9", "é"), ("/hello/a%2Fb", "a/b"),
            ("/hello/%2541", "%41"),
            ("/hello/a+b", "a+b"), ("/hello/a%0d%0ab", "a\r\nb"), ("/hello/x?y=z", "x"),
            ("http://b/hello/World", "World"),
        ])
    func decodesParameters(target: String, expected: String) async throws {
        try await withServer(routes: { $0.get("/hello/{name}") { $0.parameters["name"] ?? "none" } }) { server in
            let client = try server.connect()
            try await client.send("GET \(target) HTTP/1.1\r\nHost: a\r\n\r\n")
            #expect(try await client.answer().text == expected)
        }
    }

    @Test(
        "a parameter that is no text never reaches a handler, which may rely on it",
        arguments: [
            "/hello/%FF", "/hello/%C3", "/hello/%ED%A0%80", "/all/a/%FF/b", "/hello/%zz", "/hello/%", "/hello/%00",
        ])
    func refusesUndecodable(target: String) async throws {
        try await withServer(routes: {
            $0.get("/hello/{name}") { $0.parameters["name"]! }
            $0.get("/all/{rest...}") { $0.parameters["rest"]! }
        }) { server in
            let client = try server.connect()
            try await client.send("GET \(target) HTTP/1.1\r\nHost: a\r\n\r\n")
            #expect(try await client.answer().status == 400)
            #expect(server.count(.handlerErrors) == 0)
        }
    }

    @Test("all of the head can be asked for")
    func showsHead() async throws {
        var seen: [String?] = []
        try await withServer(routes: {
            router in
            _ = try? router.add(.init("PURGE") ?? .get, "/a/{x}") { request in
                let fields = request.fields
                seen = [
                    request.method.rawValue, request.target, request.path, request.queryString, request.parameters["x"],
                    request.parameters["y"], request[.userAgent], request[.accept], request[.cookie],
                    fields.map { "\($0.name.rawName)=\($0.value)" }.joined(separator: "&"),
                    request.httpRequest.authority, request.httpRequest.path,
                    request.peerAddress.map { "\($0)" }?.prefix(10).description,
                ]
                return "ok"
            }
        }) { server in
            let client = try server.connect()
            try await client.send(
                "PURGE /a/b%20c?d=e HTTP/1.1\r\nhOST: a:1\r\nUser-Agent: \t me \r\nAccept: x\r\naccept: y, z\r\nCookie:\r\n\r\n"
            )
            #expect(try await client.answer().text == "ok")
        }
        #expect(
            seen == [
                "PURGE", "/a/b%20c?d=e", "/a/b%20c", "d=e", "b c", nil, "me", "x, y, z", "",
                "hOST=a:1&User-Agent=me&Accept=x&accept=y, z&Cookie=", "a:1", "/a/b%20c?d=e", "127.0.0.1:",
            ])
    }

    @Test("a request that is kept stays readable, but for its body, and is not mixed up with later ones")
    func isKept() async throws {
        var kept: [Request] = []
        try await withServer(routes: {
            $0.post("/{name}") { request in
                kept.append(request)
                return "ok"
            }
        }) { server in
            let client = try server.connect()
            for name in ["first", "second", "third"] {
                try await client.send(
                    "POST /\(name) HTTP/1.1\r\nHost: a\r\nUser-Agent: \(name)\r\nContent-Length: 1\r\n\r\nx")
                #expect(try await client.answer().text == "ok")
            }
            for (request, name) in zip(kept, ["first", "second", "third"]) {
                #expect(request.path == "/" + name && request.parameters["name"] == name && request[.userAgent] == name)
                #expect(request.peerAddress == nil && request.body.expectedLength == 1)
                await #expect(throws: HTTPError.self) { try await request.body.collect() }
            }
            kept = []
            try await client.send("POST /last HTTP/1.1\r\nHost: a\r\n\r\n")
            #expect(try await client.answer().text == "ok")
            #expect(kept.map(\.path) == ["/last"])
            kept = []
        }
    }
}
