import CBrotli
import CZlib
import HTTPTypes
import Testing

@testable import MartletClient

@Suite("Decompressing bodies")
struct DecodingTests {
    nonisolated enum Format: String, CaseIterable, Sendable {
        case gzip, deflate, bare, br

        var coding: String { self == .bare ? "deflate" : rawValue }
    }

    private static func compressed(_ bytes: [UInt8], _ format: Format) -> [UInt8] {
        if format == .br {
            var size = BrotliEncoderMaxCompressedSize(bytes.count) + 100
            var output = [UInt8](repeating: 0, count: size)
            BrotliEncoderCompress(5, 22, BROTLI_MODE_GENERIC, bytes.count, bytes, &size, &output)
            return Array(output[..<size])
        }
        var stream = z_stream()
        let bits: Int32 = format == .gzip ? 31 : format == .bare ? -15 : 15
        deflateInit2_(
            &stream, 6, Z_DEFLATED, bits, 8, Z_DEFAULT_STRATEGY, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size))
        var input = bytes
        var output = [UInt8](repeating: 0, count: bytes.count + 1000)
        let count = input.withUnsafeMutableBufferPointer { input in
            output.withUnsafeMutableBufferPointer { output in
                stream.next_in = input.baseAddress
                stream.avail_in = UInt32(input.count)
                stream.next_out = output.baseAddress
                stream.avail_out = UInt32(output.count)
                deflate(&stream, Z_FINISH)
                deflateEnd(&stream)
                return output.count - Int(stream.avail_out)
            }
        }
        return Array(output[..<count])
    }

    private static let text = Array(String((0..<500).map { "line \($0 * 7919 % 1000)\n" }.joined()).utf8)

    private func decoded(
        _ bytes: [UInt8], _ coding: String, pieces: Int = .max, limits: HTTPClientLimits = HTTPClientLimits()
    ) throws -> [UInt8] {
        let decoder = try #require(BodyDecoder(coding, url: "http://h/", limits: limits))
        var result: [UInt8] = []
        var rest = bytes[...]
        repeat {
            let piece = Array(rest.prefix(pieces))
            rest = rest.dropFirst(pieces)
            try decoder.take(piece, isLast: rest.isEmpty)
            while let piece = try decoder.next() {
                #expect(piece.count <= 64 << 10)
                result += piece
            }
        } while !rest.isEmpty
        return result
    }

    @Test("every coding is undone, whatever pieces it comes in", arguments: Format.allCases)
    func codings(_ format: Format) throws {
        let bytes = Self.compressed(Self.text, format)
        for pieces in [1, 100, .max] { #expect(try decoded(bytes, format.coding, pieces: pieces) == Self.text) }
        #expect(try decoded(Self.compressed([], format), format.coding).isEmpty)
        #expect(try decoded([], format.coding).isEmpty)
    }

    @Test("codings lie in each other, and gzip may have several members")
    func combined() throws {
        let twice = Self.compressed(Self.compressed(Self.text, .gzip), .br)
        #expect(try decoded(twice, "gzip, br", pieces: 10) == Self.text)
        #expect(try decoded(Self.compressed(Self.text, .gzip), "identity, X-GZip") == Self.text)
        let members = Self.compressed([1, 2], .gzip) + Self.compressed([3], .gzip) + [0, 0]
        #expect(try decoded(members, "gzip", pieces: 1) == [1, 2, 3])
        #expect(BodyDecoder("zstd", url: "http://h/", limits: HTTPClientLimits()) == nil)
        #expect(BodyDecoder("identity", url: "http://h/", limits: HTTPClientLimits()) == nil)
        #expect(BodyDecoder("br, br, br", url: "http://h/", limits: HTTPClientLimits()) == nil)
    }

    @Test("what is cut off anywhere is an error", arguments: Format.allCases)
    func cuts(_ format: Format) {
        let bytes = Self.compressed(Array("hello hello hello".utf8), format)
        for cut in 1..<bytes.count {
            let error = #expect(throws: HTTPClientError.self) { try decoded(Array(bytes[..<cut]), format.coding) }
            #expect(error?.code == .malformedCoding)
        }
    }

    @Test("what is not what it says is an error", arguments: Format.allCases)
    func garbage(_ format: Format) {
        #expect(throws: HTTPClientError.self) { try decoded([0xFF, 0x07, 0x55, 0x99, 0xFF, 0xEE], format.coding) }
        let bytes = Self.compressed(Self.text, format) + [0x41, 0x42]
        #expect(throws: HTTPClientError.self) { try decoded(bytes, format.coding) }
    }

    @Test("a bomb is stopped, long before it has gone off", arguments: Format.allCases)
    func bombs(_ format: Format) {
        let bytes = Self.compressed([UInt8](repeating: 0, count: 4 << 20), format)
        let error = #expect(throws: HTTPClientError.self) { try decoded(bytes, format.coding, pieces: 1000) }
        #expect(error?.code == .compressionBomb)
        var limits = HTTPClientLimits()
        limits.body = 10_000
        let other = #expect(throws: HTTPClientError.self) { try decoded(bytes, format.coding, limits: limits) }
        #expect(other?.code == .tooLarge)
    }

    @Test("what lies between two codings counts, too, even when nothing comes of it")
    func chains() {
        // Empty blocks of DEFLATE without end.
        var nothing: [UInt8] = [0x78, 0x01]
        let block: [UInt8] = [0, 0, 0, 0xFF, 0xFF]
        for _ in 0..<400_000 { nothing += block }
        let bytes = Self.compressed(nothing, .br)
        let error = #expect(throws: HTTPClientError.self) { try decoded(bytes, "deflate, br") }
        #expect(error?.code == .compressionBomb)
    }

    @Test("a small body may compress by any ratio")
    func smallBodies() throws {
        let zeros = [UInt8](repeating: 0, count: 900_000)
        #expect(try decoded(Self.compressed(zeros, .br), "br") == zeros)
    }

    @Test("a client asks for codings and undoes them, unless it is told not to", arguments: Format.allCases)
    func client(_ format: Format) async throws {
        let bytes = Self.compressed(Self.text, format)
        let server = try RawServer { connection in
            while try await connection.request() != nil {
                try await connection.write(
                    "HTTP/1.1 200 OK\r\nContent-Encoding: \(format.coding)\r\nContent-Length: \(bytes.count)\r\n\r\n")
                try await connection.write(bytes)
            }
        }
        let client = quickClient()
        let response = try await client.get(server.url())
        #expect(response.isDecoded && response.body.expectedLength == nil)
        #expect(try await response.bytes() == Self.text)
        var request = HTTPClientRequest(.get, try server.url())
        request.decompresses = false
        let raw = try await client.execute(request)
        #expect(raw.body.expectedLength == UInt64(bytes.count))
        #expect(try await raw.bytes() == bytes)
        #expect(server.requests.map { $0["accept-encoding"] } == ["gzip, deflate, br", nil])
        #expect(server.connections == 1)
        await client.shutdown()
        await server.close()
    }
}
