import Testing

@testable import MartletServer

@Suite("Connections that go on")
struct KeepAliveTests {
    @Test(
        "a connection serves request after request, over TCP and over a Unix socket",
        arguments: [
            "127.0.0.1:0", "[::1]:0", "unix",
        ])
    func goesOn(address: String) async throws {
        try await withServer(on: address) { server in
            let client = try server.connect()
            for _ in 0..<3 {
                try await client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
                let answer = try await client.answer()
                #expect(answer.status == 200 && answer.text == "root")
                #expect(answer["Connection"] == nil && answer["Content-Length"] == "4")
                #expect(answer["Content-Type"] == "text/plain; charset=utf-8")
                #expect(answer["Server"] == "martlet" && answer["Date"]?.hasSuffix(" GMT") == true)
            }
            try await server.expect(.connectionsAccepted, 1)
            try await server.expect(.connectionsActive, 1)
        }
    }

    nonisolated struct Version: Sendable, CustomTestStringConvertible {
        let head: String
        let connection: String?
        var testDescription: String { head.debugDescription }

        static let all = [
            Version(head: "GET / HTTP/1.1\r\nHost: a\r\n\r\n", connection: nil),
            Version(head: "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", connection: "close"),
            Version(head: "GET / HTTP/1.1\r\nHost: a\r\nConnection: x, CLOSE\r\n\r\n", connection: "close"),
            Version(head: "GET / HTTP/1.0\r\n\r\n", connection: "close"),
            Version(head: "GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n", connection: "keep-alive"),
            Version(head: "GET / HTTP/1.0\r\nConnection: keep-alive, close\r\n\r\n", connection: "close"),
        ]
    }

    @Test("whether it goes on is the client's choice, and said as its version has it", arguments: Version.all)
    func followsVersion(version: Version) async throws {
        try await withServer { server in
            let client = try server.connect()
            try await client.send(version.head)
            let answer = try await client.answer()
            #expect(answer.text == "root" && answer["Connection"] == version.connection)
            if version.connection == "close" {
                #expect(try await client.isAtEnd())
            } else {
                try await client.send(version.head)
                #expect(try await client.answer().text == "root")
            }
        }
    }

    @Test("nothing that follows a request that closes is answered")
    func answersNothingAfterClose() async throws {
        try await withServer { server in
            let client = try server.connect()
            let last = "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
            try await client.send(last + last)
            #expect(try await client.answer().saysClose)
            #expect(try await client.isAtEnd())
            try await server.expect(.requests, 1)
        }
    }

    @Test("HEAD is answered as GET is, without the body")
    func head() async throws {
        let body = [UInt8](repeating: 1, count: 100_000)
        try await withServer(routes: {
            $0.get("/") { _ in "root" }
            $0.get("/large") { _ in body }
            $0.get("/stream") { _ in Response { try await $0.write("streamed") } }
        }) { server in
            let client = try server.connect()
            for (path, length) in [("/", "4"), ("/large", "100000"), ("/stream", nil), ("/none", "93")] {
                try await client.send("HEAD \(path) HTTP/1.1\r\nHost: a\r\n\r\n")
                let answer = try await client.answer(to: "HEAD")
                #expect(answer["Content-Length"] == length, "\(path)")
                #expect(answer.status == (path == "/none" ? 404 : 200) && !answer.saysClose)
            }
            try await client.send(
                "HEAD /stream HTTP/1.0\r\nConnection: keep-alive\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n")
            #expect(try await client.answer(to: "HEAD")["Connection"] == "keep-alive")
            #expect(try await client.answer().text == "root")
        }
    }

    @Test("what was read before the server took the connection over is served first", arguments: [0, 1, 20, 30])
    func takesOver(split: Int) async throws {
        try await withServer { server in
            let ends = try socketPair()
            let request = Array("GET / HTTP/1.1\r\nHost: a\r\n\r\n".utf8)
            let client = try Client(descriptor: ends.1)
            server.server.take(connection: ends.0, initialBytes: Array(request.prefix(split)))
            try await client.send(Array(request.dropFirst(split)))
            #expect(try await client.answer().text == "root")
            try await client.send(request)
            #expect(try await client.answer().text == "root")
            client.close()
        }
    }
}
