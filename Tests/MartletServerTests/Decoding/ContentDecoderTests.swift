import CBrotli
import CZlib
import MartletHTTP
import Testing

@testable import MartletServer

@Suite("Decoding contents")
struct ContentDecoderTests {
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
        _ bytes: [UInt8], _ field: String, pieces: Int = .max, most: UInt64 = .max
    ) throws -> [UInt8] {
        let codings = try #require(ContentDecoder.codings(in: field))
        let decoder = ContentDecoder(codings, limits: ContentDecodingLimits(body: most, expansion: 200))
        var result: [UInt8] = []
        var rest = bytes[...]
        repeat {
            let piece = Array(rest.prefix(pieces))
            rest = rest.dropFirst(pieces)
            decoder.take(piece, isLast: rest.isEmpty)
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
        let four = Self.compressed(Self.compressed(twice, .deflate), .gzip)
        #expect(try decoded(four, "gzip,br , deflate,\tGZIP", pieces: 10) == Self.text)
    }

    @Test(
        "codings are named in any case, without identity, and none that is not known or one too many",
        arguments: [
            ("gzip", [.gzip]), ("X-GZip", [.gzip]), ("BR, deflate", [.brotli, .deflate]), ("identity", []), ("", []),
            (", ,gzip,,", [.gzip]), ("br,br,br,br", [.brotli, .brotli, .brotli, .brotli]),
            ("zstd", nil), ("gzip, compress", nil), ("gzip;q=1", nil), ("g zip", nil), ("br,br,br,br,br", nil),
        ] as [(String, [ContentCoding]?)])
    func names(_ field: String, _ codings: [ContentCoding]?) {
        #expect(ContentDecoder.codings(in: field) == codings)
    }

    @Test("what is cut off anywhere is an error", arguments: Format.allCases)
    func cuts(_ format: Format) {
        let bytes = Self.compressed(Array("hello hello hello".utf8), format)
        for cut in 1..<bytes.count {
            let error = #expect(throws: ContentDecodingError.self) { try decoded(Array(bytes[..<cut]), format.coding) }
            #expect(error?.kind == .malformed)
        }
    }

    @Test("what is not what it says is an error", arguments: Format.allCases)
    func garbage(_ format: Format) {
        #expect(throws: ContentDecodingError.self) { try decoded([0xFF, 0x07, 0x55, 0x99, 0xFF, 0xEE], format.coding) }
        let bytes = Self.compressed(Self.text, format) + [0x41, 0x42]
        #expect(throws: ContentDecodingError.self) { try decoded(bytes, format.coding) }
    }

    @Test("a bomb is stopped, long before it has gone off", arguments: Format.allCases)
    func bombs(_ format: Format) {
        let bytes = Self.compressed([UInt8](repeating: 0, count: 4 << 20), format)
        let error = #expect(throws: ContentDecodingError.self) { try decoded(bytes, format.coding, pieces: 1000) }
        #expect(error?.kind == .bomb)
        let other = #expect(throws: ContentDecodingError.self) { try decoded(bytes, format.coding, most: 10_000) }
        #expect(other?.kind == .tooLarge(isBomb: true))
        let harmless = Self.compressed(Self.text, format)
        let third = #expect(throws: ContentDecodingError.self) { try decoded(harmless, format.coding, most: 10) }
        #expect(third?.kind == .tooLarge(isBomb: false))
    }

    @Test("what lies between two codings counts, too, even when nothing comes of it")
    func chains() {
        // Empty blocks of DEFLATE without end.
        var nothing: [UInt8] = [0x78, 0x01]
        let block: [UInt8] = [0, 0, 0, 0xFF, 0xFF]
        for _ in 0..<400_000 { nothing += block }
        let bytes = Self.compressed(nothing, .br)
        let error = #expect(throws: ContentDecodingError.self) { try decoded(bytes, "deflate, br") }
        #expect(error?.kind == .bomb)
    }

    @Test("a small body may compress by any ratio")
    func smallBodies() throws {
        let zeros = [UInt8](repeating: 0, count: 900_000)
        #expect(try decoded(Self.compressed(zeros, .br), "br") == zeros)
    }
}
