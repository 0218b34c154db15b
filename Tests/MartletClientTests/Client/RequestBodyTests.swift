import HTTPTypes
import MartletClient
import MartletHTTP
import MartletLoop
import Testing

@Suite("Bodies of requests")
struct RequestBodyTests {
    private struct Broken: Error {}

    private nonisolated struct Point: Codable, Equatable {
        var x, y: Int
    }

    private func sent(_ request: (HTTPURL) throws -> HTTPClientRequest) async throws -> RawRequest {
        let server = try RawServer.answering("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
        let client = quickClient()
        let response = try await client.execute(try request(server.url()))
        #expect(response.code == 200)
        #expect(client.statistics.idleConnections == 1)
        await client.shutdown()
        await server.close()
        return try #require(server.requests.first)
    }

    @Test("bytes, text, JSON and forms say what they are and how long")
    func simple() async throws {
        let bodies: [(HTTPClientRequestBody, String?, String)] = [
            (.none, nil, ""), (.bytes([0x61, 0x62]), "application/octet-stream", "ab"),
            (.text("é"), "text/plain; charset=utf-8", "é"), ("hi", "text/plain; charset=utf-8", "hi"),
            (try .json(Point(x: 1, y: 2)), "application/json", #"{"x":1,"y":2}"#),
            (.form([("a b", "c&d"), ("e", "")]), "application/x-www-form-urlencoded", "a+b=c%26d&e="),
        ]
        for (body, type, text) in bodies {
            let request = try await sent { HTTPClientRequest(.post, $0, body: body) }
            #expect(request["content-type"] == type)
            #expect(request["content-length"] == "\(text.utf8.count)")
            #expect(request.text == text)
        }
    }

    @Test("a streamed body has its length, or comes in chunks with trailers")
    func streamed() async throws {
        let known = try await sent {
            HTTPClientRequest(
                .put, $0,
                body: .stream(length: 6) { body in
                    try await body.write("abc")
                    await EventLoop.yield()
                    try await body.write([0x64, 0x65, 0x66])
                })
        }
        #expect(known["content-length"] == "6" && known.text == "abcdef")
        let unknown = try await sent {
            HTTPClientRequest(
                .put, $0,
                body: .stream { body in
                    try await body.write("abc")
                    try await body.write("")
                    try await body.write([UInt8](repeating: 0x78, count: 100_000))
                    body.trailers[HTTPField.Name("X-Sum")!] = "7"
                })
        }
        #expect(unknown["transfer-encoding"] == "chunked" && unknown["content-length"] == nil)
        #expect(unknown.text == "abc" + String(repeating: "x", count: 100_000) + "[X-Sum: 7]")
    }

    @Test("a large body goes out as fast as the server takes it")
    func large() async throws {
        let bytes = [UInt8](repeating: 7, count: 3_000_000)
        let request = try await sent { HTTPClientRequest(.post, $0, body: .bytes(bytes)) }
        #expect(request.body == bytes)
    }

    @Test("a producer that fails ends the request with its error, and the connection")
    func failing() async throws {
        let server = try RawServer { connection in
            try await connection.request()
            try await connection.write("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
        }
        let client = quickClient()
        let url = try server.url()
        await #expect(throws: Broken.self) {
            _ = try await client.post(
                url,
                body: .stream { body in
                    try await body.write("abc")
                    await EventLoop.yield()
                    throw Broken()
                })
        }
        for count in [2, 4] {
            let error = await failure {
                try await client.post(
                    url, body: .stream(length: 3) { try await $0.write([UInt8](repeating: 0, count: count)) })
            }
            #expect(error?.code == .requestBody)
        }
        #expect(client.statistics.openConnections == 0)
        #expect(server.requests.isEmpty)
        await client.shutdown()
        await server.close()
    }

    @Test("a server that answers before it has got everything is heard, and the connection is not used again")
    func earlyResponse() async throws {
        let server = try RawServer { connection in
            _ = try await connection.head()
            try await connection.write("HTTP/1.1 413 Content Too Large\r\nContent-Length: 3\r\n\r\nbig")
            try await connection.waitForEnd()
        }
        let client = quickClient()
        let response = try await client.post(
            server.url(),
            body: .stream { body in
                while true { try await body.write([UInt8](repeating: 0, count: 64 << 10)) }
            })
        #expect(response.code == 413)
        #expect(try await response.text() == "big")
        #expect(client.statistics.openConnections == 0)
        await client.shutdown()
        await server.close()
    }

    @Test("both directions can be on their way at the same time")
    func bidirectional() async throws {
        let server = try RawServer { connection in
            _ = try await connection.head()
            try await connection.write("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
            while let line = try await connection.stream.readLine() {
                if line == "0" { break }
                guard let text = try await connection.stream.readLine() else { break }
                try await connection.write("\(line)\r\n\(text)\r\n")
            }
            _ = try await connection.stream.readLine()
            try await connection.write("0\r\n\r\n")
            try await connection.waitForEnd()
        }
        let client = quickClient()
        let turns = Queue<String>(maximumCount: 1)
        let response = try await client.post(
            server.url(),
            body: .stream { body in
                for try await text in turns { try await body.write(text) }
            })
        var pieces = response.body.makeAsyncIterator()
        for text in ["one", "two", "three"] {
            try await turns.put(text)
            #expect(try await pieces.next() == Array(text.utf8))
        }
        turns.shutDown()
        #expect(try await pieces.next() == nil)
        #expect(client.statistics.idleConnections == 1)
        await client.shutdown()
        await server.close()
    }

    @Test("with expectsContinue the body waits for the server, for a while", arguments: [true, false])
    func expectContinue(_ consents: Bool) async throws {
        let server = try RawServer { connection in
            let (_, fields) = try #require(try await connection.head())
            #expect(fields.contains { $0 == ("expect", "100-continue") })
            if consents { try await connection.write("HTTP/1.1 100 Continue\r\n\r\n") }
            let body = try await connection.stream.read(exactly: 4)
            try await connection.write(
                "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n" + String(decoding: body, as: UTF8.self))
        }
        let client = quickClient { $0.timeouts.expectContinue = consents ? .seconds(8) : .milliseconds(20) }
        var request = HTTPClientRequest(.post, try server.url(), body: "abcd")
        request.expectsContinue = true
        #expect(try await client.execute(request).text() == "abcd")
        await client.shutdown()
        await server.close()
    }

    @Test("with expectsContinue a refusal comes before the body is sent")
    func refusal() async throws {
        var rest: [UInt8] = []
        let server = try RawServer { connection in
            _ = try await connection.head()
            try await connection.write("HTTP/1.1 417 Expectation Failed\r\nContent-Length: 0\r\n\r\n")
            rest = try await connection.stream.readToEnd(limit: 100)
        }
        let client = quickClient()
        var request = HTTPClientRequest(.post, try server.url(), body: "abcd")
        request.expectsContinue = true
        #expect(try await client.execute(request).code == 417)
        #expect(client.statistics.openConnections == 0)
        try await eventually("the server to see the end") { server.open == 0 }
        #expect(rest.isEmpty)
        await client.shutdown()
        await server.close()
    }

    @Test("a form with files is sent with its length, from bytes, files and streams")
    func multipart() async throws {
        try await FileSystem.withTemporaryDirectory { directory in
            let path = "\(directory)/a b.txt"
            try await File.write("from a file", to: path)
            var form = MultipartBody()
            form.append("title", "é")
            form.append("data", bytes: [0x31, 0x32], filename: "d\"q\".bin")
            try await form.append("file", file: path, contentType: "text/plain")
            form.append("made", filename: "m", length: 4) { try await $0.write("made") }
            let request = try await sent { HTTPClientRequest(.post, $0, body: form.body) }
            let type = try #require(request["content-type"])
            #expect(request["content-length"] == "\(request.body.count)")
            #expect(type.hasPrefix("multipart/form-data; boundary="))
            for text in [
                "name=\"title\"\r\n\r\né", "filename=\"d%22q%22.bin\"", "filename=\"a b.txt\"", "from a file",
                "made\r\n",
            ] {
                #expect(request.text.contains(text), "\(text)")
            }
        }
    }
}
