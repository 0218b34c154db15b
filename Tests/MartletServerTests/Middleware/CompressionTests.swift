import CZlib
import Glibc
import HTTPTypes
import MartletHTTP
import Testing

@testable import MartletServer

@Suite("Compression")
struct CompressionTests {
    private static let text = String(repeating: "the martlet never lands. ", count: 200)
    private static let large = String(repeating: "0123456789abcdef", count: 20_000)

    private func routes(_ router: Router) {
        router.use(Compression())
        router.get("/") { _ in
            var response = Response(text: Self.text)
            response.entityTag = EntityTag(opaque: "v1")
            return response
        }
        router.get("/large") { _ in Self.large }
        router.get("/small") { _ in "small" }
        router.get("/image") { _ in Response(bytes: Array(Self.text.utf8), contentType: "image/png") }
        router.get("/noise") { _ in
            Response(bytes: (0..<4096).map { _ in .random(in: 0...255) }, contentType: "text/plain")
        }
        router.get("/fixed") { _ in
            var response = Response(text: Self.text)
            response.fields[.cacheControl] = "public, no-transform"
            return response
        }
        router.get("/stream") { _ in
            Response(contentType: "text/plain") { writer in
                for _ in 0..<200 { try await writer.write("the martlet never lands. ") }
            }
        }
        router.get("/short") { _ in
            Response(contentType: "text/plain", length: 5000) { try await $0.write("too little") }
        }
    }

    @Test("the coding that the client wants most is used, and undoes to what was there")
    func codings() async throws {
        try await withServer(routes: routes) { server async throws in
            let cases: [(String, String?)] = [
                ("gzip", "gzip"), ("deflate", "deflate"), ("br", "br"), ("gzip, deflate, br", "br"),
                ("br;q=0.1, gzip", "gzip"), ("*", "br"), ("identity", nil), ("gzip;q=0", nil), ("zstd", nil),
                ("gzip;q=0.5, identity", nil),
            ]
            for target in ["/", "/stream"] {
                for (accept, coding) in cases {
                    let answer = try await server.ask("GET", target, ["Accept-Encoding: \(accept)"])
                    #expect(answer["Content-Encoding"] == coding && answer["Vary"] == "Accept-Encoding")
                    #expect(try undo(answer) == Array(Self.text.utf8), "\(target) \(accept)")
                    if coding != nil { #expect(answer.body.count < 200) }
                    if target == "/" { #expect(answer["ETag"] == (coding == nil ? "\"v1\"" : "W/\"v1\"")) }
                }
            }
            #expect(try await server.ask()["Content-Encoding"] == nil)
        }
    }

    @Test("bodies that are large are compressed on a thread, and arrive whole", arguments: ["gzip", "br"])
    func large(coding: String) async throws {
        try await withServer(routes: routes) { server async throws in
            let answer = try await server.ask("GET", "/large", ["Accept-Encoding: \(coding)"])
            #expect(answer["Content-Encoding"] == coding && answer["Transfer-Encoding"] == "chunked")
            #expect(try undo(answer) == Array(Self.large.utf8))
        }
    }

    @Test("what is small, compressed already or not to be changed is sent as it is")
    func untouched() async throws {
        try await withServer(routes: routes) { server async throws in
            for target in ["/small", "/image", "/fixed", "/nothing"] {
                let answer = try await server.ask("GET", target, ["Accept-Encoding: gzip"])
                #expect(answer["Content-Encoding"] == nil && answer["Vary"] == nil, "\(target)")
            }
            #expect(try await server.ask("GET", "/noise", ["Accept-Encoding: gzip"])["Content-Encoding"] == nil)
        }
    }

    @Test("HEAD is told what GET would be")
    func head() async throws {
        try await withServer(routes: routes) { server async throws in
            for target in ["/", "/stream"] {
                let get = try await server.ask("GET", target, ["Accept-Encoding: gzip"])
                let head = try await server.ask("HEAD", target, ["Accept-Encoding: gzip"])
                #expect(head["Content-Encoding"] == "gzip" && head["Content-Length"] == get["Content-Length"])
            }
        }
    }

    @Test("a stream that has announced more than it writes is still cut")
    func short() async throws {
        try await withServer(routes: routes) { server async throws in
            await #expect(throws: ClientError.self) {
                _ = try await server.ask("GET", "/short", ["Accept-Encoding: gzip"])
            }
        }
    }

    @Test("each event arrives by itself")
    func events() async throws {
        let gate = Gate()
        try await withServer { router in
            router.use(Compression())
            router.get("/") { _ in
                Response.events { events in
                    try await events.send("one")
                    await gate.pass()
                    try await events.send("two")
                }
            }
        } _: { server async throws in
            let client = try server.connect()
            try await client.send("GET / HTTP/1.1\r\nHost: a\r\nAccept-Encoding: gzip\r\n\r\n")
            #expect(try await client.head()["Content-Encoding"] == "gzip")
            var body = try await client.chunk()
            #expect(try inflated(body, isWhole: false) == Array("data: one\n\n".utf8))
            gate.open()
            while case let chunk = try await client.chunk(), !chunk.isEmpty { body += chunk }
            #expect(try inflated(body, isWhole: true) == Array("data: one\n\ndata: two\n\n".utf8))
        }
    }

    @Test(
        "however a body is cut into pieces and flushed, it undoes to itself, also by an encoder that is used again",
        arguments: [ContentCoding.gzip, .deflate, .brotli])
    func pieces(coding: ContentCoding) throws {
        var encoder = ContentEncoders.make(coding, level: 4)
        for length in [0, 1, 63, 1000, 16 * 1024, 100_000] {
            // Half of it compresses.
            let bytes = (0..<length).map { index in index % 64 < 32 ? 0x61 : UInt8.random(in: 0...255) }
            var encoded: [UInt8] = []
            var rest = bytes[...]
            while !rest.isEmpty {
                let piece = Array(rest.prefix(.random(in: 1...20_000)))
                rest = rest.dropFirst(piece.count)
                encoded += encoder.encode(piece, Bool.random() ? .flush : .process)
            }
            encoded += encoder.encode([], .finish)
            #expect(try coding == .brotli ? brotliDecoded(encoded) == bytes : inflated(encoded, isWhole: true) == bytes)
            if !encoder.reset() { encoder = ContentEncoders.make(coding, level: 4) }
        }
    }

    private func undo(_ answer: Answer) throws -> [UInt8] {
        switch answer["Content-Encoding"] {
        case "br": try brotliDecoded(answer.body)
        case "gzip", "deflate": try inflated(answer.body, isWhole: true)
        default: answer.body
        }
    }

    private func inflated(_ bytes: [UInt8], isWhole: Bool) throws -> [UInt8] {
        var stream = z_stream()
        var input = bytes
        // 32 more: zlib tells gzip from its own format.
        #expect(inflateInit2_(&stream, 47, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size)) == Z_OK)
        defer { inflateEnd(&stream) }
        var output = [UInt8](repeating: 0, count: 1 << 20)
        let status = input.withUnsafeMutableBufferPointer { input in
            output.withUnsafeMutableBufferPointer { output in
                stream.next_in = input.baseAddress
                stream.avail_in = UInt32(input.count)
                stream.next_out = output.baseAddress
                stream.avail_out = UInt32(output.count)
                return inflate(&stream, Z_SYNC_FLUSH)
            }
        }
        #expect(status == (isWhole ? Z_STREAM_END : Z_OK))
        return Array(output.prefix(output.count - Int(stream.avail_out)))
    }

    /// By the library that undoes it, which the server has no use for and does not link.
    private func brotliDecoded(_ bytes: [UInt8]) throws -> [UInt8] {
        typealias Decode =
            @convention(c) (
                Int, UnsafePointer<UInt8>?, UnsafeMutablePointer<Int>, UnsafeMutablePointer<UInt8>?
            ) -> Int32
        let library = try #require(dlopen("libbrotlidec.so.1", RTLD_NOW))
        let decode = unsafeBitCast(try #require(dlsym(library, "BrotliDecoderDecompress")), to: Decode.self)
        var count = 1 << 20
        var output = [UInt8](repeating: 0, count: count)
        #expect(decode(bytes.count, bytes, &count, &output) == 1)
        return Array(output.prefix(count))
    }
}
