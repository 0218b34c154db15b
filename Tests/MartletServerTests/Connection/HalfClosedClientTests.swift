import Testing

@testable import MartletServer

@Suite("Clients that send nothing more")
struct HalfClosedClientTests {
    @Test("a client that has finished sending gets all its answers, and then the end")
    func answersPipelined() async throws {
        try await withServer { server in
            let client = try server.connect()
            try await client.send(String(repeating: "GET / HTTP/1.1\r\nHost: a\r\n\r\n", count: 3))
            client.finishSending()
            for _ in 0..<3 { #expect(try await client.answer().text == "root") }
            #expect(try await client.isAtEnd())
        }
    }

    @Test("a client that has finished sending and does not read holds up nobody but itself")
    func waitsForItToRead() async throws {
        let body = [UInt8](repeating: 65, count: 8 << 20)
        try await withServer(routes: { $0.get("/") { _ in body } }) { server in
            let client = try server.connect(receiveBuffer: 4096)
            try await client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            client.finishSending()
            try await eventually("the answer has begun") { server.count(.bytesSent) > 0 }
            await pause(.milliseconds(20))
            #expect(try await client.answer().body == body)
            #expect(try await client.isAtEnd())
        }
    }
}
