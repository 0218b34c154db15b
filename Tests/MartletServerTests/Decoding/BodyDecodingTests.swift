import HTTPTypes
import MartletHTTP
import Testing

@testable import MartletServer

@Suite("Request bodies with content codings")
struct BodyDecodingTests {
    private struct Point: Codable {
        let x: Int
    }

    private func routes(_ router: Router) {
        router.post("/bytes") { try await Response(bytes: $0.body.collect()) }
        router.post("/few") { try await "\($0.body.collect(upTo: 10).count)" }
        router.post("/count") { request in
            var count = 0
            for try await piece in request.body {
                #expect(!piece.isEmpty && piece.count <= 64 << 10)
                count += piece.count
            }
            return "\(count) \(request.body.expectedLength.map(String.init) ?? "unknown")"
        }
        router.post("/json") { (_: Request, point: Point) in "\(point.x)" }
        router.post("/form") { try await "\($0.form()["name"] ?? "none")" }
        router.post("/multipart") { request in try await request.withMultipartForm { $0.fields["name"] ?? "none" } }
        router.post("/sent") { request in
            let length = request.body.asSent.expectedLength.map(String.init) ?? "unknown"
            return try await "\(request.body.asSent.collect().count) \(length) \(request[.contentEncoding] ?? "none")"
        }
        router.post("/ignored") { _ in "ignored" }
        router.post("/twice") { request in
            let first = await #expect(throws: HTTPError.self) { try await request.body.collect() }
            let second = await #expect(throws: HTTPError.self) { try await request.body.collect() }
            return "\(first?.status.code ?? 0) \(second?.status.code ?? 0)"
        }
    }

    private nonisolated static func encoded(_ bytes: [UInt8], _ codings: ContentCoding...) -> [UInt8] {
        codings.reduce(bytes) { ContentEncoders.make($1, level: 5).encode($0, .finish) }
    }

    private nonisolated static func encoded(_ text: String, _ codings: ContentCoding...) -> [UInt8] {
        codings.reduce(Array(text.utf8)) { ContentEncoders.make($1, level: 5).encode($0, .finish) }
    }

    private func post(
        _ path: String, _ body: [UInt8], _ codings: String, type: String = "text/plain", _ client: Client
    ) async throws -> Answer {
        try await client.send(
            "POST \(path) HTTP/1.1\r\nHost: a\r\nContent-Type: \(type)\r\nContent-Encoding: \(codings)\r\n"
                + "Content-Length: \(body.count)\r\n\r\n")
        try await client.send(body)
        return try await client.answer()
    }

    @Test(
        "each coding is undone, and several in a row, whichever way the body is framed",
        arguments: [
            ("gzip", [.gzip]), ("X-GZIP", [.gzip]), ("deflate", [.deflate]), ("br", [.brotli]),
            ("gzip, br", [.gzip, .brotli]), ("br,deflate,gzip", [.brotli, .deflate, .gzip]), ("identity", []),
        ] as [(String, [ContentCoding])])
    func codings(_ field: String, _ codings: [ContentCoding]) async throws {
        let text = (0..<2000).map { "line \($0 &* 7919 % 1009)\n" }.joined()
        let body = codings.reduce(Array(text.utf8)) { ContentEncoders.make($1, level: 5).encode($0, .finish) }
        try await withServer(routes: routes) { server in
            let client = try server.connect()
            #expect(try await post("/bytes", body, field, client).text == text)
            #expect(try await post("/count", body, field, client).text == "\(text.utf8.count) unknown")
            try await client.send(
                "POST /bytes HTTP/1.1\r\nHost: a\r\nContent-Encoding: \(field)\r\nTransfer-Encoding: chunked\r\n\r\n")
            for byte in body { try await client.send([UInt8]("1\r\n".utf8) + [byte, 13, 10]) }
            try await client.send("0\r\n\r\n")
            #expect(try await client.answer().text == text)
            if !codings.isEmpty { try await server.expect(.bodiesDecoded, 3) }
        }
    }

    @Test("codings may stand in several fields, in the order of the fields")
    func severalFields() async throws {
        let body = Self.encoded("hello", .gzip, .brotli)
        try await withServer(routes: routes) { server in
            let client = try server.connect()
            try await client.send(
                "POST /bytes HTTP/1.1\r\nHost: a\r\nContent-Encoding: gzip\r\ncontent-encoding: br\r\n"
                    + "Content-Length: \(body.count)\r\n\r\n")
            try await client.send(body)
            #expect(try await client.answer().text == "hello")
        }
    }

    @Test("JSON and forms are read from what was meant")
    func readers() async throws {
        try await withServer(routes: routes) { server in
            let client = try server.connect()
            let json = Self.encoded(#"{"x": 7}"#, .gzip)
            #expect(try await post("/json", json, "gzip", type: "application/json", client).text == "7")
            let form = Self.encoded("name=Ada+L", .brotli)
            let urlEncoded = "application/x-www-form-urlencoded"
            #expect(try await post("/form", form, "br", type: urlEncoded, client).text == "Ada L")
            let parts = "--b\r\nContent-Disposition: form-data; name=\"name\"\r\n\r\nAda\r\n--b--\r\n"
            let type = "multipart/form-data; boundary=b"
            #expect(
                try await post("/multipart", Self.encoded(parts, .deflate), "deflate", type: type, client).text == "Ada"
            )
        }
    }

    @Test("the body as it came is to be had, too, whatever its coding is")
    func asSent() async throws {
        try await withServer(routes: routes) { server in
            let client = try server.connect()
            let body = Self.encoded("hello", .gzip)
            #expect(try await post("/sent", body, "gzip", client).text == "\(body.count) \(body.count) gzip")
            #expect(try await post("/sent", [1, 2, 3], "zstd", client).text == "3 3 zstd")
            try await server.expect(.bodiesDecoded, 0)
        }
    }

    @Test(
        "a coding that is not known is answered with 415 and those that are",
        arguments: ["zstd", "gzip, compress", "br,br,br,br,br", "gzip;q=1"])
    func unknown(_ codings: String) async throws {
        try await withServer(routes: routes) { server in
            let client = try server.connect()
            for path in ["/bytes", "/json"] {
                let answer = try await post(path, [1, 2, 3], codings, type: "application/json", client)
                #expect(answer.status == 415 && answer["Accept-Encoding"] == "gzip, deflate, br")
                #expect(!answer.saysClose)
            }
            #expect(try await post("/ignored", [1, 2, 3], codings, client).text == "ignored")
            #expect(try await post("/bytes", [], codings, client).status == 200, "there is nothing to undo")
        }
    }

    @Test("a client that waits for 100 Continue is told 415 at once")
    func unknownBeforeContinue() async throws {
        try await withServer(routes: routes) { server in
            let client = try server.connect()
            try await client.send(
                "POST /bytes HTTP/1.1\r\nHost: a\r\nContent-Encoding: zstd\r\nExpect: 100-continue\r\n"
                    + "Content-Length: 100\r\n\r\n")
            #expect(try await client.answer().status == 415)
            #expect(try await client.isAtEnd())
        }
    }

    @Test(
        "what is not what its coding says, or is cut short, is answered with 400",
        arguments: [
            ("gzip", [1, 2, 3, 4]), ("br", [0xFF, 0xFF, 0xFF]), ("deflate", [0x78, 0x9C, 0xFF]),
            ("gzip", Array(encoded("hello hello hello", .gzip).dropLast(3))),
            ("gzip", encoded("hello", .gzip) + [1]), ("br", encoded("hello", .brotli) + [0]),
            ("br, gzip", encoded("hello", .gzip)),
        ] as [(String, [UInt8])])
    func corrupt(_ codings: String, _ body: [UInt8]) async throws {
        try await withServer(routes: routes) { server in
            let client = try server.connect()
            let answer = try await post("/bytes", body, codings, client)
            #expect(answer.status == 400 && answer.problem?.contains("cannot be decoded") == true)
            #expect(try await post("/twice", body, codings, client).text == "400 400")
            #expect(try await post("/bytes", Self.encoded("well", .gzip), "gzip", client).text == "well")
            try await server.expect(.protocolErrors, 2)
            #expect(server.count(.handlerErrors) == 0)
        }
    }

    @Test("what is larger than allowed when it is decoded is answered with 413, and bombs are counted")
    func limits() async throws {
        var settings = HTTPServerSettings.patient
        settings.bodyLimit = 100_000
        try await withServer(settings, routes: routes) { server in
            let client = try server.connect()
            let most = [UInt8](repeating: 0, count: 100_000)
            #expect(try await post("/count", Self.encoded(most, .gzip), "gzip", client).text == "100000 unknown")
            for coding in [ContentCoding.gzip, .deflate, .brotli] {
                let body = Self.encoded(most + [0], coding)
                #expect(try await post("/count", body, coding.rawValue, client).status == 413)
            }
            try await server.expect(.bodiesTooLarge, 3)
            try await server.expect(.compressionBombs, 3)
            // Too large, but no larger than it looks.
            let noise = (0..<100_001).map { UInt8(truncatingIfNeeded: ($0 &* 2_654_435_761) >> 13) & 0x3F }
            #expect(try await post("/count", Self.encoded(noise, .gzip), "gzip", client).status == 413)
            let few = Self.encoded("hello world", .gzip)
            #expect(try await post("/few", few, "gzip", client).status == 413)
            try await server.expect(.bodiesTooLarge, 5)
            #expect(server.count(.compressionBombs) == 3)
        }
    }

    @Test("a body that grows beyond the ratio is cut off, however large it may be")
    func ratio() async throws {
        var settings = HTTPServerSettings.patient
        settings.bodyLimit = 1 << 40
        settings.bodyExpansion = 20
        try await withServer(settings, routes: routes) { server in
            let client = try server.connect()
            let body = Self.encoded([UInt8](repeating: 0, count: 8 << 20), .gzip)
            #expect(try await post("/count", body, "gzip", client).status == 413)
            #expect(try await post("/count", Self.encoded(body, .gzip), "gzip, gzip", client).status == 413)
            try await server.expect(.compressionBombs, 2)
        }
    }

    @Test("others have their turn while a large body is decoded")
    func fairness() async throws {
        var settings = HTTPServerSettings.patient
        settings.bodyLimit = 64 << 20
        settings.bodyExpansion = 10_000
        let body = Self.encoded([UInt8](repeating: 0, count: 32 << 20), .gzip)
        try await withServer(
            settings,
            routes: {
                routes($0); $0.get("/") { _ in "other" }
            }
        ) { server in
            let client = try server.connect()
            let other = try server.connect()
            async let answer = post("/count", body, "gzip", client)
            var turns = 0
            while server.count(.bodiesDecoded) == 0 || server.server.requestsInProgress > 0 {
                try await other.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
                #expect(try await other.answer().text == "other")
                turns += 1
            }
            #expect(try await answer.text == "\(32 << 20) unknown")
            #expect(turns > 1, "nobody else was answered meanwhile")
        }
    }

    @Test("a second request on the connection begins anew")
    func repeated() async throws {
        try await withServer(routes: routes) { server in
            let client = try server.connect()
            let body = Self.encoded("hello", .gzip)
            for _ in 0..<3 { #expect(try await post("/bytes", body, "gzip", client).text == "hello") }
        }
    }
}
