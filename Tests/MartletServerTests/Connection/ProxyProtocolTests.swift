import MartletHTTP
import MartletNet
import Testing

@testable import MartletServer

@Suite("The PROXY protocol")
struct ProxyProtocolTests {
    /// Has a connection served that begins with `bytes`; what the client gets, and whether it was refused.
    private func serve(_ bytes: [UInt8], pieces: Int = 1) async throws -> (text: String, refusals: UInt64) {
        let router = Router()
        router.get("/") { request in
            "\(request.peerAddress.map { "\($0)" } ?? "-") \(request.clientAddress) \(request.localAddress?.port ?? 0)"
        }
        let server = HTTPServer(router: router, settings: .patient)
        let ends = try socketPair()
        server.take(connection: ends.0, proxyProtocol: true)
        let client = try Client(descriptor: ends.1)
        defer { client.close() }
        let request = bytes + Array("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n".utf8)
        for start in stride(from: 0, to: request.count, by: (request.count + pieces - 1) / pieces) {
            try? await client.send(
                Array(request[start..<min(request.count, start + (request.count + pieces - 1) / pieces)]))
            if pieces > 1 { await pause() }
        }
        let text = (try? await client.answer().text) ?? "closed"
        server.abort()
        try await eventually("no connection is left") { server.connectionCount == 0 }
        return (text, server.counters.load(.protocolErrors))
    }

    @Test("the client's address is what the proxy says", arguments: [1, 7, 40])
    func tellsAddress(pieces: Int) async throws {
        let text = Array("PROXY TCP4 192.0.2.7 203.0.113.1 4711 443\r\n".utf8)
        #expect(try await serve(text, pieces: pieces).text == "192.0.2.7:4711 192.0.2.7 443")
        var binary = ByteBuffer()
        let header = ProxyHeader(
            source: .ipv6(UInt128(0x2001_0DB8) << 96 | 7, port: 9), destination: .ipv6(1, port: 80))
        ProxyHeaderEncoder.appendVersion2(header, to: &binary)
        #expect(
            try await serve(Array(binary.readableBytes), pieces: pieces).text == "[2001:db8::7]:9 2001:db8::7 80")
    }

    @Test("of a proxy's own connection the real address counts")
    func local() async throws {
        #expect(try await serve(Array("PROXY UNKNOWN\r\n".utf8)).text.hasSuffix(" unix 0"))
    }

    @Test("a connection without the header is closed without a word, and counted", arguments: ["", "PROXY TCP4 x\r\n"])
    func refuses(header: String) async throws {
        let result = try await serve(Array(header.utf8))
        #expect(result.text == "closed" && result.refusals == 1)
    }
}
