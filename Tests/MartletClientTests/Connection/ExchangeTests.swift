import HTTPTypes
import MartletClient
import MartletHTTP
import MartletLoop
import MartletNet
import Testing

@Suite("An exchange over HTTP/1.1")
struct ExchangeTests {
    nonisolated struct Case: Sendable, CustomTestStringConvertible {
        let name: String
        let response: String
        let body: String
        var status = 200
        /// Whether the connection can be used again.
        var isKept = true

        var testDescription: String { name }
    }

    nonisolated static let cases = [
        Case(name: "a length", response: "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", body: "hello"),
        Case(name: "no body", response: "HTTP/1.1 204 No Content\r\n\r\n", body: "", status: 204),
        Case(
            name: "a length of 0", response: "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n", body: "",
            status: 404),
        Case(
            name: "chunks",
            response: "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nhel\r\n2;x=y\r\nlo\r\n0\r\n\r\n",
            body: "hello"),
        Case(
            name: "chunks and trailers",
            response: "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\nX-Sum: 7\r\n\r\n",
            body: "hello"),
        Case(name: "the end of the connection", response: "HTTP/1.1 200 OK\r\n\r\nhello", body: "hello", isKept: false),
        Case(
            name: "Connection: close", response: "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nhi",
            body: "hi", isKept: false),
        Case(name: "HTTP/1.0", response: "HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nhi", body: "hi", isKept: false),
        Case(
            name: "HTTP/1.0 that goes on",
            response: "HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 2\r\n\r\nhi", body: "hi"),
        Case(
            name: "interim responses",
            response: "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 102 Processing\r\n\r\n"
                + "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi", body: "hi"),
    ]

    @Test("every way to delimit a body is read, whatever pieces it comes in", arguments: cases)
    func framings(_ it: Case) async throws {
        for piece in [1, 7, 4096] {
            let server = try RawServer { connection in
                while try await connection.request() != nil {
                    var rest = Array(it.response.utf8)[...]
                    while !rest.isEmpty {
                        try await connection.write(Array(rest.prefix(piece)))
                        rest = rest.dropFirst(piece)
                        await EventLoop.yield()
                    }
                    if !it.isKept { return connection.stream.close() }
                }
            }
            let client = quickClient()
            for _ in 0..<2 {
                let response = try await client.get(server.url("/a?b=c"))
                #expect(response.code == it.status)
                #expect(try await response.text() == it.body)
                if it.response.contains("X-Sum") { #expect(response.body.trailers == [HTTPField.Name("X-Sum")!: "7"]) }
            }
            #expect(server.connections == (it.isKept ? 1 : 2))
            #expect(server.requests.map(\.line) == ["GET /a?b=c HTTP/1.1", "GET /a?b=c HTTP/1.1"])
            await client.shutdown()
            await server.close()
        }
    }

    @Test("a response that is cut at any byte is an error, unless its end was the connection's", arguments: cases)
    func cuts(_ it: Case) async throws {
        // Bytes behind which the response is whole.
        let bytes = Array(it.response.utf8)
        let headEnd = it.response.range(ofText: "HTTP/1.1 200 OK\r\n\r\n")
        for cut in 0..<bytes.count {
            let server = try RawServer { connection in
                try await connection.request()
                try await connection.write(Array(bytes[..<cut]))
                try await connection.stream.finishWriting()
                try await connection.waitForEnd()
            }
            let client = quickClient()
            do {
                let response = try await client.get(server.url())
                let text = try await response.text()
                #expect(headEnd.map { cut >= $0 } ?? false, "cut at \(cut) went unnoticed: \(text)")
            } catch let error as HTTPClientError {
                #expect(error.code == .endedEarly, "cut at \(cut): \(error)")
                #expect(error.description.contains("127.0.0.1"))
            }
            #expect(client.statistics.openConnections == 0)
            #expect(client.statistics.resent == 0)
            await client.shutdown()
            await server.close()
        }
    }

    @Test("a request that is reset in the middle of its response is an error of the connection")
    func reset() async throws {
        let server = try RawServer { connection in
            try await connection.request()
            try await connection.write("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc")
            await EventLoop.yield()
            connection.stream.abort()
        }
        let client = quickClient()
        let error = await failure { try await client.get(server.url()).bytes() }
        #expect(error?.code == .connectionLost || error?.code == .endedEarly)
        #expect(client.statistics.openConnections == 0)
        await client.shutdown()
        await server.close()
    }

    nonisolated static let bad: [(String, String, HTTPClientError.Code)] = [
        ("no HTTP", "SSH-2.0-OpenSSH_9.2\r\n", .malformedResponse),
        ("two lengths", "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab", .malformedResponse),
        ("a negative length", "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n", .malformedResponse),
        ("a length beyond all", "HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999\r\n\r\n", .malformedResponse),
        ("a chunk of no size", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n", .malformedResponse),
        (
            "a chunk that is longer than it says",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nabc\r\n0\r\n\r\n", .malformedResponse
        ),
        (
            "another protocol", "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n",
            .malformedResponse
        ),
        (
            "no end of interim responses", String(repeating: "HTTP/1.1 102 Processing\r\n\r\n", count: 40),
            .malformedResponse
        ),
        ("a bare line feed", "HTTP/1.1 200 OK\nContent-Length: 0\n\n", .malformedResponse),
    ]

    @Test("what is no response is refused, and says whose it was", arguments: bad)
    func malformed(_ name: String, _ response: String, _ code: HTTPClientError.Code) async throws {
        let server = try RawServer.answering(response)
        let client = quickClient()
        let error = await failure { try await client.get(server.url()).bytes() }
        #expect(error?.code == code, "\(name): \(String(describing: error))")
        #expect(error?.description.contains(server.base) == true)
        #expect(client.statistics.openConnections == 0)
        await client.shutdown()
        await server.close()
    }

    @Test("a head without end is cut off")
    func endlessHead() async throws {
        let server = try RawServer { connection in
            try await connection.request()
            try await connection.write("HTTP/1.1 200 OK\r\n")
            while true { try await connection.write("X-\(String(repeating: "a", count: 1000)): b\r\n") }
        }
        let client = quickClient()
        #expect(await failure { try await client.get(server.url()) }?.code == .tooLarge)
        await client.shutdown()
        await server.close()
    }

    @Test("a body in chunks without end is cut off at the limit")
    func endlessChunks() async throws {
        let server = try RawServer { connection in
            try await connection.request()
            try await connection.write("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
            while true { try await connection.write("400\r\n\(String(repeating: "a", count: 1024))\r\n") }
        }
        let client = quickClient {
            $0.limits.body = 100_000
        }
        #expect(await failure { try await client.get(server.url()).bytes() }?.code == .tooLarge)
        let other = quickClient()
        #expect(await failure { try await other.get(server.url()).bytes(upTo: 5000) }?.code == .tooLarge)
        await client.shutdown()
        await other.shutdown()
        await server.close()
    }

    @Test("bytes behind a response are not taken for the next one")
    func surplus() async throws {
        let server = try RawServer.answering(
            "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\naHTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil")
        let client = quickClient()
        for _ in 0..<3 { #expect(try await client.get(server.url()).text() == "a") }
        #expect(server.connections == 3)
        await client.shutdown()
        await server.close()
    }

    @Test("a response to HEAD has a length and no body")
    func head() async throws {
        let server = try RawServer.answering("HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
        let client = quickClient()
        for _ in 0..<2 {
            let response = try await client.head(server.url())
            #expect(response[.contentLength] == "1000")
            #expect(try await response.bytes().isEmpty)
        }
        #expect(server.connections == 1)
        await client.shutdown()
        await server.close()
    }

    @Test("a large body comes in pieces, with back-pressure")
    func backPressure() async throws {
        var written = 0
        let total = 32 << 20
        let server = try RawServer { connection in
            try await connection.request()
            try await connection.write("HTTP/1.1 200 OK\r\nContent-Length: \(total)\r\n\r\n")
            let piece = [UInt8](repeating: 7, count: 64 << 10)
            while written < total {
                try await connection.write(piece)
                written += piece.count
            }
            try await connection.waitForEnd()
        }
        let client = quickClient()
        let response = try await client.get(server.url())
        #expect(response.body.expectedLength == UInt64(total))
        try await eventually("the server to be stopped by what is not read") {
            let before = written
            return before > 0
        }
        for _ in 0..<100 { await EventLoop.yield() }
        #expect(written < total)
        var read = 0
        for try await piece in response.body {
            #expect(piece.count <= 128 << 10)
            read += piece.count
        }
        #expect(read == total)
        #expect(client.statistics.idleConnections == 1)
        await client.shutdown()
        await server.close()
    }

    @Test("fields of the settings, of the request and of the client stand once in the head")
    func fields() async throws {
        let server = try RawServer.answering("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
        let client = quickClient {
            $0.fields = [.acceptLanguage: "de", .userAgent: "Mine/1"]
        }
        _ = try await client.get(server.url())
        let fields: HTTPFields = [
            .acceptLanguage: "en", HTTPField.Name("Host")!: "evil", .contentLength: "9", .transferEncoding: "chunked",
            .connection: "close",
        ]
        _ = try await client.get(server.url(), fields: fields)
        let expected = [
            ["host": "\(server.address)", "user-agent": "Mine/1", "accept-language": "de"],
            ["host": "\(server.address)", "user-agent": "Mine/1", "accept-language": "en"],
        ]
        for (request, expected) in zip(server.requests, expected) {
            for (name, value) in expected {
                #expect(request.fields.filter { $0.name == name }.map(\.value) == [value])
            }
            #expect(
                request["content-length"] == nil && request["transfer-encoding"] == nil && request["connection"] == nil)
            #expect(request["accept-encoding"] == "gzip, deflate, br")
        }
        await client.shutdown()
        await server.close()
    }
}

extension String {
    /// Where what follows `text` begins, if the string begins with it.
    fileprivate nonisolated func range(ofText text: String) -> Int? {
        hasPrefix(text) ? text.utf8.count : nil
    }
}
