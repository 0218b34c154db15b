import HTTPTypes
import MartletLoop
import Testing

@testable import MartletServer

@Suite("Queries and forms")
struct FormTests {
    private struct Page: Decodable {
        var number: Int
        var tags: [String]
        var size: Int?
    }

    @Test("a query is read by name, as a value, and what does not fit is told by name")
    func queries() async throws {
        try await withServer(routes: { router in
            router.get("/name") { request in
                let query = try request.query
                return "\(query["a"] ?? "-") \(query.all("b")) \(try query.valueIfPresent("n", as: Int.self) ?? 0)"
            }
            router.get("/value") { request in
                let page = try request.query(as: Page.self)
                return "\(page.number) \(page.tags) \(page.size ?? -1)"
            }
        }) { server in
            let client = try server.connect()
            func get(_ target: String) async throws -> Answer {
                try await client.send("GET \(target) HTTP/1.1\r\nHost: a\r\n\r\n")
                return try await client.answer()
            }
            #expect(try await get("/name?a=x+y%21&b=1&b=2&n=7").text == "x y! [\"1\", \"2\"] 7")
            #expect(try await get("/name").text == "- [] 0")
            #expect(try await get("/name?a=%zz").status == 400)
            #expect(try await get("/name?n=seven").status == 400)
            #expect(try await get("/value?number=3&tags=a&tags=b").text == "3 [\"a\", \"b\"] -1")
            let unfit = try await get("/value?number=x&tags=a")
            #expect(unfit.status == 422 && unfit.text.contains("\"path\":\"number\""))
            #expect(try await get("/value?tags=a").status == 422)
        }
    }

    @Test("a form is read by name and as a value")
    func urlEncoded() async throws {
        try await withServer(routes: { router in
            router.post("/") { request in
                let form = try await request.form(upTo: 100)
                return form.map { "\($0.name)=\($0.value)" }.joined(separator: ";")
            }
            router.post("/value") { request in try await "\(request.form(as: Page.self).number)" }
        }) { server in
            let client = try server.connect()
            func post(
                _ body: String, to path: String = "/", _ type: String = "application/x-www-form-urlencoded"
            ) async throws -> Answer {
                try await client.send(
                    "POST \(path) HTTP/1.1\r\nHost: a\r\nContent-Type: \(type)\r\nContent-Length: \(body.utf8.count)"
                        + "\r\n\r\n\(body)")
                return try await client.answer()
            }
            #expect(try await post("a=1&b=%C3%A9+x").text == "a=1;b=é x")
            #expect(try await post("number=4&tags=x", to: "/value").text == "4")
            #expect(try await post("number=&tags=x", to: "/value").status == 422)
            #expect(try await post("a=1", to: "/", "text/plain").status == 415)
            #expect(try await post("a=%", to: "/").status == 400)
            #expect(try await post(String(repeating: "a", count: 101)).status == 413)
        }
    }

    private func multipart(_ parts: [(head: String, data: String)]) -> String {
        parts.map { "--x\r\nContent-Disposition: form-data; \($0.head)\r\n\r\n\($0.data)\r\n" }.joined() + "--x--\r\n"
    }

    @Test("files of a form are in memory while they are small, on disk when they are not, and gone afterwards")
    func uploads() async throws {
        try await FileSystem.withTemporaryDirectory { directory in
            var seen: [String] = []
            try await withServer(routes: { router in
                router.post("/") { request in
                    try await request.withMultipartForm(memory: 100, in: directory) { form in
                        for file in form.files {
                            let kind = if case .memory = file.content { "memory" } else { "disk" }
                            let content = try await file.read()
                            seen.append("\(file.name) \(file.filename) \(file.count) \(content.count) \(kind)")
                        }
                        try await form.file("keep")?.move(to: "\(directory)/kept")
                        return form.fields["title"] ?? "-"
                    }
                }
            }) { server in
                let body = multipart([
                    (#"name="title""#, "hello"), (#"name="small"; filename="../s""#, "abc"),
                    (#"name="large"; filename="l""#, String(repeating: "l", count: 100_000)),
                    (#"name="keep"; filename="k""#, String(repeating: "k", count: 101)),
                ])
                let client = try server.connect()
                let head = "POST / HTTP/1.1\r\nHost: a\r\nContent-Type: multipart/form-data; boundary=x\r\n"
                try await client.send("\(head)Content-Length: \(body.utf8.count)\r\n\r\n\(body)")
                #expect(try await client.answer().text == "hello")
                #expect(
                    seen == ["small ../s 3 3 memory", "large l 100000 100000 disk", "keep k 101 101 disk"])
                #expect(try await File.read("\(directory)/kept") == [UInt8](repeating: 107, count: 101))
                // A field may not be larger than memory, and a form may not be cut off.
                for (wrong, status) in [
                    (multipart([(#"name="title""#, String(repeating: "x", count: 101))]), 413),
                    (String(body.dropLast(30)), 400), ("nothing of the kind", 400),
                ] {
                    let client = try server.connect()
                    try await client.send("\(head)Content-Length: \(wrong.utf8.count)\r\n\r\n\(wrong)")
                    #expect(try await client.answer().status == status)
                }
                var left: [String] = []
                for try await entry in FileSystem.entries(of: directory) { left.append(entry.name) }
                #expect(left == ["kept"])
            }
        }
    }

    @Test("a form's parts are read one after the other; what is not asked for is skipped")
    func streams() async throws {
        try await withServer(routes: { router in
            router.post("/") { request in
                let parts = try request.multipart()
                var text = ""
                while let part = try await parts.next() {
                    text += part.name
                    if part.name == "b" {
                        text += "=" + String(decoding: try await parts.collect(upTo: 9), as: UTF8.self)
                    }
                    text += ";"
                }
                return text
            }
        }) { server in
            let client = try server.connect()
            let body = multipart([(#"name="a""#, "skipped"), (#"name="b""#, "read"), (#"name="c""#, "")])
            try await client.send(
                "POST / HTTP/1.1\r\nHost: a\r\nContent-Type: multipart/form-data; boundary=x\r\nTransfer-Encoding: "
                    + "chunked\r\n\r\n")
            for byte in body.utf8 { try await client.send("1\r\n\(Character(Unicode.Scalar(byte)))\r\n") }
            try await client.send("0\r\n\r\n")
            #expect(try await client.answer().text == "a;b=read;c;")
        }
    }

    @Test("forms with too many parameters or parts are answered with 413, and counted")
    func tooMany() async throws {
        try await withServer { router in
            router.post("/form") { try await "\($0.form().count)" }
            router.post("/upload") { request in try await request.withMultipartForm { _ in "read" } }
        } _: { server async throws in
            @MainActor func post(_ path: String, _ type: String, _ body: String) async throws -> Int {
                let client = try server.connect()
                try await client.send(
                    "POST \(path) HTTP/1.1\r\nHost: a\r\nContent-Type: \(type)\r\nContent-Length: \(body.utf8.count)\r\n\r\n"
                        + body)
                return try await client.answer().status
            }
            let type = "application/x-www-form-urlencoded"
            #expect(try await post("/form", type, String(repeating: "a&", count: 1000)) == 200)
            #expect(try await post("/form", type, String(repeating: "a&", count: 1001)) == 413)
            let parts = Array(repeating: (head: "name=\"a\"", data: ""), count: 1001)
            let upload = "multipart/form-data; boundary=x"
            #expect(try await post("/upload", upload, multipart(Array(parts.dropLast()))) == 200)
            #expect(try await post("/upload", upload, multipart(parts)) == 413)
            try await server.expect(.bodiesTooLarge, 2)
            #expect(server.count(.handlerErrors) == 0)
        }
    }
}
