import Glibc
import HTTPTypes
import MartletClient
import MartletHTTP
import MartletLoop
import MartletNet
import MartletServer
import Testing

@Suite("A client in a handler")
struct ForwardingTests {
    /// Martlet's server with a router, and its address.
    private func serving(
        _ routes: (Router) -> Void, _ body: @MainActor (String) async throws -> Void
    ) async throws {
        let router = Router()
        routes(router)
        let server = HTTPServer(router: router)
        let socket = try ListeningSocket.bind(SocketAddress(parsing: "127.0.0.1:0"), options: ListenOptions())
        try server.listen(on: socket)
        defer { server.abort() }
        try await body("http://\(socket.address)")
    }

    @Test("a proxy is one line: bodies are passed on as they come, both ways")
    func proxy() async throws {
        let backend = try RawServer { connection in
            while let request = try await connection.request() {
                try await connection.write(
                    "HTTP/1.1 201 Created\r\nX-Target: \(request.target)\r\nConnection: X-Hop\r\nX-Hop: 1\r\n"
                        + "Content-Type: text/x\r\nTransfer-Encoding: chunked\r\n\r\n"
                        + "\(String(request.body.count, radix: 16))\r\n\(request.text)\r\n0\r\n\r\n")
            }
        }
        let client = quickClient()
        let base = try backend.url("/base/")
        try await serving { router in
            router.post("/api/{path...}") { request in
                try await client.execute(HTTPClientRequest(forwarding: request, to: base))
            }
        } _: { address in
            let outer = quickClient()
            let body = [UInt8](repeating: 0x61, count: 300_000)
            let response = try await outer.post(
                HTTPURL(parsing: address + "/api/x?y"), fields: [.accept: "text/x", .te: "trailers"],
                body: .stream(contentType: "text/y") { try await $0.write(body) })
            #expect(response.code == 201)
            #expect(response[.contentType] == "text/x")
            #expect(response[HTTPField.Name("X-Target")!] == "/base/api/x?y")
            #expect(response[HTTPField.Name("X-Hop")!] == nil)
            #expect(try await response.bytes() == body)
            await outer.shutdown()
        }
        let request = try #require(backend.requests.first)
        #expect(request["content-type"] == "text/y" && request["accept"] == "text/x" && request["te"] == nil)
        #expect(request["x-forwarded-for"] == "127.0.0.1" && request["x-forwarded-proto"] == "http")
        #expect(request["host"] == "\(backend.address)")
        await client.shutdown()
        await backend.close()
    }

    @Test("a proxy leaves the codings of a request's body as they are")
    func encodedBodies() async throws {
        let backend = try RawServer { connection in
            while try await connection.request() != nil {
                try await connection.write("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
            }
        }
        let client = quickClient()
        let base = try backend.url("/")
        let body = Array("what only the ends understand".utf8)
        try await serving { router in
            router.post("/{path...}") { request in
                try await client.execute(HTTPClientRequest(forwarding: request, to: base))
            }
        } _: { address in
            let outer = quickClient()
            for coding in ["gzip", "unheard-of"] {
                let response = try await outer.post(
                    HTTPURL(parsing: address + "/x"), fields: [.contentEncoding: coding], body: .bytes(body))
                #expect(response.code == 200)
            }
            await outer.shutdown()
        }
        for (request, coding) in zip(backend.requests, ["gzip", "unheard-of"]) {
            #expect(request["content-encoding"] == coding && request["content-length"] == "\(body.count)")
            #expect(request.body == body)
        }
        #expect(backend.requests.count == 2)
        await client.shutdown()
        await backend.close()
    }
}
