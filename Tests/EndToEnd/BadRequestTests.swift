import MartletLoop
import Testing

extension EndToEnd {
    @Suite("Bad requests")
    struct BadRequests {
        struct Case: CustomTestStringConvertible, Sendable {
            let name: String
            let statuses: Set<Int>
            let request: String

            init(_ name: String, _ statuses: Set<Int>, _ request: String) {
                self.name = name
                self.statuses = statuses
                self.request = request
            }

            var testDescription: String { name }
        }

        static let cases: [Case] = [
            Case("no version", [400], "GET /\r\n\r\n"),
            Case("two spaces in the request line", [400], "GET  / HTTP/1.1\r\nHost: x\r\n\r\n"),
            Case("small letters in the version", [400], "GET / http/1.1\r\nHost: x\r\n\r\n"),
            Case("an unknown major version", [505], "GET / HTTP/3.7\r\nHost: x\r\n\r\n"),
            Case("a method that is no token", [400], "G@T / HTTP/1.1\r\nHost: x\r\n\r\n"),
            Case("a TLS handshake", [400], "\u{16}\u{3}\u{1}\u{2}\u{0}\u{1}\u{0}\u{1}\u{7c}\u{3}\u{3}\r\n\r\n"),
            Case("bare line feeds", [400], "GET / HTTP/1.1\nHost: x\n\n"),
            Case("a bare carriage return in a value", [400], "GET / HTTP/1.1\r\nHost: x\r\nA: b\rc\r\n\r\n"),
            Case("NUL in a value", [400], "GET / HTTP/1.1\r\nHost: x\r\nA: b\u{0}c\r\n\r\n"),
            Case("NUL in the target", [400], "GET /\u{0} HTTP/1.1\r\nHost: x\r\n\r\n"),
            Case("a space before the colon", [400], "GET / HTTP/1.1\r\nHost: x\r\nA : b\r\n\r\n"),
            Case("a folded line", [400], "GET / HTTP/1.1\r\nHost: x\r\nA: b\r\n c\r\n\r\n"),
            Case("a first line that is folded", [400], "GET / HTTP/1.1\r\n Host: x\r\n\r\n"),
            Case("a field without a name", [400], "GET / HTTP/1.1\r\nHost: x\r\n: b\r\n\r\n"),
            Case("a field without a colon", [400], "GET / HTTP/1.1\r\nHost: x\r\nA\r\n\r\n"),
            Case("no Host", [400], "GET / HTTP/1.1\r\nA: b\r\n\r\n"),
            Case("two Hosts", [400], "GET / HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n"),
            Case("Content-Length twice", [400], post("Content-Length: 5\r\nContent-Length: 5", "hello")),
            Case("two Content-Lengths that differ", [400], post("Content-Length: 5\r\nContent-Length: 6", "hello")),
            Case("a list of Content-Lengths", [400], post("Content-Length: 5, 6", "hello")),
            Case("a negative Content-Length", [400], post("Content-Length: -5", "hello")),
            Case("a Content-Length with a sign", [400], post("Content-Length: +5", "hello")),
            Case("a Content-Length in hexadecimal", [400], post("Content-Length: 0x5", "hello")),
            Case("a Content-Length beyond 64 bits", [400, 413], post("Content-Length: 18446744073709551621", "hello")),
            Case(
                "Content-Length with Transfer-Encoding", [400],
                post("Content-Length: 5\r\nTransfer-Encoding: chunked", "0\r\n\r\n")),
            Case(
                "Transfer-Encoding with Content-Length", [400],
                post("Transfer-Encoding: chunked\r\nContent-Length: 5", "0\r\n\r\n")),
            Case("an unknown transfer coding", [400], post("Transfer-Encoding: gzip", "hello")),
            Case("chunked that is not last", [400], post("Transfer-Encoding: chunked, gzip", "0\r\n\r\n")),
            Case("chunked twice", [400], post("Transfer-Encoding: chunked, chunked", "0\r\n\r\n")),
            Case("chunked in disguise", [400], post("Transfer-Encoding: xchunked", "0\r\n\r\n")),
            Case(
                "chunked in HTTP/1.0", [400, 501],
                "POST / HTTP/1.0\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
            Case("a chunk's size that is no number", [400], post("Transfer-Encoding: chunked", "x\r\n\r\n")),
            Case("a negative chunk's size", [400], post("Transfer-Encoding: chunked", "-1\r\nx\r\n0\r\n\r\n")),
            Case(
                "a chunk's size beyond 64 bits", [400, 413],
                post("Transfer-Encoding: chunked", "10000000000000005\r\nhello\r\n0\r\n\r\n")),
            Case("a chunk longer than it says", [400], post("Transfer-Encoding: chunked", "3\r\nhello\r\n0\r\n\r\n")),
            Case(
                "a chunk's line that ends in a bare line feed", [400],
                post("Transfer-Encoding: chunked", "5\nhello\r\n0\r\n\r\n")),
            Case("a body over the limit", [413], post("Content-Length: 2000000", "")),
            Case("a chunk over the limit", [413], post("Transfer-Encoding: chunked", "1E8480\r\n")),
            Case(
                "a target over the limit", [414],
                "GET /\(String(repeating: "a", count: 9000)) HTTP/1.1\r\nHost: x\r\n\r\n"),
            Case("a target without end", [414], "GET /\(String(repeating: "a", count: 100_000))"),
            Case(
                "a field section over the limit", [431],
                "GET / HTTP/1.1\r\nHost: x\r\nA: \(String(repeating: "b", count: 40_000))\r\n\r\n"),
            Case(
                "too many fields", [431],
                "GET / HTTP/1.1\r\nHost: x\r\n\(String(repeating: "A: b\r\n", count: 150))\r\n"),
        ]

        private static func post(_ framing: String, _ body: String) -> String {
            "POST / HTTP/1.1\r\nHost: x\r\n\(framing)\r\n\r\n\(body)"
        }

        @Test(
            "each is answered once with its status, nothing after it is taken for a request, and the connection closes")
        func refused() async throws {
            var settings = DaemonSettings()
            settings.binary = "bench-server"
            try await Daemon.run(settings) { daemon in
                let workers = daemon.workerProcesses
                for bad in Self.cases {
                    let connection = try RawConnection(port: daemon.port)
                    try await connection.send(bad.request + "GET /smuggled HTTP/1.1\r\nHost: x\r\n\r\n")
                    do {
                        try await connection.receiveToEnd(within: .seconds(20))
                    } catch {
                        Issue.record("\(bad.name): \(error)")
                    }
                    let statuses = connection.statuses.filter { $0 != 100 }
                    #expect(statuses.count == 1, "\(bad.name): \(connection.text.prefix(300))")
                    #expect(bad.statuses.isSuperset(of: statuses), "\(bad.name): \(connection.text.prefix(300))")
                    connection.close()
                }
                #expect(daemon.workerProcesses == workers, "no worker has died")
                #expect(try await daemon.total("respawns") == 0)
                try await daemon.expect("protocol_errors", reaches: Double(Self.cases.count / 2))
                #expect(try await daemon.curl("/plaintext").status == .exited(0))
            }
        }

        @Test("what comes before a bad request on the same connection is still answered")
        func afterGoodOnes() async throws {
            try await Daemon.run { daemon in
                let connection = try RawConnection(port: daemon.port)
                let good = "GET /World HTTP/1.1\r\nHost: x\r\n\r\n"
                try await connection.send("\(good)\(good)GET / HTTP/1.1\r\nA : b\r\n\r\n\(good)")
                try await connection.receiveToEnd()
                #expect(connection.statuses == [200, 200, 400])
            }
        }

        @Test(
            "a head that does not come to its end gets 408 at the timeout, and a connection that says nothing is closed"
        )
        func slowHead() async throws {
            try await Daemon.run(.timeouts(["head": "500ms", "idle": "500ms"])) { daemon in
                let silent = try RawConnection(port: daemon.port)
                let slow = try RawConnection(port: daemon.port)
                let began = EventLoop.Instant.readClock()
                let feeding = Task {
                    // A byte every now and then must not prolong it.
                    for byte in "GET / HTTP/1.1\r\nHost: x\r\n\(String(repeating: "A: b\r\n", count: 50))".utf8 {
                        if slow.end != nil { return }
                        try? await slow.send([byte])
                        try? slow.drain()
                        try await Task.sleep(for: .milliseconds(50))
                    }
                }
                try await slow.receiveToEnd(within: .seconds(20))
                #expect(slow.statuses == [408])
                #expect(EventLoop.Instant.readClock() - began < .seconds(10))
                feeding.cancel()
                try await silent.receiveToEnd(within: .seconds(20))
                try await daemon.expect("timeouts", reaches: 1)
            }
        }

        @Test("a reader that never reads is given up at the write timeout, and holds nobody else up")
        func slowReader() async throws {
            try await Daemon.run(.timeouts(["write": "1s"])) { daemon in
                let connection = try RawConnection(port: daemon.port)
                // Until neither side's buffers take any more.
                let requests = String(repeating: "GET /World HTTP/1.1\r\nHost: x\r\n\r\n", count: 1000)
                for _ in 0..<1000 {
                    do { try await connection.send(requests, within: .milliseconds(200)) } catch { break }
                }
                #expect(try await daemon.curl("/World").output == "Hello, World")
                try await eventually("the connection is given up") { try await daemon.total("timeouts") >= 1 }
            }
        }
    }
}
