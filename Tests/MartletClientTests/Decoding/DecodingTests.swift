import HTTPTypes
import MartletHTTP
import Testing

@testable import MartletClient
@testable import MartletServer

@Suite("Decompressing bodies")
struct DecodingTests {
    private nonisolated static let text = Array(String((0..<500).map { "line \($0 * 7919 % 1000)\n" }.joined()).utf8)

    private nonisolated static func compressed(_ bytes: [UInt8], _ coding: ContentCoding) -> [UInt8] {
        ContentEncoders.make(coding, level: 5).encode(bytes, .finish)
    }

    /// A server that answers with a body and what it says of its codings.
    private func server(_ codings: String, _ bytes: [UInt8]) throws -> RawServer {
        try RawServer { connection in
            while try await connection.request() != nil {
                try await connection.write(
                    "HTTP/1.1 200 OK\r\nContent-Encoding: \(codings)\r\nContent-Length: \(bytes.count)\r\n\r\n")
                try await connection.write(bytes)
            }
        }
    }

    @Test(
        "a client asks for codings and undoes them, unless it is told not to",
        arguments: [.gzip, .deflate, .brotli] as [ContentCoding])
    func codings(_ coding: ContentCoding) async throws {
        let bytes = Self.compressed(Self.text, coding)
        let server = try server(coding.rawValue, bytes)
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

    @Test(
        "what cannot be decoded is an error that says why",
        arguments: [
            ([0xFF, 0x07, 0x55, 0x99], .max, .malformedCoding),
            (compressed([UInt8](repeating: 0, count: 50_000), .gzip), 10_000, .tooLarge),
            (compressed([UInt8](repeating: 0, count: 4 << 20), .gzip), .max, .compressionBomb),
        ] as [([UInt8], UInt64, HTTPClientError.Code)])
    func failures(_ bytes: [UInt8], _ most: UInt64, _ code: HTTPClientError.Code) async throws {
        let server = try server("gzip", bytes)
        let client = quickClient { $0.limits.body = most }
        let response = try await client.get(server.url())
        let error = await #expect(throws: HTTPClientError.self) { try await response.bytes() }
        #expect(error?.code == code)
        await client.shutdown()
        await server.close()
    }

    @Test("a body with a coding that is not known is left as it is")
    func unknown() async throws {
        let server = try server("zstd", [1, 2, 3])
        let client = quickClient()
        let response = try await client.get(server.url())
        #expect(!response.isDecoded && response[.contentEncoding] == "zstd")
        #expect(try await response.bytes() == [1, 2, 3])
        await client.shutdown()
        await server.close()
    }
}
