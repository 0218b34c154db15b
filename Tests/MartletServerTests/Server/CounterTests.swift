import Testing

@testable import MartletServer

@Suite("What a server counts")
struct CounterTests {
    private struct Failure: Error {}

    @Test("connections, requests, answers by class, bytes and latencies are exact")
    func counts() async throws {
        try await withServer(routes: {
            $0.get("/ok") { _ in "ok" }
            $0.get("/moved") { _ in Response(status: .movedPermanently) }
            $0.get("/fails") { _ -> String in throw Failure() }
            $0.get("/stream") { _ in Response { try await $0.write("streamed") } }
            $0.post("/body") { try await "\($0.body.collect().count)" }
        }) { server in
            var sent: UInt64 = 0
            var received: UInt64 = 0
            for _ in 0..<2 {
                let client = try server.connect()
                for path in ["/ok", "/moved", "/none", "/fails", "/stream"] {
                    try await client.send("GET \(path) HTTP/1.1\r\nHost: a\r\n\r\n")
                    _ = try await client.answer()
                }
                try await client.send(
                    "POST /body HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\nExpect: 100-continue\r\n\r\n")
                #expect(try await client.answer().status == 100)
                try await client.send([UInt8](repeating: 65, count: 100_000))
                #expect(try await client.answer().text == "100000")
                try await client.send("nonsense\r\n\r\n")
                _ = try await client.answer()
                #expect(try await client.isAtEnd())
                sent += client.bytesSent
                received += client.bytesReceived
                client.close()
            }
            try await eventually("the connections have ended") { server.count(.connectionsActive) == 0 }
            let counted: [(HTTPCounter, UInt64)] = [
                (.connectionsAccepted, 2), (.connectionsClosed, 2), (.requests, 12), (.responses1xx, 2),
                (.responses2xx, 6),
                (.responses3xx, 2), (.responses4xx, 4), (.responses5xx, 2), (.bytesReceived, sent),
                (.bytesSent, received),
                (.protocolErrors, 2), (.handlerErrors, 2), (.timeouts, 0), (.acceptPauses, 0),
                (.connectionLimitPauses, 0),
            ]
            for (counter, value) in counted { #expect(server.count(counter) == value, "\(counter)") }
            #expect(server.server.latency.count == 12)
        }
    }
}
