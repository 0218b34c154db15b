import HTTPTypes
import MartletHTTP
import Testing

@testable import MartletServer

@Suite("Conditional requests and ranges")
struct ConditionalTests {
    @Test("answers in memory get a tag, and who has them already gets 304 without a body")
    func tags() async throws {
        try await withServer { router in
            router.use(ConditionalRequests())
            router.get("/") { _ in "root" }
            router.get("/bytes") { _ in Array("root".utf8) }
            router.get("/other") { _ in "other" }
            router.get("/error") { _ -> String in throw HTTPError(.conflict) }
            router.post("/") { _ in "posted" }
        } _: { server async throws in
            let answer = try await server.ask()
            let tag = try #require(answer["ETag"])
            #expect(EntityTag(tag)?.isWeak == false && answer.text == "root")
            #expect(try await server.ask("GET", "/bytes")["ETag"] == tag)
            #expect(try await server.ask("HEAD")["ETag"] == tag)
            #expect(try await server.ask("GET", "/other")["ETag"] != tag)
            #expect(try await server.ask("GET", "/error")["ETag"] == nil)
            #expect(try await server.ask("POST", "/", ["Content-Length: 0"])["ETag"] == nil)
            for field in ["If-None-Match: \(tag)", "If-None-Match: \"x\", W/\(tag)", "If-None-Match: *"] {
                let same = try await server.ask("GET", "/", [field])
                #expect(same.status == 304 && same["ETag"] == tag && same["Content-Type"] == nil, "\(field)")
            }
            #expect(try await server.ask("GET", "/", ["If-None-Match: \"x\""]).text == "root")
            #expect(try await server.ask("GET", "/", ["If-Match: \"x\""]).status == 412)
            #expect(try await server.ask("GET", "/", ["If-Match: \(tag)"]).status == 200)
        }
    }

    @Test("a handler's own tag and date stay, and are what is compared")
    func own() async throws {
        let date = HTTPDate(unixTime: 784_111_777)
        try await withServer { router in
            router.use(ConditionalRequests())
            router.get("/") { _ in
                var response = Response(text: "x")
                response.entityTag = EntityTag(opaque: "v1", isWeak: true)
                response.lastModified = date
                return response
            }
        } _: { server async throws in
            #expect(try await server.ask()["ETag"] == "W/\"v1\"")
            #expect(try await server.ask("GET", "/", ["If-None-Match: \"v1\""]).status == 304)
            #expect(try await server.ask("GET", "/", ["If-Modified-Since: \(date)"]).status == 304)
            let earlier = HTTPDate(unixTime: 784_111_776)
            #expect(try await server.ask("GET", "/", ["If-Modified-Since: \(earlier)"]).status == 200)
            #expect(try await server.ask("GET", "/", ["If-Unmodified-Since: \(earlier)"]).status == 412)
        }
    }

    @Test("conditions go before ranges, whether there is such a part or not")
    func conditionsBeforeRanges() async throws {
        try await withServer { router in
            router.use(ConditionalRequests())
            router.get("/") { request in
                var response = Response(text: "0123456789")
                response.entityTag = EntityTag(opaque: "v1")
                return response.satisfyingRange(of: request)
            }
        } _: { server async throws in
            for range in ["Range: bytes=0-1", "Range: bytes=0-0,5-6", "Range: bytes=10-"] {
                let same = try await server.ask("GET", "/", [range, "If-None-Match: \"v1\""])
                #expect(same.status == 304 && same["ETag"] == "\"v1\"" && same["Content-Range"] == nil, "\(range)")
                #expect(try await server.ask("GET", "/", [range, "If-Match: \"v0\""]).status == 412, "\(range)")
            }
            let part = try await server.ask("GET", "/", ["Range: bytes=0-1", "If-None-Match: \"v0\""])
            #expect(part.status == 206 && part.text == "01")
            #expect(try await server.ask("GET", "/", ["Range: bytes=2-3", "If-Match: \"v1\""]).text == "23")
        }
    }

    @Test("a handler asks before it changes something")
    func handler() async throws {
        try await withServer { router in
            router.put("/") { request -> Response in
                try request.conditional(tag: EntityTag(opaque: "v1")) ?? Response(status: .noContent)
            }
            router.get("/") { request -> Response in
                try request.conditional(tag: EntityTag(opaque: "v1")) ?? Response(text: "made")
            }
        } _: { server async throws in
            func put(_ field: String) async throws -> Int {
                try await server.ask("PUT", "/", ["Content-Length: 0", field]).status
            }
            #expect(try await put("If-Match: \"v1\"") == 204)
            #expect(try await put("If-Match: \"v0\"") == 412)
            #expect(try await put("If-None-Match: *") == 412)
            let same = try await server.ask("GET", "/", ["If-None-Match: \"v1\""])
            #expect(same.status == 304 && same["ETag"] == "\"v1\"")
        }
    }

    @Test("hashes tell apart what differs in one byte, or only in length")
    func hashes() {
        func hash(_ bytes: [UInt8]) -> UInt64 { bytes.withUnsafeBytes { ContentHash.hash($0) } }
        var seen: Set<UInt64> = []
        for count in 0..<64 { seen.insert(hash(Array(repeating: 0, count: count))) }
        for index in 0..<64 {
            for bit in 0..<8 {
                var bytes = [UInt8](repeating: 0, count: 64)
                bytes[index] = 1 << bit
                seen.insert(hash(bytes))
            }
        }
        #expect(seen.count == 64 + 512)
    }

    private nonisolated static let whole = "0123456789"

    @Test(
        "parts of a body are answered, whether it is in memory or made while it is sent",
        arguments: [
            ("bytes=0-3", 206, "0123", "bytes 0-3/10"), ("bytes=-2", 206, "89", "bytes 8-9/10"),
            ("bytes=8-99", 206, "89", "bytes 8-9/10"), ("bytes=10-", 416, "", "bytes */10"),
            ("bytes=3-1", 200, "0123456789", nil), ("lines=1-2", 200, "0123456789", nil),
            ("bytes=0-1,1-2", 206, "012", "bytes 0-2/10"),
        ] as [(String, Int, String, String?)])
    func ranges(range: String, status: Int, text: String, contentRange: String?) async throws {
        try await withServer { router in
            addRoutes(router)
        } _: { server async throws in
            for target in ["/memory", "/stream"] {
                let answer = try await server.ask("GET", target, ["Range: \(range)"])
                #expect(answer.status == status && answer.text == text && answer["Accept-Ranges"] == "bytes")
                #expect(answer["Content-Range"] == contentRange)
            }
        }
    }

    private func addRoutes(_ router: Router) {
        router.get("/memory") { request in
            var response = Response(text: Self.whole)
            response.entityTag = EntityTag(opaque: "v1")
            return response.satisfyingRange(of: request)
        }
        router.get("/stream") { request in
            var response = Response()
            response.contentType = Response.plainText
            response.entityTag = EntityTag(opaque: "v1")
            return response.satisfyingRange(of: request, length: 10) { range, writer in
                let bytes = Array(Self.whole.utf8)
                try await writer.write(Array(bytes[Int(range.lowerBound)..<Int(range.upperBound)]))
            }
        }
    }

    @Test("several parts come as multipart/byteranges of the announced length")
    func severalRanges() async throws {
        try await withServer { router in
            addRoutes(router)
        } _: { server async throws in
            for target in ["/memory", "/stream"] {
                let answer = try await server.ask("GET", target, ["Range: bytes=0-1, 8-"])
                #expect(answer.status == 206)
                let type = try #require(answer["Content-Type"])
                let boundary = try #require(type.split(separator: "boundary=").last)
                let head = "Content-Type: text/plain; charset=utf-8\r\nContent-Range: bytes"
                #expect(
                    answer.text == "\r\n--\(boundary)\r\n\(head) 0-1/10\r\n\r\n01"
                        + "\r\n--\(boundary)\r\n\(head) 8-9/10\r\n\r\n89\r\n--\(boundary)--\r\n")
            }
        }
    }

    @Test("a part of another state is answered with everything")
    func ifRange() async throws {
        try await withServer { router in
            addRoutes(router)
        } _: { server async throws in
            let fields = ["Range: bytes=0-3"]
            #expect(try await server.ask("GET", "/memory", fields + ["If-Range: \"v1\""]).status == 206)
            #expect(try await server.ask("GET", "/memory", fields + ["If-Range: \"v0\""]).text == Self.whole)
            #expect(try await server.ask("GET", "/memory", fields + ["If-Range: W/\"v1\""]).text == Self.whole)
            #expect(try await server.ask("HEAD", "/memory", fields).status == 200)
        }
    }
}
